// The fields of a request's head as nearly every client sends them, read in one pass.
//
// Plain are fields whose names are tokens and whose values are visible ASCII and spaces, one Host,
// at most one Content-Length, and none that says how the connection goes on or how a body is coded.
// Whatever is not plain is left to the parser (request_reader.cc), faults too: it alone refuses,
// and of what is plain it reads the same.
//
// Thread: any; a pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/request.h"

namespace doorbuster::http {

struct PlainHead {
  std::uint64_t content_length = 0;  // 0 without the field, too
};

// Reads `lines`: what is between the request line and the empty line, each line with its CRLF and
// without another LF in it. Appends the fields, at most `most`, to `fields`. Nothing: not plain,
// and `fields` holds anything.
std::optional<PlainHead> read_plain_head(std::string_view lines, std::size_t most,
                                         std::vector<Field>& fields);

}  // namespace doorbuster::http
