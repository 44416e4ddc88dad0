// Replies as bytes, appended from prepared pieces.
//
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "http/handler.h"
#include "http/responder.h"

namespace doorbuster::http {

// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" (RFC 9110, 5.6.7).
std::string date_field(std::time_t seconds);

// "HTTP/1.1 200 OK\r\n"; empty for a status without a registered name.
std::string_view status_line(int status);

int status_of(BadRequest what);

// The client that asked, as far as the bytes of its answer depend on it.
struct Asked {
  bool head = false;       // HEAD: the body is left out
  bool http10 = false;     // no chunks; keep-alive must be said
  bool keep_alive = true;  // false: the connection ends with this answer
};

// 204 and 304 have no body and no Content-Length here (RFC 9110, 8.6 and 15.4.5).
bool may_have_body(int status);

// A whole reply.
void append_reply(std::string& out, const Reply& reply, Asked asked, std::string_view date);

// The head of a stream; its end is marked by chunks, or by the end of the connection for HTTP/1.0.
void append_stream_head(std::string& out, const Reply& reply, Asked asked, std::string_view date);

// One chunk; of an empty one nothing, since it would end the stream.
void append_chunk(std::string& out, std::string_view bytes);

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace doorbuster::http
