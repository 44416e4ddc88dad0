// What the readers of bodies share.
#pragma once

#include <optional>
#include <string_view>

#include "api/body.h"
#include "api/json.h"

namespace doorbuster::api {

// Reads `text` into `json`; its root is an object when nothing is handed back.
std::optional<Unreadable> read_json_object(JsonDocument& json, std::string_view text);

// The same of a request's body, which must say that it is JSON.
std::optional<Unreadable> read_json_body(const Call& call);

// The one member that a body may have; null where it has not. Others are flaws.
const JsonNode* only_member(const JsonDocument& json, std::string_view name, Flaws& flaws);

Unreadable unreadable(Flaw flaw);
// Nothing where there are none.
std::optional<Unreadable> unreadable_if(Flaws flaws);

inline constexpr std::size_t kMaxFlaws = 20;  // further ones are not listed

inline void add_flaw(Flaws& flaws, Flaw flaw) {
  if (flaws.size() < kMaxFlaws) flaws.push_back(std::move(flaw));
}

}  // namespace doorbuster::api
