// Asks every node of a server or cluster how it is set up, for durability.h to conclude from.
//
// Thread: the client's, for everything.
// Owns: what has been answered so far, until it is told.
#pragma once

#include <chrono>
#include <functional>

#include "base/result.h"
#include "store/redis/client.h"
#include "store/redis/durability.h"

namespace doorbuster::redis {

using OnSurvey = std::function<void(Result<DurabilityFacts>)>;

// Finds the nodes, replicas that are away included, and asks each of them; `patience` for each of
// the steps. One that does not answer, or may not be asked, is in the facts with its reason.
// `on_survey` is called once, from within the client's destructor if that comes first. It gets an
// error if nobody says which nodes there are (io_failed), or the server is itself a replica
// (invalid_argument). overloaded, and no answer: see RedisClient::submit().
Status survey(RedisClient& client, Deployment deployment, std::chrono::milliseconds patience,
              OnSurvey on_survey);

}  // namespace doorbuster::redis
