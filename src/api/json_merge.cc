#include "api/json_merge.h"

#include "api/text.h"

namespace doorbuster::api {
namespace {

// The member of that name; null where `object` is none, or has none.
const JsonNode* member_of(const JsonDocument& document, const JsonNode* object,
                          std::string_view name) {
  const JsonNode* found = nullptr;
  if (object == nullptr || object->kind != JsonKind::object) return found;
  document.for_each_child(*object, [&](const JsonNode& member) {
    if (member.name == name) found = &member;
  });
  return found;
}

}  // namespace

// Recursion goes no deeper than JsonDocument::kMaxDepth.
void append_merged(std::string& out,
                   const JsonDocument& target_document,  // NOLINT(misc-no-recursion)
                   const JsonNode* target, const JsonDocument& patch_document,
                   const JsonNode& patch) {
  if (patch.kind != JsonKind::object) return patch_document.append(out, patch);
  out += '{';
  const std::size_t start = out.size();
  const auto begin_member = [&](std::string_view name) {
    if (out.size() > start) out += ',';
    append_json_string(out, name);
    out += ':';
  };
  if (target != nullptr && target->kind == JsonKind::object) {
    target_document.for_each_child(
        *target, [&](const JsonNode& member) {  // NOLINT(misc-no-recursion)
          const JsonNode* change = member_of(patch_document, &patch, member.name);
          if (change != nullptr && change->kind == JsonKind::null) return;
          begin_member(member.name);
          if (change == nullptr) return target_document.append(out, member);
          append_merged(out, target_document, &member, patch_document, *change);
        });
  }
  patch_document.for_each_child(patch, [&](const JsonNode& change) {  // NOLINT(misc-no-recursion)
    if (change.kind == JsonKind::null) return;
    if (member_of(target_document, target, change.name) != nullptr) return;
    begin_member(change.name);
    append_merged(out, target_document, nullptr, patch_document, change);
  });
  out += '}';
}

}  // namespace doorbuster::api
