#include "cli/json_view.h"

namespace doorbuster::cli {

using api::JsonKind;
using api::JsonNode;

std::optional<JsonView> JsonView::member(std::string_view name) const {
  if (node_->kind != JsonKind::object) return std::nullopt;
  const JsonNode* found = nullptr;
  document_->for_each_child(*node_, [&](const JsonNode& child) {
    if (child.name == name) found = &child;
  });
  if (found == nullptr) return std::nullopt;
  return JsonView(*document_, *found);
}

std::string_view JsonView::text(std::string_view name) const {
  const auto found = member(name);
  return found && found->node_->kind == JsonKind::string ? found->node_->text : std::string_view();
}

std::uint64_t JsonView::number(std::string_view name) const {
  const auto found = member(name);
  const bool counts =
      found && found->node_->kind == JsonKind::integer && found->node_->integer >= 0;
  return counts ? static_cast<std::uint64_t>(found->node_->integer) : 0;
}

bool JsonView::truth(std::string_view name) const {
  const auto found = member(name);
  return found && found->node_->kind == JsonKind::boolean && found->node_->truth;
}

std::string JsonView::compact() const {
  std::string out;
  document_->append(out, *node_);
  return out;
}

}  // namespace doorbuster::cli
