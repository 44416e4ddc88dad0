#include "store/redis/durability.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace doorbuster::redis {
namespace {

constexpr int kOldestMajor = 7;

int major_version(std::string_view version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

std::string_view setting(const NodeFacts& node, std::string_view name) {
  const auto found = node.settings->find(name);
  return found == node.settings->end() ? std::string_view() : std::string_view(found->second);
}

long number_of_setting(const NodeFacts& node, std::string_view name) {
  const std::string_view text = setting(node, name);
  long number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Sentinel, which a server without a cluster may have, goes by another setting than a cluster.
bool is_electable(const NodeFacts& replica, Deployment deployment) {
  if (deployment == Deployment::cluster || !replica.settings) return replica.may_be_elected;
  return number_of_setting(replica, "replica-priority") > 0;
}

// Collects why a shard does not reach a level, and knows which one it does.
class ShardJudge {
 public:
  ShardJudge(const ShardFacts& shard, Deployment deployment, std::vector<Obstacle>& obstacles)
      : shard_(shard), deployment_(deployment), obstacles_(obstacles) {}

  DurabilityLevel judge();

 private:
  void judge_master();
  void judge_replica(const NodeFacts& replica);
  void judge_log(const NodeFacts& node, DurabilityLevel written, DurabilityLevel synced);
  void judge_for_the_best(const NodeFacts& node);
  void judge_replication(const NodeFacts& node);
  // `wanted` is what stands behind the name in redis.conf.
  void want(DurabilityLevel level, const NodeFacts& node, const std::string& name,
            std::string_view wanted, std::string_view why);
  void miss(DurabilityLevel level, std::string text);

  const ShardFacts& shard_;
  const Deployment deployment_;
  std::vector<Obstacle>& obstacles_;
  DurabilityLevel level_ = DurabilityLevel::d3;
};

DurabilityLevel ShardJudge::judge() {
  const NodeFacts& master = shard_.master;
  if (!master.settings) {
    miss(DurabilityLevel::none,
         master.node.text() + " does not say how it is set up (CONFIG GET): " + master.silence);
    return level_;
  }
  if (!master.version) {
    miss(DurabilityLevel::none,
         master.node.text() +
             " does not say which version of Redis it is (INFO server): " + master.silence);
  }
  judge_master();
  if (shard_.replicas.empty()) {
    miss(DurabilityLevel::d2, master.node.text() + " has no replica: what it has is lost with it");
  }
  for (const NodeFacts& replica : shard_.replicas) judge_replica(replica);
  const bool has_candidate =
      std::any_of(shard_.replicas.begin(), shard_.replicas.end(),
                  [&](const auto& r) { return is_electable(r, deployment_); });
  if (!shard_.replicas.empty() && !has_candidate) {
    miss(DurabilityLevel::d3,
         "none of the replicas of " + master.node.text() +
             " may be elected (cluster-replica-no-failover, replica-priority)");
  }
  if (deployment_ == Deployment::server) {
    miss(DurabilityLevel::d3, master.node.text() +
                                  " is no node of a cluster (cluster-enabled): it does not know of "
                                  "replicas that are away, and that may be made a master");
  }
  return level_;
}

void ShardJudge::judge_master() {
  const NodeFacts& master = shard_.master;
  judge_log(master, DurabilityLevel::d0, DurabilityLevel::d1);
  if (setting(master, "maxmemory-policy").starts_with("allkeys")) {
    want(DurabilityLevel::d0, master, "maxmemory-policy", "noeviction",
         "it throws keys away when memory is short");
  }
  judge_for_the_best(master);
}

// One that says nothing, or is away, is not relied on.
void ShardJudge::judge_replica(const NodeFacts& replica) {
  if (!replica.settings) {
    return miss(DurabilityLevel::d2,
                "the replica " + replica.node.text() +
                    " does not say how it is set up (CONFIG GET): " + replica.silence);
  }
  judge_log(replica, DurabilityLevel::d2, DurabilityLevel::d2);
  judge_for_the_best(replica);
}

void ShardJudge::judge_log(const NodeFacts& node, DurabilityLevel written, DurabilityLevel synced) {
  if (setting(node, "appendonly") != "yes") {
    return want(written, node, "appendonly", "yes", "it keeps no log");
  }
  if (setting(node, "appendfsync") == "no") {
    want(written, node, "appendfsync", "always", "nobody knows when its log is on the disk");
  } else {
    want(synced, node, "appendfsync", "always", "it answers before its log is on the disk");
  }
  want(synced, node, "no-appendfsync-on-rewrite", "no",
       "it does not sync its log while it rewrites it");
}

// Any node may be a master tomorrow.
void ShardJudge::judge_for_the_best(const NodeFacts& node) {
  want(DurabilityLevel::d3, node, "aof-load-truncated", "no",
       "it starts with a log whose end is damaged, and drops that");
  if (!setting(node, "maxmemory-policy").starts_with("allkeys") || &node != &shard_.master) {
    want(DurabilityLevel::d3, node, "maxmemory-policy", "noeviction",
         "it may throw keys away when memory is short");
  }
  if (!shard_.replicas.empty()) judge_replication(node);
}

void ShardJudge::judge_replication(const NodeFacts& node) {
  want(DurabilityLevel::d3, node, "replica-serve-stale-data", "no",
       "as a replica without its master it answers from what it had");
  const auto replicas = static_cast<long>(shard_.replicas.size());
  if (number_of_setting(node, "min-replicas-to-write") < replicas) {
    want(DurabilityLevel::d3, node, "min-replicas-to-write", std::to_string(replicas),
         "it goes on to write without all its replicas");
  }
  if (number_of_setting(node, "min-replicas-max-lag") <= 0) {
    want(DurabilityLevel::d3, node, "min-replicas-max-lag", "10",
         "without it min-replicas-to-write means nothing");
  }
  if (deployment_ != Deployment::cluster) return;
  if (number_of_setting(node, "cluster-replica-validity-factor") <= 0) {
    want(DurabilityLevel::d3, node, "cluster-replica-validity-factor", "10",
         "it may be elected however long it has heard nothing of its master");
  }
  want(DurabilityLevel::d3, node, "cluster-allow-replica-migration", "no",
       "it may leave its master for one that has no replica");
}

void ShardJudge::want(DurabilityLevel level, const NodeFacts& node, const std::string& name,
                      std::string_view wanted, std::string_view why) {
  const std::string_view present = setting(node, name);
  if (present == wanted) return;
  const std::string is = present.empty() ? "unknown" : std::string(present);
  miss(level, node.node.text() + ": " + name + " is " + is + ", and must be " +
                  std::string(wanted) + ": " + std::string(why));
}

void ShardJudge::miss(DurabilityLevel level, std::string text) {
  level_ = std::min(level_, static_cast<DurabilityLevel>(static_cast<int>(level) - 1));
  obstacles_.push_back({level, std::move(text)});
}

Status check_version(const NodeFacts& node) {
  if (node.version && major_version(*node.version) < kOldestMajor) {
    return Error{ErrorCode::unsupported, node.node.text() + " is Redis " + *node.version +
                                             ", and 7.0 is the oldest with functions"};
  }
  if (node.lacks_functions) {
    return Error{ErrorCode::unsupported,
                 node.node.text() + " knows no functions (FUNCTION, FCALL): Redis 7.0 has them"};
  }
  return ok_status();
}

}  // namespace

const std::vector<std::string_view> kDurabilitySettings = {
    "appendonly",
    "appendfsync",
    "no-appendfsync-on-rewrite",
    "aof-load-truncated",
    "maxmemory-policy",
    "replica-serve-stale-data",
    "replica-priority",
    "min-replicas-to-write",
    "min-replicas-max-lag",
    "cluster-replica-validity-factor",
    "cluster-allow-replica-migration",
};

std::string_view name_of(DurabilityLevel level) {
  switch (level) {
    case DurabilityLevel::unverified:
      return "unverified";
    case DurabilityLevel::none:
      return "none";
    case DurabilityLevel::d0:
      return "D0";
    case DurabilityLevel::d1:
      return "D1";
    case DurabilityLevel::d2:
      return "D2";
    case DurabilityLevel::d3:
      return "D3";
  }
  return {};
}

std::vector<std::string> Durability::next_steps() const {
  std::vector<std::string> steps;
  for (const Obstacle& obstacle : obstacles) {
    if (static_cast<int>(obstacle.level) == static_cast<int>(level) + 1) {
      steps.push_back(obstacle.text);
    }
  }
  return steps;
}

const ShardDurability* Durability::find(std::uint16_t slot) const {
  const auto has_it = [slot](const ShardDurability& shard) {
    return shard.slots.empty() ||
           std::any_of(shard.slots.begin(), shard.slots.end(), [slot](const auto& range) {
             return range.first <= slot && slot <= range.second;
           });
  };
  const auto found = std::find_if(shards.begin(), shards.end(), has_it);
  return found == shards.end() ? nullptr : &*found;
}

Result<Durability> assess(const DurabilityFacts& facts) {
  Durability durability;
  durability.level = facts.shards.empty() ? DurabilityLevel::unverified : DurabilityLevel::d3;
  for (const ShardFacts& shard : facts.shards) {
    if (auto checked = check_version(shard.master); !checked) return checked.error();
    for (const NodeFacts& replica : shard.replicas) {
      if (auto checked = check_version(replica); !checked) return checked.error();
    }
    ShardDurability& judged = durability.shards.emplace_back();
    judged.master = shard.master.node;
    judged.slots = shard.slots;
    judged.level = ShardJudge(shard, facts.deployment, durability.obstacles).judge();
    judged.electable = static_cast<std::uint32_t>(std::count_if(
        shard.replicas.begin(), shard.replicas.end(),
        [&](const auto& replica) { return is_electable(replica, facts.deployment); }));
    judged.wait_replicas = static_cast<std::uint32_t>(shard.replicas.size());
    durability.level = std::min(durability.level, judged.level);
  }
  std::stable_sort(durability.obstacles.begin(), durability.obstacles.end(),
                   [](const Obstacle& a, const Obstacle& b) { return a.level < b.level; });
  return durability;
}

}  // namespace doorbuster::redis
