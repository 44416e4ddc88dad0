#include <gtest/gtest.h>

#include <algorithm>

#include "store/redis/running_cluster_test.h"
#include "store/redis/server_error.h"
#include "store/redis/slot_map.h"

namespace doorbuster::redis {
namespace {

constexpr std::size_t kMasters = RunningCluster::kMasters;
constexpr auto& kFirst = RunningCluster::kFirst;

// With a replica of the first master.
class RedisCluster : public testing::Test {
 protected:
  Node node(std::size_t n) const { return cluster.node(n); }
  Client& client_of(const Node& node) { return *clients[cluster.number_of(node)]; }

  RunningCluster cluster{1};
  std::vector<std::unique_ptr<RunningRedis>>& servers = cluster.servers;
  std::vector<std::unique_ptr<Client>>& clients = cluster.clients;
  std::vector<std::string>& ids = cluster.ids;
};

TEST_F(RedisCluster, IsFoundSlotBySlotAndFollowedWhereItMoves) {
  SlotMap map = cluster.map();
  for (std::size_t n = 0; n < kMasters; ++n) {
    const auto slot = static_cast<std::uint16_t>(kFirst[n]);
    EXPECT_EQ(map.find(slot)->master, node(n));
    EXPECT_EQ(map.find(static_cast<std::uint16_t>(kFirst[n + 1] - 1)), map.find(slot));
    EXPECT_EQ(map.find(slot)->replicas,
              n == 0 ? std::vector<Node>{node(kMasters)} : std::vector<Node>{});
  }

  // Every key is where the map says, and anybody else names the same place.
  for (int n = 0; n < 500; ++n) {
    const std::string key = (n % 2 == 0 ? "k" : "{tag}") + std::to_string(n * 7'919);
    EXPECT_EQ(clients[0]->ask({"CLUSTER", "KEYSLOT", key}).reply.integer, key_slot(key));
    const Node owner = map.find_key(key)->master;
    EXPECT_EQ(client_of(owner).say({"SET", key, "v"}), "OK") << key;
    const auto other = std::find_if(clients.begin(), clients.begin() + kMasters,
                                    [&](const auto& c) { return c.get() != &client_of(owner); });
    const auto moved = read_server_error((*other)->say({"GET", key}));
    ASSERT_EQ(moved.kind, ServerErrorKind::moved) << moved.text;
    ASSERT_TRUE(moved.to);
    EXPECT_EQ(moved.to->slot, key_slot(key));
    EXPECT_EQ(moved.to->node, owner);
  }

  // A slot on its way: ASK leads to the new node, which wants to be asked properly.
  const std::string key = "foo";  // 12182
  const std::string slot = std::to_string(key_slot(key));
  Client& from = *clients[2];
  Client& to = *clients[1];
  ASSERT_EQ(to.say({"CLUSTER", "SETSLOT", slot, "IMPORTING", ids[2]}), "OK");
  ASSERT_EQ(from.say({"CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1]}), "OK");
  const auto ask = read_server_error(from.say({"GET", key}));
  EXPECT_EQ(ask.kind, ServerErrorKind::ask) << ask.text;
  ASSERT_TRUE(ask.to);
  EXPECT_EQ(ask.to->node, node(1));
  EXPECT_EQ(read_server_error(to.say({"GET", key})).kind, ServerErrorKind::moved);
  EXPECT_TRUE(to.ask({"SET", key, "v"}, Client::kPatience, true).reply.is_status("OK"));
  EXPECT_EQ(read_server_error(from.say({"MGET", key, "{foo}other"})).kind, ServerErrorKind::ask);
  EXPECT_EQ(read_server_error(from.say({"MGET", key, "bar"})).kind, ServerErrorKind::cross_slot);
  EXPECT_EQ(
      read_server_error(to.ask({"MGET", key, "{foo}other"}, Client::kPatience, true).reply.text)
          .kind,
      ServerErrorKind::try_again);

  // It has moved; the map follows what MOVED says.
  ASSERT_EQ(to.say({"CLUSTER", "SETSLOT", slot, "NODE", ids[1]}), "OK");
  ASSERT_EQ(from.say({"CLUSTER", "SETSLOT", slot, "NODE", ids[1]}), "OK");
  const auto moved = read_server_error(from.say({"GET", key}));
  ASSERT_EQ(moved.kind, ServerErrorKind::moved) << moved.text;
  map.move(moved.to->slot, moved.to->node);
  EXPECT_EQ(client_of(map.find_key(key)->master).say({"GET", key}), "v");
  EXPECT_EQ(map.served(), kSlots);
}

TEST_F(RedisCluster, ThatLostANodeSaysThatItIsDown) {
  // Met sooner than is good for the other test.
  ASSERT_EQ(clients[0]->say({"CONFIG", "SET", "cluster-node-timeout", "500"}), "OK");
  servers[1]->kill();
  servers[2]->kill();
  ASSERT_TRUE(clients[0]->ask_until({"GET", "bar"}, [](const Answer& answer) {
    return answer.reply.is_error() &&
           read_server_error(answer.reply.text).kind == ServerErrorKind::cluster_down;
  }));
}

}  // namespace
}  // namespace doorbuster::redis
