// Redis as a ClaimStore: one of any number of gateways, none of which keeps anything. A thread of
// its own turns the loop of the client; the I/O threads reach it by a mailroom.
//
// What is told is as durable as RedisStoreOptions::durability says, or it is not told: where the
// servers are not set up for that level, or too few replicas have what is asked about, the reply is
// an Error. How they are set up is looked at again every few seconds, and when a node comes back.
//
// Thread: open and destroy on one thread; ports as claim_store.h says; condition() and
// accept_clock() from any. Owns: the thread, the client, the gateway.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "store/claim_store.h"
#include "store/redis/client.h"
#include "store/redis/durability.h"
#include "store/redis/gateway_probe.h"
#include "store/redis/kept_feed.h"

namespace doorbuster::redis {

struct RedisStoreOptions {
  ClientOptions client;
  // The least that is acknowledged at. From d2 on WAIT is sent for all replicas there are.
  DurabilityLevel durability = DurabilityLevel::d1;
  // How long replicas are waited for.
  std::chrono::milliseconds replica_time{1'000};
  // How long a command may wait for a server that can take it.
  std::chrono::milliseconds patience{50};
  // How long the opening waits for servers that are not there yet.
  std::chrono::milliseconds start_time{15'000};
  // For so long a level that falls short is not taken for final then: nodes that have just started
  // learn of each other.
  std::chrono::milliseconds settle_time{3'000};
  // Between two looks at how they are set up.
  std::chrono::milliseconds look_time{10'000};
  // Commands of a port that may wait; more are refused as overloaded.
  std::size_t max_waiting = 65'536;
  // Of the feed; gateways that were told otherwise keep what the least of them keeps.
  KeptFeed kept{};
  GatewayProbe* probe = nullptr;  // may be null
  // Fills with unpredictable bytes.
  std::function<void(std::span<std::uint8_t>)> random;
};

// Connects, finds out how durable the servers are, loads the functions. In the words of an
// operator: invalid_argument (a file of TLS, a replica in place of its master, a password that is
// refused), unsupported (Redis is older than 7.0; its functions are a later program's; it is less
// durable than asked for), storage_unavailable and io_failed (nobody answers).
Result<std::unique_ptr<store::ClaimStore>> open_redis_store(RedisStoreOptions options);

}  // namespace doorbuster::redis
