// The members of an answer's JSON objects by their names. What is missing or of another kind reads
// as empty, 0 or false: a client gets on with what an older or newer server says.
//
// Thread: any. Owns: nothing; good as long as its document is and is not parsed into again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/json.h"

namespace doorbuster::cli {

class JsonView {
 public:
  JsonView(const api::JsonDocument& document, const api::JsonNode& node)
      : document_(&document), node_(&node) {}

  std::optional<JsonView> member(std::string_view name) const;
  bool has(std::string_view name) const { return member(name).has_value(); }

  std::string_view text(std::string_view name) const;  // of a string
  std::uint64_t number(std::string_view name) const;   // of a whole number
  bool truth(std::string_view name) const;             // of a boolean

  const api::JsonNode& node() const { return *node_; }
  std::string compact() const;  // as JSON without white space

  // Calls `visit(JsonView)` for each element or member, in order; none for what has none.
  template <typename Visit>
  void for_each(Visit visit) const {
    document_->for_each_child(
        *node_, [&](const api::JsonNode& child) { visit(JsonView(*document_, child)); });
  }
  // The same for those of a member; none if there is no such member.
  template <typename Visit>
  void for_each_in(std::string_view name, Visit visit) const {
    if (const auto found = member(name)) found->for_each(visit);
  }

 private:
  const api::JsonDocument* document_;
  const api::JsonNode* node_;
};

}  // namespace doorbuster::cli
