// If-Match (RFC 9110, 13.1.1) on the ETags that sales have: their versions, strong ones.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "http/request.h"

namespace doorbuster::api {

// Which versions of a sale a request is for.
struct Precondition {
  bool any = false;                     // *
  std::vector<std::uint32_t> versions;  // a tag that no sale can have is left out

  bool holds(std::uint32_t version) const;
};

enum class IfMatch { missing, malformed, given };

// Several fields are one list (RFC 9110, 5.3). A weak tag is good, and matches nothing.
IfMatch read_if_match(std::span<const http::Field> fields, Precondition& precondition);

}  // namespace doorbuster::api
