#include "api/sale_patch.h"

#include <map>

#include "api/body_internal.h"
#include "api/json_merge.h"
#include "base/check.h"

namespace doorbuster::api {
namespace {

// RFC 7396: a text gives way to an object, and each language is set or taken away.
std::vector<std::pair<std::string, std::string>> merged_title(
    const std::vector<std::pair<std::string, std::string>>& before, const TitlePatch& patch) {
  std::map<std::string, std::string> title;
  for (const auto& [language, text] : before) {
    if (!language.empty()) title.emplace(language, text);
  }
  for (const auto& [language, text] : patch) {
    if (text) {
      title.insert_or_assign(language, *text);
    } else {
      title.erase(language);
    }
  }
  return {title.begin(), title.end()};
}

std::string merged_metadata(std::string_view before, std::string_view patch) {
  JsonDocument target;
  JsonDocument change;
  CHECK(!target.parse(before) && !change.parse(patch));
  std::string merged;
  append_merged(merged, target, &target.root(), change, change.root());
  return merged;
}

}  // namespace

std::optional<Unreadable> parse_sale_patch(const Call& call, SalePatch& patch) {
  Desk& desk = call.answer.desk();
  const MediaType type = media_type_of(call.fields.content_type);
  if (type != MediaType::merge_patch && type != MediaType::json) {
    return Unreadable{ProblemCode::unsupported_media_type, Remark::needs_merge_patch, {}};
  }
  switch (read_if_match(call.request.fields, patch.precondition)) {
    case IfMatch::missing:
      return Unreadable{ProblemCode::precondition_required, Remark::none, {}};
    case IfMatch::malformed:
      return Unreadable{ProblemCode::malformed, Remark::not_entity_tags, {}};
    case IfMatch::given:
      break;
  }
  if (auto why = read_json_object(desk.json, call.request.body)) return why;
  Flaws flaws = read_sale_members(desk.json, SaleBody::merge_patch, patch.members);
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

std::optional<Flaw> merge(const SaleMembers& patch, const sale::SaleDefinition& sale,
                          sale::SaleChanges& changes) {
  changes = patch.changes;
  if (patch.title) {
    changes.title = merged_title(sale.title, *patch.title);
    if (auto flaw = flaw_of_languages(changes.title->size())) return flaw;
  }
  if (patch.metadata) {
    changes.metadata = merged_metadata(sale.metadata, *patch.metadata);
    if (auto flaw = flaw_of_metadata(*changes.metadata)) return flaw;
  }
  return std::nullopt;
}

}  // namespace doorbuster::api
