#include "store/redis/durability.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/redis/topology.h"

namespace doorbuster::redis {
namespace {

NodeFacts best_node(std::uint16_t port, std::size_t replicas) {
  NodeFacts node;
  node.node = {"h", port};
  node.version = "7.0.15";
  node.settings.emplace();
  auto& settings = *node.settings;
  settings["appendonly"] = "yes";
  settings["appendfsync"] = "always";
  settings["no-appendfsync-on-rewrite"] = "no";
  settings["aof-load-truncated"] = "no";
  settings["maxmemory-policy"] = "noeviction";
  settings["replica-serve-stale-data"] = "no";
  settings["replica-priority"] = "100";
  settings["min-replicas-to-write"] = std::to_string(replicas);
  settings["min-replicas-max-lag"] = "10";
  settings["cluster-replica-validity-factor"] = "10";
  settings["cluster-allow-replica-migration"] = "no";
  return node;
}

// Two shards with two replicas each: 1 with 3 and 4, 2 with 5 and 6.
DurabilityFacts best_cluster() {
  DurabilityFacts facts;
  facts.deployment = Deployment::cluster;
  facts.shards.push_back({best_node(1, 2), {best_node(3, 2), best_node(4, 2)}, {{0, 8'191}}});
  facts.shards.push_back(
      {best_node(2, 2), {best_node(5, 2), best_node(6, 2)}, {{8'192, 9'000}, {9'001, 16'383}}});
  return facts;
}

DurabilityFacts server_facts(NodeFacts master, std::vector<NodeFacts> replicas) {
  DurabilityFacts facts;
  facts.shards.push_back({std::move(master), std::move(replicas), {}});
  return facts;
}

Durability judged(const DurabilityFacts& facts) {
  auto durability = assess(facts);
  EXPECT_TRUE(durability.ok()) << durability.error().message;
  return durability.ok() ? *durability : Durability{};
}

bool says(const std::vector<std::string>& sentences, const std::string& wanted) {
  return std::any_of(sentences.begin(), sentences.end(), [&](const std::string& sentence) {
    return sentence.find(wanted) != std::string::npos;
  });
}

TEST(RedisDurability, IsTheBestWhereNothingIsMissing) {
  const auto durability = judged(best_cluster());
  EXPECT_EQ(durability.level, DurabilityLevel::d3);
  EXPECT_TRUE(durability.obstacles.empty()) << durability.obstacles[0].text;
  EXPECT_TRUE(durability.next_steps().empty());
  ASSERT_EQ(durability.shards.size(), 2U);
  EXPECT_EQ(durability.shards[0].electable, 2U);
  EXPECT_EQ(durability.shards[0].wait_replicas, 2U);
  EXPECT_EQ(durability.find(8'191)->master.port, 1);
  EXPECT_EQ(durability.find(8'192)->master.port, 2);
  EXPECT_EQ(durability.find(16'383)->master.port, 2);
}

TEST(RedisDurability, NamesEachSettingThatKeepsItFromALevel) {
  struct Row {
    std::uint16_t port;
    std::string name, value;
    DurabilityLevel level;
  };
  using enum DurabilityLevel;
  const Row table[] = {
      {1, "appendonly", "no", none},
      {3, "appendonly", "no", d1},
      {1, "appendfsync", "no", none},
      {1, "appendfsync", "everysec", d0},
      {5, "appendfsync", "everysec", d1},
      {2, "no-appendfsync-on-rewrite", "yes", d0},
      {6, "no-appendfsync-on-rewrite", "yes", d1},
      {2, "maxmemory-policy", "allkeys-lru", none},
      {2, "maxmemory-policy", "volatile-lru", d2},
      {4, "maxmemory-policy", "allkeys-lru", d2},
      {1, "aof-load-truncated", "yes", d2},
      {3, "aof-load-truncated", "yes", d2},
      {1, "replica-serve-stale-data", "yes", d2},
      {1, "min-replicas-to-write", "0", d2},
      {3, "min-replicas-to-write", "1", d2},
      {1, "min-replicas-max-lag", "0", d2},
      {1, "cluster-replica-validity-factor", "0", d2},
      {4, "cluster-allow-replica-migration", "yes", d2},
  };
  for (const Row& row : table) {
    auto facts = best_cluster();
    for (ShardFacts& shard : facts.shards) {
      for (NodeFacts& replica : shard.replicas) {
        if (replica.node.port == row.port) (*replica.settings)[row.name] = row.value;
      }
      if (shard.master.node.port == row.port) (*shard.master.settings)[row.name] = row.value;
    }
    const auto durability = judged(facts);
    EXPECT_EQ(durability.level, row.level) << row.name << " " << row.value;
    const std::string begin =
        "h:" + std::to_string(row.port) + ": " + row.name + " is " + row.value + ", and must be ";
    EXPECT_TRUE(says(durability.next_steps(), begin)) << begin;
  }
}

TEST(RedisDurability, OfAShardIsItsOwnAndOfAllTheLeast) {
  auto facts = best_cluster();
  (*facts.shards[1].master.settings)["appendfsync"] = "everysec";
  (*facts.shards[0].master.settings)["aof-load-truncated"] = "yes";
  const auto durability = judged(facts);
  EXPECT_EQ(durability.level, DurabilityLevel::d0);
  EXPECT_EQ(durability.shards[0].level, DurabilityLevel::d2);
  EXPECT_EQ(durability.shards[1].level, DurabilityLevel::d0);
  EXPECT_EQ(durability.next_steps().size(), 1U);
  ASSERT_EQ(durability.obstacles.size(), 2U);
  EXPECT_EQ(durability.obstacles[1].level, DurabilityLevel::d3);
}

TEST(RedisDurability, NeedsReplicasThatMayBeElected) {
  auto facts = best_cluster();
  facts.shards[0].replicas.clear();
  EXPECT_EQ(judged(facts).level, DurabilityLevel::d1);
  EXPECT_EQ(judged(facts).shards[0].wait_replicas, 0U);
  EXPECT_TRUE(says(judged(facts).next_steps(), "h:1 has no replica"));

  // It is waited for all the same: WAIT does not tell who has answered.
  facts = best_cluster();
  facts.shards[0].replicas[0].may_be_elected = false;
  EXPECT_EQ(judged(facts).level, DurabilityLevel::d3);
  EXPECT_EQ(judged(facts).shards[0].electable, 1U);
  EXPECT_EQ(judged(facts).shards[0].wait_replicas, 2U);
  facts.shards[0].replicas[1].may_be_elected = false;
  EXPECT_EQ(judged(facts).level, DurabilityLevel::d2);
  EXPECT_TRUE(says(judged(facts).next_steps(), "none of the replicas of h:1 may be elected"));
}

TEST(RedisDurability, ReliesOnNobodyWhoSaysNothing) {
  auto facts = best_cluster();
  facts.shards[1].replicas[0].settings.reset();
  facts.shards[1].replicas[0].silence = "gone";
  EXPECT_EQ(judged(facts).level, DurabilityLevel::d1);
  EXPECT_EQ(
      judged(facts).next_steps(),
      std::vector<std::string>{"the replica h:5 does not say how it is set up (CONFIG GET): gone"});
  EXPECT_EQ(judged(facts).shards[1].wait_replicas, 2U);

  facts.shards[0].master.settings.reset();
  facts.shards[0].master.silence = "NOPERM no";
  EXPECT_EQ(judged(facts).level, DurabilityLevel::unverified);
  EXPECT_EQ(judged(facts).next_steps(),
            std::vector<std::string>{"h:1 does not say how it is set up (CONFIG GET): NOPERM no"});
  EXPECT_EQ(judged(facts).shards[0].wait_replicas, 2U);

  facts = best_cluster();
  facts.shards[0].master.version.reset();
  EXPECT_EQ(judged(facts).level, DurabilityLevel::unverified);
  EXPECT_EQ(judged({}).level, DurabilityLevel::unverified);
}

TEST(RedisDurability, OfOneServerIsAtMostD2) {
  auto durability = judged(server_facts(best_node(1, 0), {}));
  EXPECT_EQ(durability.level, DurabilityLevel::d1);
  EXPECT_EQ(durability.find(77)->master.port, 1);
  auto facts = server_facts(best_node(1, 1), {best_node(2, 1)});
  // These mean nothing to it.
  for (const auto& name : {"cluster-allow-replica-migration", "cluster-replica-validity-factor"}) {
    facts.shards[0].master.settings->erase(name);
  }
  durability = judged(facts);
  EXPECT_EQ(durability.level, DurabilityLevel::d2);
  EXPECT_EQ(durability.next_steps().size(), 1U);
  EXPECT_TRUE(says(durability.next_steps(), "is no node of a cluster"));
  EXPECT_EQ(durability.shards[0].electable, 1U);
  (*facts.shards[0].replicas[0].settings)["replica-priority"] = "0";
  EXPECT_EQ(judged(facts).shards[0].electable, 0U);
  EXPECT_EQ(judged(facts).shards[0].wait_replicas, 1U);
}

TEST(RedisDurability, RefusesWhatHasNoFunctions) {
  for (const std::string old : {"6.2.6", "2.8.0"}) {
    auto facts = best_cluster();
    facts.shards[1].replicas[1].version = old;
    const auto refused = assess(facts);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::unsupported);
    EXPECT_EQ(refused.error().message,
              "h:6 is Redis " + old + ", and 7.0 is the oldest with functions");
  }
  for (const std::string recent : {"7.0.0", "7.4.1", "8.0.0", "10.1"}) {
    auto facts = best_cluster();
    facts.shards[0].master.version = recent;
    EXPECT_TRUE(assess(facts).ok());
  }
  auto facts = best_cluster();
  facts.shards[0].master.lacks_functions = true;
  EXPECT_EQ(assess(facts).error().message,
            "h:1 knows no functions (FUNCTION, FCALL): Redis 7.0 has them");
}

TEST(RedisTopology, ReadsWhoHoldsWhat) {
  const auto shards = read_cluster_nodes(
      "aa 10.0.0.1:7001@17001,name master - 0 1 1 connected 5000-9999 11000 [77->-bb]\n"
      "bb :7000@17000 myself,master - 0 1 2 connected 0-4999 10000-10999 11001-16383\n"
      "cc fe80::1:7002@17002 slave,nofailover aa 0 1 1 connected\n"
      "dd 10.0.0.3:7003@17003 slave,fail aa 0 1 1 disconnected\n"
      "ee 10.0.0.4:7004@17004 master - 0 1 3 connected\n"
      "ff 10.0.0.5:7005@17005 slave ee 0 1 3 connected\n"
      "gg :0@0 master,noaddr - 0 1 3 disconnected 1\n"
      "hh 10.0.0.6:7006@17006 handshake - 0 0 0 disconnected\n",
      {"asked", 7'000});
  ASSERT_TRUE(shards.ok()) << shards.error().message;
  ASSERT_EQ(shards->size(), 2U);
  EXPECT_EQ((*shards)[0].master, (Node{"asked", 7'000}));
  EXPECT_TRUE((*shards)[0].replicas.empty());
  EXPECT_EQ((*shards)[0].slots.size(), 3U);
  const ShardPlaces& second = (*shards)[1];
  EXPECT_EQ(second.master, (Node{"10.0.0.1", 7'001}));
  EXPECT_EQ(second.slots, (std::vector<std::pair<std::uint16_t, std::uint16_t>>{{5'000, 9'999},
                                                                                {11'000, 11'000}}));
  ASSERT_EQ(second.replicas.size(), 2U);
  EXPECT_EQ(second.replicas[0].node, (Node{"fe80::1", 7'002}));
  EXPECT_FALSE(second.replicas[0].may_be_elected);
  EXPECT_EQ(second.replicas[1].node, (Node{"10.0.0.3", 7'003}));
  EXPECT_TRUE(second.replicas[1].may_be_elected);
}

TEST(RedisTopology, RefusesWhatMakesNoSense) {
  const std::string begin = "aa h:1@2 master - 0 1 1 connected ";
  for (const std::string& text :
       {std::string(), std::string("x"), begin, begin + "16384", begin + "5-4", begin + "x",
        begin + "1-", std::string("aa h1 master - 0 1 1 connected 1"),
        std::string("aa h:x@1 master - 0 1 1 connected 1")}) {
    const auto refused = read_cluster_nodes(text, {"h", 1});
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::io_failed);
  }
}

TEST(RedisTopology, ReadsWhoCopiesAServer) {
  const auto places = read_info_replication(
      "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n"
      "slave0:ip=10.0.0.2,port=7001,state=online,offset=1,lag=0\r\n"
      "slave1:ip=10.0.0.3,port=7002,state=wait_bgsave,offset=0,lag=0\r\n",
      {"h", 1});
  ASSERT_TRUE(places.ok()) << places.error().message;
  EXPECT_EQ(places->master, (Node{"h", 1}));
  ASSERT_EQ(places->replicas.size(), 2U);
  EXPECT_EQ(places->replicas[1].node, (Node{"10.0.0.3", 7'002}));
  const auto replica = read_info_replication(
      "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:7000\r\nconnected_slaves:0\r\n", {"h", 1});
  EXPECT_EQ(replica.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(replica.error().message, "h:1 is a replica of 10.0.0.1:7000: name the master");
  EXPECT_EQ(read_info_replication("what", {"h", 1}).error().code, ErrorCode::io_failed);
}

}  // namespace
}  // namespace doorbuster::redis
