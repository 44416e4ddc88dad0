// What the HTTP server asks of the program behind it.
//
// Thread: one handler for each I/O thread, called by that thread alone.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/request.h"
#include "http/responder.h"

namespace doorbuster::http {

// What the server itself refuses, before any handler: its status line is RFC 9110's, its body the
// handler's to write.
enum class BadRequest {
  malformed,             // 400: not HTTP, or framing that could be read in two ways
  target_too_long,       // 414
  head_too_large,        // 431
  body_too_large,        // 413
  timed_out,             // 408: head or body not complete in time
  unsupported_version,   // 400
  unsupported_encoding,  // 400: a Transfer-Encoding other than chunked
  expectation_failed,    // 417: an Expect other than 100-continue
  too_many_connections,  // 503
};

class Handler {
 public:
  virtual ~Handler() = default;

  // The most bytes of body that this request may have; called when its head is complete, and only
  // if a body follows.
  virtual std::size_t body_limit(const Request& head) = 0;

  // One whole request. The responder is answered now or later.
  virtual void on_request(const Request& request, Responder responder) = 0;

  // The reply to something the server refuses; the connection is closed after it. The views in the
  // reply must stay good until the next call.
  virtual Reply on_bad_request(BadRequest what) = 0;
};

}  // namespace doorbuster::http
