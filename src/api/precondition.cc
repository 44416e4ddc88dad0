#include "api/precondition.h"

#include <algorithm>
#include <limits>
#include <optional>
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

// What stands between the quotation marks of W/"..." or "...".
struct EntityTag {
  std::string_view opaque;
  bool weak = false;
};

// Takes one tag off the list; nothing where none stands there.
std::optional<EntityTag> take_tag(std::string_view& list) {
  EntityTag tag;
  tag.weak = list.starts_with("W/");
  if (tag.weak) list.remove_prefix(2);
  if (!list.starts_with('"')) return std::nullopt;
  list.remove_prefix(1);
  const auto end = list.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = list.substr(0, end);
  list.remove_prefix(end + 1);
  if (!std::all_of(tag.opaque.begin(), tag.opaque.end(), is_tag_char)) return std::nullopt;
  return tag;
}

// Visits the tags of a list, which has at least one; empty elements are passed over (RFC 9110,
// 5.6.1.2). False: it is no such list.
template <typename Visit>
bool for_each_tag(std::string_view list, Visit visit) {
  bool has_tags = false;
  for (bool comma = true;; comma = false) {
    skip_spaces(list);
    while (list.starts_with(',')) {
      comma = true;
      list.remove_prefix(1);
      skip_spaces(list);
    }
    if (list.empty()) return has_tags;
    if (!comma) return false;
    const auto tag = take_tag(list);
    if (!tag) return false;
    visit(*tag);
    has_tags = true;
  }
}

// The values of all fields of that name as one list (RFC 9110, 5.3); nothing where there is none.
std::optional<std::string> list_of(std::span<const http::Field> fields, std::string_view name) {
  std::optional<std::string> list;
  for (const http::Field& field : fields) {
    if (!http::same_ignoring_case(field.name, name)) continue;
    if (list) {
      *list += ',';
    } else {
      list.emplace();
    }
    *list += field.value;
  }
  return list;
}

}  // namespace

bool Precondition::holds(std::uint32_t version) const {
  return any || std::find(versions.begin(), versions.end(), version) != versions.end();
}

IfMatch read_if_match(std::span<const http::Field> fields, Precondition& precondition) {
  const auto list = list_of(fields, "If-Match");
  if (!list) return IfMatch::missing;
  precondition.any = *list == "*";
  const bool good = precondition.any || for_each_tag(*list, [&](const EntityTag& tag) {
                      const auto version = version_of(tag.opaque);
                      if (version && !tag.weak) precondition.versions.push_back(*version);
                    });
  return good ? IfMatch::given : IfMatch::malformed;
}

std::string if_none_match(std::span<const http::Field> fields) {
  return list_of(fields, "If-None-Match").value_or("");
}

bool names_tag(std::string_view list, std::string_view tag) {
  if (list == "*") return true;
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  bool named = false;
  const bool good = for_each_tag(list, [&](const EntityTag& each) {
    named = named || tag.substr(1, tag.size() - 2) == each.opaque;
  });
  return good && named;
}

}  // namespace doorbuster::api
