#include "api/precondition.h"

#include <algorithm>
#include <limits>
#include <string>

#include "api/text.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

void skip_spaces(std::string_view& list) {
  while (!list.empty() && (list.front() == ' ' || list.front() == '\t')) list.remove_prefix(1);
}

bool is_tag_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x21 || (byte >= 0x23 && byte <= 0x7e) || byte >= 0x80;
}

// The version whose ETag has this inside; nothing for a tag that no sale can have.
std::optional<std::uint32_t> version_of(std::string_view tag) {
  const auto version = parse_number(tag, std::numeric_limits<std::uint32_t>::max());
  if (!version || tag.front() == '0') return std::nullopt;
  return static_cast<std::uint32_t>(*version);
}

// Takes one tag off the list: W/"..." or "...". False: none stands there.
bool take_tag(std::string_view& list, Precondition& precondition) {
  const bool weak = list.starts_with("W/");
  if (weak) list.remove_prefix(2);
  if (!list.starts_with('"')) return false;
  list.remove_prefix(1);
  const auto end = list.find('"');
  if (end == std::string_view::npos) return false;
  const std::string_view tag = list.substr(0, end);
  list.remove_prefix(end + 1);
  if (!std::all_of(tag.begin(), tag.end(), is_tag_char)) return false;
  const auto version = version_of(tag);
  if (version && !weak) precondition.versions.push_back(*version);
  return true;
}

// A list has at least one tag; empty elements are passed over (RFC 9110, 5.6.1.2).
bool read_tags(std::string_view list, Precondition& precondition) {
  bool has_tags = false;
  for (bool comma = true;; comma = false) {
    skip_spaces(list);
    while (list.starts_with(',')) {
      comma = true;
      list.remove_prefix(1);
      skip_spaces(list);
    }
    if (list.empty()) return has_tags;
    if (!comma || !take_tag(list, precondition)) return false;
    has_tags = true;
  }
}

}  // namespace

bool Precondition::holds(std::uint32_t version) const {
  return any || std::find(versions.begin(), versions.end(), version) != versions.end();
}

IfMatch read_if_match(std::span<const http::Field> fields, Precondition& precondition) {
  bool given = false;
  std::string list;
  for (const http::Field& field : fields) {
    if (!http::same_ignoring_case(field.name, "If-Match")) continue;
    if (given) list += ',';
    given = true;
    list += field.value;
  }
  if (!given) return IfMatch::missing;
  precondition.any = list == "*";
  if (precondition.any || read_tags(list, precondition)) return IfMatch::given;
  return IfMatch::malformed;
}

}  // namespace doorbuster::api
