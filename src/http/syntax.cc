#include "http/syntax.h"

#include <algorithm>
#include <cstddef>

#include "http/char_class.h"

namespace doorbuster::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_hex(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f'); }

bool is_valid_port(std::string_view port) {
  return port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "[::1]" and what may follow it.
bool is_valid_literal(std::string_view value) {
  const auto end = value.find(']');
  if (end == std::string_view::npos || end < 3) return false;
  const auto inside = value.substr(1, end - 1);
  const auto is_address_char = [](char c) { return is_hex(c) || c == ':' || c == '.'; };
  if (!std::all_of(inside.begin(), inside.end(), is_address_char)) return false;
  const auto rest = value.substr(end + 1);
  return rest.empty() || (rest.front() == ':' && is_valid_port(rest.substr(1)));
}

bool has_broken_escape(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return true;
  }
  return false;
}

}  // namespace

bool is_token_char(char c) { return is_of(c, kTokenChar); }

bool is_token(std::string_view text) { return !text.empty() && all_of(text, kTokenChar); }

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view without_spaces_around(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

Method method_of(std::string_view text) {
  if (text == "GET") return Method::get;
  if (text == "POST") return Method::post;
  if (text == "HEAD") return Method::head;
  if (text == "PUT") return Method::put;
  if (text == "PATCH") return Method::patch;
  if (text == "DELETE") return Method::delete_;
  if (text == "OPTIONS") return Method::options;
  return Method::other;
}

Version version_of(std::string_view text) {
  if (text == "HTTP/1.1") return Version::http11;
  if (text == "HTTP/1.0") return Version::http10;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool shaped = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                      text[6] == '.' && is_digit(text[7]);
  return shaped ? Version::other : Version::malformed;
}

std::optional<RequestLine> split_request_line(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const RequestLine parts{line.substr(0, first), line.substr(first + 1, second - first - 1),
                          line.substr(second + 1)};
  if (!is_token(parts.method) || parts.target.empty()) return std::nullopt;
  return parts;
}

bool is_valid_target(std::string_view method, std::string_view target) {
  if (target == "*") return method == "OPTIONS";
  return target.starts_with('/') && all_of(target, kTargetChar);
}

bool is_valid_host(std::string_view value) {
  if (value.starts_with('[')) return is_valid_literal(value);
  const auto colon = value.find(':');
  const auto name = value.substr(0, colon);
  if (name.empty() || !all_of(name, kHostChar) || has_broken_escape(name)) return false;
  return colon == std::string_view::npos || is_valid_port(value.substr(colon + 1));
}

std::optional<std::uint64_t> content_length_of(std::string_view value) {
  // 18 digits cannot overflow, and no body is longer.
  if (value.empty() || value.size() > 18) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length;
}

TransferCoding transfer_coding_of(std::string_view value) {
  if (same_ignoring_case(value, "chunked")) return TransferCoding::chunked;
  int chunked = 0;
  for (auto rest = value;;) {
    const auto comma = rest.find(',');
    const auto coding = without_spaces_around(rest.substr(0, comma));
    if (!is_token(coding)) return TransferCoding::malformed;
    if (same_ignoring_case(coding, "chunked")) ++chunked;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return chunked > 1 ? TransferCoding::malformed : TransferCoding::unknown;
}

}  // namespace doorbuster::http
