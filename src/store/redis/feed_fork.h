// Where the history of a sale that was rewound left the one that the index of the feed tells of.
//
// Thread: the caller's, for everything.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "store/redis/function_calls.h"
#include "store/redis/safe_caller.h"

namespace doorbuster::redis {

using OnFork = std::function<void(const Result<ChainPoint>&)>;

// Finds the newest end of a stretch of this sale that is both in the index and in the history as it
// is now; sequence 0: there is none. The errors of SafeCaller, and data_damaged.
void find_fork(SafeCaller& caller, const std::string& slug, OnFork on_fork);

}  // namespace doorbuster::redis
