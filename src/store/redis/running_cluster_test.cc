#include "store/redis/running_cluster_test.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace doorbuster::redis {

RunningCluster::RunningCluster(std::size_t replicas, const RunningRedis::Lines& more)
    : replicas_(replicas) {
  for (std::size_t n = 0; n < kMasters + replicas; ++n) {
    RunningRedis::Lines lines{"cluster-enabled yes", "cluster-node-timeout 5000",
                              "cluster-port " + std::to_string(free_port()),
                              "repl-diskless-sync-delay 0"};
    lines.insert(lines.end(), more.begin(), more.end());
    servers.push_back(std::make_unique<RunningRedis>(lines));
    clients.push_back(std::make_unique<Client>(servers[n]->options()));
    ids.push_back(clients[n]->say({"CLUSTER", "MYID"}));
    // Each its own, as redis-cli gives them: while the nodes were sorting out equal ones by
    // themselves, a slot that moved could fall back to the node that it came from.
    EXPECT_EQ(clients[n]->say({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(n + 1)}), "OK");
  }
  for (std::size_t n = 0; n < kMasters; ++n) {
    EXPECT_EQ(clients[n]->say({"CLUSTER", "ADDSLOTSRANGE", std::to_string(kFirst[n]),
                               std::to_string(kFirst[n + 1] - 1)}),
              "OK");
  }
  for (std::size_t n = 1; n < servers.size(); ++n) meet(n);
  wait_until_all_say("cluster_known_nodes:" + std::to_string(servers.size()), all());
  for (std::size_t n = kMasters; n < servers.size(); ++n) replicate(n);
  wait_until_all_say("cluster_state:ok", all());
}

std::vector<std::size_t> RunningCluster::all() const {
  std::vector<std::size_t> numbers;
  for (std::size_t n = 0; n < servers.size(); ++n) numbers.push_back(n);
  return numbers;
}

// All of those before it, so that nobody waits until the others have told him.
void RunningCluster::meet(std::size_t n) {
  const auto port = clients[n]->ask({"CONFIG", "GET", "cluster-port"}).reply;
  ASSERT_EQ(port.items.size(), 2U);
  for (std::size_t other = 0; other < n; ++other) {
    ASSERT_EQ(clients[other]->say({"CLUSTER", "MEET", "127.0.0.1",
                                   std::to_string(servers[n]->port()), port.items[1].text}),
              "OK");
  }
}

void RunningCluster::replicate(std::size_t replica) {
  ASSERT_TRUE(clients[replica]->ask_until(
      {"CLUSTER", "REPLICATE", ids[replica % kMasters]},
      [](const Answer& answer) { return answer.reply.is_status("OK"); }));
  ASSERT_TRUE(clients[replica]->ask_until({"INFO", "replication"}, [](const Answer& answer) {
    return answer.reply.text.find("master_link_status:up") != std::string::npos;
  }));
}

void RunningCluster::wait_until_all_say(const std::string& line,
                                        const std::vector<std::size_t>& of) {
  for (const std::size_t n : of) {
    ASSERT_TRUE(clients[n]->ask_until({"CLUSTER", "INFO"}, [&](const Answer& answer) {
      return answer.reply.text.find(line) != std::string::npos;
    }));
  }
}

std::size_t RunningCluster::number_of(const Node& node) const {
  const auto found = std::find_if(servers.begin(), servers.end(),
                                  [&](const auto& server) { return server->port() == node.port; });
  CHECK(found != servers.end());
  return static_cast<std::size_t>(found - servers.begin());
}

SlotMap RunningCluster::map(std::size_t asked) {
  SlotMap map;
  EXPECT_TRUE(clients[asked]->ask_until({"CLUSTER", "SLOTS"}, [&](const Answer& answer) {
    auto read = SlotMap::read(answer.reply, node(asked));
    EXPECT_TRUE(read.ok());
    if (!read.ok()) return true;
    map = std::move(*read);
    std::size_t known = 0;
    for (const Shard& shard : map.shards()) known += shard.replicas.size();
    return map.served() == kSlots && known == replicas_;
  }));
  return map;
}

void RunningCluster::begin_to_move(std::uint16_t slot, std::size_t from, std::size_t to) {
  const std::string number = std::to_string(slot);
  ASSERT_EQ(clients[to]->say({"CLUSTER", "SETSLOT", number, "IMPORTING", ids[from]}), "OK");
  ASSERT_EQ(clients[from]->say({"CLUSTER", "SETSLOT", number, "MIGRATING", ids[to]}), "OK");
}

std::size_t RunningCluster::move_keys(std::uint16_t slot, std::size_t from, std::size_t to,
                                      int most) {
  const auto keys =
      clients[from]->ask({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), std::to_string(most)});
  const std::string port = std::to_string(servers[to]->port());
  for (const Reply& key : keys.reply.items) {
    EXPECT_EQ(clients[from]->say({"MIGRATE", "127.0.0.1", port, key.text, "0", "5000"}), "OK");
  }
  return keys.reply.items.size();
}

void RunningCluster::end_to_move(std::uint16_t slot, std::size_t from, std::size_t to) {
  const std::string number = std::to_string(slot);
  ASSERT_EQ(clients[to]->say({"CLUSTER", "SETSLOT", number, "NODE", ids[to]}), "OK");
  ASSERT_EQ(clients[from]->say({"CLUSTER", "SETSLOT", number, "NODE", ids[to]}), "OK");
}

}  // namespace doorbuster::redis
