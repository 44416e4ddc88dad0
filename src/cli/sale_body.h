// The JSON that `sale create` and `sale set` send.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/arguments.h"

namespace doorbuster::cli {

// The definition of a new sale, of exactly what was given.
std::string definition_json(std::string_view id, const SaleTerms& terms);

// Whether there is nothing to change.
bool is_empty(const SaleTerms& terms);

// A merge patch (RFC 7396) of exactly what was given, for a sale that now has a stock of
// `present_stock`. invalid_argument for a difference that leads below 0.
Result<std::string> patch_json(const SaleTerms& terms, std::uint64_t present_stock);

}  // namespace doorbuster::cli
