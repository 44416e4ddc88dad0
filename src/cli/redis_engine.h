// The Redis engine as the settings want it.
//
// Thread: main.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "store/claim_store.h"
#include "store/redis/durability.h"
#include "store/redis/gateway_probe.h"

namespace doorbuster::cli {

// What is wrong with a `redis.url`; empty: nothing. A password has a setting of its own, since
// others on the machine can read this one.
std::string redis_url_flaw(const std::string& text);
// The same for one of `redis.nodes`.
std::string redis_node_flaw(const std::string& text);
// "D1"; nothing: there is no such level.
std::optional<redis::DurabilityLevel> redis_level(const std::string& text);

// See open_redis_store() for the errors, which name the setting to change where there is one. The
// probe outlives the store.
Result<std::unique_ptr<store::ClaimStore>> open_redis_engine(const ServeArguments& arguments,
                                                             redis::GatewayProbe& probe);

}  // namespace doorbuster::cli
