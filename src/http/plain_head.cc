#include "http/plain_head.h"

#include <cstring>

#include "http/char_class.h"
#include "http/syntax.h"

namespace doorbuster::http {
namespace {

// Has the parser read the head: what these ask for is its business.
bool is_for_parser(std::string_view name) {
  switch (name.size()) {
    case 6:
      return is_name(name, "expect");
    case 7:
      return is_name(name, "upgrade");
    case 10:
      return is_name(name, "connection");
    case 16:
      return is_name(name, "proxy-connection");
    case 17:
      return is_name(name, "transfer-encoding");
    default:
      return false;
  }
}

std::string_view take_name(std::string_view line) {
  std::size_t size = 0;
  while (size < line.size() && is_of(line[size], kTokenChar)) ++size;
  return line.substr(0, size);
}

}  // namespace

std::optional<PlainHead> read_plain_head(std::string_view lines, std::size_t most,
                                         std::vector<Field>& fields) {
  PlainHead head;
  int hosts = 0;
  int lengths = 0;
  while (!lines.empty()) {
    const auto* end = static_cast<const char*>(std::memchr(lines.data(), '\n', lines.size()));
    if (end == nullptr || end == lines.data() || end[-1] != '\r') return std::nullopt;
    const std::string_view line(lines.data(), static_cast<std::size_t>(end - 1 - lines.data()));
    lines.remove_prefix(line.size() + 2);
    const std::string_view name = take_name(line);
    if (name.empty() || name.size() == line.size() || line[name.size()] != ':') return std::nullopt;
    const std::string_view value = without_spaces_around(line.substr(name.size() + 1));
    if (!is_plain_text(value) || is_for_parser(name)) return std::nullopt;
    if (is_name(name, "host")) {
      if (++hosts > 1 || !is_valid_host(value)) return std::nullopt;
    } else if (is_name(name, "content-length")) {
      const auto length = content_length_of(value);
      if (++lengths > 1 || !length) return std::nullopt;
      head.content_length = *length;
    }
    if (fields.size() == most) return std::nullopt;
    fields.push_back({name, value});
  }
  if (hosts != 1) return std::nullopt;
  return head;
}

}  // namespace doorbuster::http
