// JSON merge patch (RFC 7396) on two texts that have been parsed.
//
// Thread: any; a pure function.
#pragma once

#include <string>

#include "api/json.h"

namespace doorbuster::api {

// Appends what `patch` makes of `target`, without white space: the target's members stay in their
// order, new ones stand behind them. A null `target` stands for no value.
void append_merged(std::string& out, const JsonDocument& target_document, const JsonNode* target,
                   const JsonDocument& patch_document, const JsonNode& patch);

}  // namespace doorbuster::api
