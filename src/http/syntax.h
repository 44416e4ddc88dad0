// The small grammar of HTTP/1.1 that decides where a request ends and where it goes, read strictly:
// what two readers could understand in two ways is refused (RFC 9112, sections 3, 6 and 11.2).
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/request.h"

namespace doorbuster::http {

// RFC 9110, 5.6.2.
bool is_token_char(char c);
bool is_token(std::string_view text);
bool same_ignoring_case(std::string_view a, std::string_view b);
std::string_view without_spaces_around(std::string_view text);

Method method_of(std::string_view text);

// What may stand in a request line as its version.
enum class Version { http10, http11, other, malformed };
Version version_of(std::string_view text);

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

// Splits `line` (without its CRLF) at its two single spaces; nothing if it has another shape.
std::optional<RequestLine> split_request_line(std::string_view line);

// Origin form in visible ASCII without a fragment, or `*` for OPTIONS. The absolute form is for
// proxies and is not taken.
bool is_valid_target(std::string_view method, std::string_view target);

// A name or address with an optional port (RFC 3986, 3.2.2), not empty.
bool is_valid_host(std::string_view value);

// Digits alone, and no more than an int64 holds.
std::optional<std::uint64_t> content_length_of(std::string_view value);

enum class TransferCoding { chunked, unknown, malformed };
// `chunked` alone is chunked; well-formed lists with other codings are unknown; the rest, and
// chunked named twice, is malformed.
TransferCoding transfer_coding_of(std::string_view value);

}  // namespace doorbuster::http
