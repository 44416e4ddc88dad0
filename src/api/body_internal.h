// What the readers of bodies share.
#pragma once

#include <optional>
#include <string_view>

#include "api/body.h"
#include "api/json.h"

namespace doorbuster::api {

// Reads `text` into `json`; its root is an object when nothing is handed back.
std::optional<Unreadable> read_json_object(JsonDocument& json, std::string_view text);

Unreadable unreadable(Flaw flaw);

inline constexpr std::size_t kMaxFlaws = 20;  // further ones are not listed

}  // namespace doorbuster::api
