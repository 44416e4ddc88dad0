#include "api/body_internal.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

// Nothing when it is a good one.
std::optional<Flaw> flaw_of_reference(const JsonNode* member) {
  if (member == nullptr) return member_flaw(FlawKind::missing, "reference");
  if (member->kind != JsonKind::string) return member_flaw(FlawKind::not_a_string, member->name);
  if (member->text.empty() || !sale::Reference::fits(member->text)) {
    return member_flaw(FlawKind::wrong_byte_count, member->name,
                       std::to_string(sale::Reference::kCapacity));
  }
  if (!is_printable(member->text)) return member_flaw(FlawKind::not_printable, member->name);
  return std::nullopt;
}

}  // namespace

std::optional<Unreadable> parse_confirmation(const Call& call, sale::Reference& reference) {
  if (auto why = read_json_body(call)) return why;
  Flaws flaws;
  const JsonNode* member = only_member(call.answer.desk().json, "reference", flaws);
  if (auto flaw = flaw_of_reference(member)) {
    flaws.push_back(std::move(*flaw));
  } else {
    reference.assign(member->text);
  }
  return unreadable_if(std::move(flaws));
}

std::optional<Unreadable> parse_extension(const Call& call, std::uint32_t& seconds) {
  seconds = 0;
  if (call.request.body.empty()) return std::nullopt;
  if (auto why = read_json_body(call)) return why;
  Flaws flaws;
  const JsonNode* member = only_member(call.answer.desk().json, "seconds", flaws);
  if (member != nullptr) {
    const bool good = member->kind == JsonKind::integer && member->integer >= 1 &&
                      member->integer <= sale::kMaxHoldSeconds;
    if (good) {
      seconds = static_cast<std::uint32_t>(member->integer);
    } else {
      flaws.push_back(member_flaw(FlawKind::not_a_number, member->name, "1",
                                  std::to_string(sale::kMaxHoldSeconds)));
    }
  }
  return unreadable_if(std::move(flaws));
}

}  // namespace doorbuster::api
