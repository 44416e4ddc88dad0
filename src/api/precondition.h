// If-Match on the ETags that sales have (their versions, strong ones), and If-None-Match on any
// (RFC 9110, 13.1).
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
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

// If-None-Match as sent, to be kept while an answer is made; empty where there is none.
std::string if_none_match(std::span<const http::Field> fields);

// Whether such a list names `tag` (with its quotation marks, and W/ where it is weak), so that the
// answer is 304. By weak comparison; what is no list names nothing, and gets the whole answer.
bool names_tag(std::string_view list, std::string_view tag);

}  // namespace doorbuster::api
