// How safe what a Redis server or cluster acknowledges is, concluded from how each of its nodes is
// set up and who holds the same data. Pure; what is concluded from is collected by survey.h.
//
//   d0  the log is written, and synced every second: some seconds are lost when the power is
//   d1  the log is synced before the answer: a power loss loses nothing, a lost master does
//   d2  as d1 on every node, and WAIT for replicas: a lost master may still lose something
//   d3  WAIT for every replica that may be elected, and nothing is set so that an acknowledged
//       claim could be lost by the loss of one node
//
// A level holds only if WAIT asks for as many replicas as is said here, and nothing is acknowledged
// with fewer.
//
// Thread: any; values and pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/redis/address.h"
#include "store/redis/router.h"

namespace doorbuster::redis {

// From the least to the best.
enum class DurabilityLevel : std::uint8_t {
  unverified,  // a master does not say how it is set up
  none,        // no log, or nobody knows when it is synced; or memory that is short costs keys
  d0,
  d1,
  d2,
  d3,
};

// "unverified", "none", "D0", ...
std::string_view name_of(DurabilityLevel level);

// What a node has said of itself.
struct NodeFacts {
  Node node;
  std::optional<std::string> version;  // of Redis; nothing: it does not say, for `silence`
  bool lacks_functions = false;        // it knows no FUNCTION
  // What CONFIG GET says of kDurabilitySettings; nothing: it does not say, for `silence`.
  std::optional<std::map<std::string, std::string, std::less<>>> settings;
  std::string silence;         // "NOPERM this user ..."
  bool may_be_elected = true;  // of a replica
};

struct ShardFacts {
  NodeFacts master;
  std::vector<NodeFacts> replicas;                             // those that are away too
  std::vector<std::pair<std::uint16_t, std::uint16_t>> slots;  // first and last; of a server none
};

struct DurabilityFacts {
  Deployment deployment = Deployment::server;
  std::vector<ShardFacts> shards;
};

// All that is asked of CONFIG GET.
extern const std::vector<std::string_view> kDurabilitySettings;

// Why a level is not reached.
struct Obstacle {
  DurabilityLevel level = DurabilityLevel::d3;
  std::string text;  // names the node and the setting
};

struct ShardDurability {
  Node master;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> slots;
  DurabilityLevel level = DurabilityLevel::unverified;
  std::uint32_t electable = 0;  // replicas that may be elected
  // How many replicas WAIT must ask for: all there are, since it counts any of them, and each that
  // may be elected must be among those counted. 0: there are none.
  std::uint32_t wait_replicas = 0;
};

struct Durability {
  DurabilityLevel level = DurabilityLevel::unverified;  // the least of the shards
  std::vector<ShardDurability> shards;
  std::vector<Obstacle> obstacles;  // to any level, the nearest first

  // The sentences that keep it from the next level; none at d3.
  std::vector<std::string> next_steps() const;
  // Where a slot is, or any key of a server; null: nobody has it.
  const ShardDurability* find(std::uint16_t slot) const;
};

// unsupported, and which node: Redis is older than 7.0, or knows no functions.
Result<Durability> assess(const DurabilityFacts& facts);

}  // namespace doorbuster::redis
