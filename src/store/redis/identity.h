// What all gateways to one Redis have in common, so that an id of a claim means the same to each:
// kept in Redis, made by the first of them.
//
// Thread: the caller's, for everything.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/siphash.h"
#include "store/redis/safe_caller.h"

namespace doorbuster::redis {

struct Identity {
  std::string incarnation;  // 32 hex digits
  HashKey claim_id_key{};
};

using OnIdentity = std::function<void(Result<Identity>)>;

// Reads it, and puts `proposed` there where there is none. data_damaged: the key holds something
// else. Otherwise the errors of SafeCaller.
void agree_on_identity(SafeCaller& caller, const Identity& proposed, const OnIdentity& on_identity);

}  // namespace doorbuster::redis
