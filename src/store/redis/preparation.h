// Brings a server or cluster to where sales can be had from it: how durable it is becomes known,
// and every master has the function library.
//
// Thread: the client's, for everything.
// Owns: what has been answered so far, until it is told.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/result.h"
#include "store/redis/client.h"
#include "store/redis/durability.h"

namespace doorbuster::redis {

struct Preparation {
  Durability durability;
  // Of a master that cannot be sold from: unsupported (it has the library of a later program), or
  // storage_unavailable (it does not take the library, or does not answer).
  std::optional<Error> flaw;
};
using OnPrepared = std::function<void(Result<Preparation>)>;

// Surveys the nodes and loads the library where it is missing, older or altered; `patience` for
// each step. `on_prepared` is called once, from within the client's destructor if that comes first.
// It gets an error where nothing is known of the nodes: unsupported (Redis is older than 7.0), or
// what survey() says. A user who may not ask for the functions is taken to find them there.
// overloaded, and no answer: see RedisClient::submit().
Status prepare(RedisClient& client, Deployment deployment, std::chrono::milliseconds patience,
               OnPrepared on_prepared);

}  // namespace doorbuster::redis
