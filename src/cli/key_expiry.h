// When a key ends, as people write it.
//
// Thread: any; pure functions.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace doorbuster::cli {

// "90d", "12h" or "2w" from `now`, an RFC 3339 time, or "never" (kNever). invalid_argument for
// anything else, and for a time that has passed.
Result<Time> parse_expiry(std::string_view text, Time now);

}  // namespace doorbuster::cli
