#include "store/redis/client.h"

#include <gtest/gtest.h>

#include "store/redis/running_client_test.h"
#include "store/redis/running_cluster_test.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

ClientOptions options_for(const RunningRedis& server, Deployment deployment) {
  ClientOptions options;
  options.connection = server.options();
  options.routing.deployment = deployment;
  options.routing.answer_time = milliseconds(10'000);
  return options;
}

RunningRedis::Lines replica_of(const RunningRedis& master) {
  return {"replicaof 127.0.0.1 " + std::to_string(master.port())};
}

void wait_for_its_master(const RunningRedis& replica) {
  Client client(replica.options());
  ASSERT_TRUE(client.ask_until({"INFO", "replication"}, [](const Answer& answer) {
    return answer.reply.text.find("master_link_status:up") != std::string::npos;
  }));
}

TEST(RedisClientOfAServer, CarriesOutGroupsInTheirOrder) {
  RunningRedis server;
  RunningClient running(options_for(server, Deployment::server));
  const auto answers = running.ask_group(std::vector<Call>{{"a", {"INCR", "a"}},
                                                           {"b", {"APPEND", "b", "xyz"}},
                                                           {"a", {"INCR", "a"}},
                                                           {"b", {"INCR", "b"}}});
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0].answer.reply.integer, 1);
  EXPECT_EQ(answers[1].answer.reply.integer, 3);
  EXPECT_EQ(answers[2].answer.reply.integer, 2);
  EXPECT_TRUE(answers[3].answer.reply.is_error());
  EXPECT_FALSE(answers[0].acknowledged);
  EXPECT_TRUE(running.client->is_ready());
  EXPECT_EQ(running.told,
            std::vector<std::string>{"127.0.0.1:" + std::to_string(server.port()) + " up"});
}

TEST(RedisClientOfAServer, TellsHowManyReplicasHaveWhatWasWritten) {
  RunningRedis server({"repl-diskless-sync-delay 0"});
  RunningRedis replica(replica_of(server));
  wait_for_its_master(replica);
  RunningClient running(options_for(server, Deployment::server));
  const auto answer = running.ask({"INCR", "a"}, {1, milliseconds(30'000)});
  EXPECT_EQ(answer.answer.reply.integer, 1);
  EXPECT_EQ(answer.acknowledged, 1U);

  // Two are wanted, and there is one: WAIT takes all its time, and no other command is late by
  // that.
  auto options = options_for(server, Deployment::server);
  options.routing.answer_time = milliseconds(1'000);
  RunningClient hasty(std::move(options));
  ASSERT_TRUE(hasty.wait_ready());
  std::vector<std::int64_t> order;
  ASSERT_TRUE(hasty.client
                  ->submit({{"a", {"INCR", "a"}}}, {2, milliseconds(1'500)}, RunningClient::kLong,
                           [&](const std::vector<CallAnswer>& answers) {
                             order.push_back(answers[0].answer.reply.integer);
                             EXPECT_EQ(answers[0].acknowledged, 1U);
                           })
                  .ok());
  hasty.io.run_for(milliseconds(20));  // so that the next goes out behind the WAIT
  ASSERT_TRUE(hasty.client
                  ->submit({{"a", {"INCR", "a"}}}, {}, RunningClient::kLong,
                           [&](const std::vector<CallAnswer>& answers) {
                             order.push_back(answers[0].answer.reply.integer);
                             EXPECT_FALSE(answers[0].acknowledged);
                           })
                  .ok());
  EXPECT_TRUE(hasty.run_until([&] { return order.size() == 2; }));
  EXPECT_EQ(order, (std::vector<std::int64_t>{2, 3}));

  replica.freeze();
  const auto alone = running.ask({"INCR", "a"}, {1, milliseconds(50)});
  EXPECT_EQ(alone.answer.reply.integer, 4);
  EXPECT_EQ(alone.acknowledged, 0U);
  replica.thaw();
}

TEST(RedisClientOfAServer, LosesNothingWhenTheServerComesBack) {
  RunningRedis server({"appendonly yes", "appendfsync always"});
  RunningClient running(options_for(server, Deployment::server));
  CommandStream stream(running, {"a", "b"});
  stream.start();
  for (int n = 0; n < 3; ++n) {
    stream.await(200);
    server.freeze();
    running.io.run_for(milliseconds(20));  // there is something under way now
    server.kill();
    // Those without patience are not sent meanwhile.
    const auto before = stream.count(Fate::not_sent);
    running.run_until([&] { return stream.count(Fate::not_sent) > before; });
    server.start_again();
  }
  stream.await(200);
  stream.stop();
  EXPECT_GT(stream.count(Fate::unknown), 0U);
  stream.check();
}

TEST(RedisClientOfAServer, GivesUpAServerThatStandsStill) {
  RunningRedis server;
  auto options = options_for(server, Deployment::server);
  options.routing.answer_time = milliseconds(1'000);
  options.connection.attempt_time = milliseconds(1'000);
  RunningClient running(std::move(options));
  CommandStream stream(running, {"a"});
  stream.start();
  stream.await(100);
  server.freeze();
  running.run_until([&] { return stream.count(Fate::not_sent) > 0; });
  EXPECT_GT(stream.count(Fate::unknown), 0U);
  EXPECT_FALSE(running.client->is_ready());
  server.thaw();
  stream.await(100);
  stream.stop();
  stream.check();
}

TEST(RedisClientOfAServer, SaysWhatIsWrongWithThePassword) {
  RunningRedis server({"requirepass right"});
  auto options = options_for(server, Deployment::server);
  options.connection.address =
      *parse_address("redis://:hush@127.0.0.1:" + std::to_string(server.port()));
  RunningClient running(std::move(options));
  const auto answer = running.ask({"INCR", "a"}, {}, milliseconds(1'000));
  EXPECT_EQ(answer.answer.fate, Fate::not_sent);
  const std::string begin =
      "127.0.0.1:" + std::to_string(server.port()) + ": the server refuses the password: WRONGPASS";
  EXPECT_TRUE(answer.answer.reason.starts_with(begin)) << answer.answer.reason;
  const auto nodes = running.client->condition();
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_FALSE(nodes[0].is_up);
  EXPECT_EQ(nodes[0].reason, answer.answer.reason);
  EXPECT_EQ(running.told, (std::vector<std::string>{answer.answer.reason}));
}

TEST(RedisClientOfAServer, AnswersEverythingWhenItIsDestroyed) {
  RunningRedis server;
  RunningClient running(options_for(server, Deployment::server));
  ASSERT_TRUE(running.wait_ready());
  std::vector<Fate> fates;
  const auto note = [&](const std::vector<CallAnswer>& answers) {
    for (const auto& whole : answers) fates.push_back(whole.answer.fate);
  };
  server.freeze();
  const std::vector<Call> two{{"a", {"INCR", "a"}}, {"b", {"INCR", "b"}}};
  ASSERT_TRUE(running.client->submit(two, {1, milliseconds(100)}, RunningClient::kLong, note).ok());
  running.io.run_for(milliseconds(20));
  ASSERT_TRUE(running.client->submit(two, {}, RunningClient::kLong, note).ok());
  EXPECT_EQ(fates.size(), 0U);
  running.client.reset();
  EXPECT_EQ(fates,
            (std::vector<Fate>{Fate::not_sent, Fate::not_sent, Fate::unknown, Fate::unknown}));
  server.thaw();
}

TEST(RedisClientOfAServer, MayBeDestroyedByAnAnswer) {
  RunningRedis server;
  RunningClient running(options_for(server, Deployment::server));
  std::vector<Fate> fates;
  for (int n = 0; n < 10; ++n) {
    ASSERT_TRUE(running.client
                    ->submit({{"a", {"INCR", "a"}}}, {}, RunningClient::kLong,
                             [&](const std::vector<CallAnswer>& answers) {
                               fates.push_back(answers[0].answer.fate);
                               running.client.reset();
                             })
                    .ok());
  }
  EXPECT_TRUE(running.run_until([&] { return fates.size() == 10; }));
  EXPECT_EQ(running.client, nullptr);
}

TEST(RedisClientOfACluster, RefusesADatabaseAndAnUnusableFile) {
  boost::asio::io_context io;
  ClientOptions options;
  options.routing.deployment = Deployment::cluster;
  options.connection.address = *parse_address("redis://127.0.0.1:1/3");
  EXPECT_EQ(RedisClient::open(io, options, nullptr).error().message,
            "a cluster has the database 0 alone, and redis://127.0.0.1:1/3 names another");
  options.connection.address = *parse_address("rediss://127.0.0.1:1");
  options.connection.tls.ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(RedisClient::open(io, options, nullptr).error().code, ErrorCode::invalid_argument);
}

TEST(RedisClientOfACluster, SaysThatAServerIsNone) {
  RunningRedis server;
  RunningClient running(options_for(server, Deployment::cluster));
  const auto answer = running.ask({"INCR", "a"}, {}, milliseconds(500));
  EXPECT_EQ(answer.answer.fate, Fate::not_sent);
  EXPECT_NE(answer.answer.reason.find("ERR This instance has cluster support disabled"),
            std::string::npos)
      << answer.answer.reason;
}

TEST(RedisClientOfACluster, FollowsSlotsThatMoveUnderLoad) {
  RunningCluster cluster(0);
  RunningClient running(options_for(*cluster.servers[1], Deployment::cluster));
  ASSERT_TRUE(running.wait_ready());
  // Slots 12182 and 5061; the third stays.
  const std::vector<std::string> tags{"foo", "bar", "hello"};
  CommandStream stream(running, tags);
  stream.start();
  stream.await(300);
  std::size_t from = 2;
  for (const std::size_t to : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    const std::uint16_t slot = key_slot(tags[0]);
    cluster.begin_to_move(slot, from, to);
    stream.await(300);
    while (cluster.move_keys(slot, from, to, 100) > 0) stream.await(60);
    cluster.end_to_move(slot, from, to);
    stream.await(300);
    EXPECT_EQ(running.client->map().find(slot)->master, cluster.node(to));
    from = to;
  }
  stream.stop();
  EXPECT_EQ(stream.count(Fate::unknown), 0U);
  stream.check();
}

TEST(RedisClientOfACluster, SendsTheWaitAfterAnAskToo) {
  RunningCluster cluster(3);
  RunningClient running(options_for(*cluster.servers[0], Deployment::cluster));
  ASSERT_TRUE(running.wait_ready());
  cluster.begin_to_move(key_slot("foo"), 2, 1);
  const Barrier one{1, milliseconds(30'000)};
  const auto there = running.ask({"INCR", "foo"}, one);
  EXPECT_EQ(there.answer.reply.integer, 1);
  EXPECT_EQ(there.acknowledged, 1U);
  Client& replica = *cluster.clients[4];  // of the master that has it now
  EXPECT_EQ(
      replica.ask({"CLUSTER", "COUNTKEYSINSLOT", std::to_string(key_slot("foo"))}).reply.integer,
      1);
  // Both keys in one command, and one of them on each side: not now, and no harm done.
  ASSERT_EQ(cluster.clients[1]->ask({"SET", "{foo}x", "v"}, Client::kPatience, true).reply.text,
            "OK");
  const auto torn =
      running.ask_group(std::vector<Call>{{"foo", {"MSETNX", "{foo}x", "w", "{foo}new", "w"}}}, one,
                        milliseconds(300));
  EXPECT_EQ(torn[0].answer.fate, Fate::not_sent);
  EXPECT_NE(torn[0].answer.reason.find("TRYAGAIN"), std::string::npos) << torn[0].answer.reason;
  cluster.end_to_move(key_slot("foo"), 2, 1);
  EXPECT_EQ(running.ask({"EXISTS", "{foo}new"}).answer.reply.integer, 0);
  EXPECT_EQ(running.ask({"GET", "{foo}x"}).answer.reply.text, "v");
}

TEST(RedisClientOfACluster, FollowsAnElectionAndKeepsWhatTheReplicaHas) {
  RunningCluster cluster(3, {"cluster-node-timeout 2000"});
  RunningClient running(options_for(*cluster.servers[0], Deployment::cluster));
  ASSERT_TRUE(running.wait_ready());
  const std::string lost = "b";  // 3300, of the first master
  ASSERT_EQ(running.client->map().find_key(lost)->master, cluster.node(0));
  CommandStream stream(running, {lost, "foo", "bar"}, {1, milliseconds(2'000)});
  stream.start();
  stream.await(300);
  cluster.servers[0]->kill();
  EXPECT_TRUE(running.run_until(
      [&] { return running.client->map().find_key(lost)->master == cluster.node(3); }));
  ASSERT_TRUE(running.wait_ready());
  stream.await(300);
  // The old master comes back, as a replica.
  cluster.servers[0]->start_again();
  stream.await(300);
  stream.stop();
  stream.check([&](const std::string& tag, const CallAnswer& answer) {
    return tag == lost && answer.acknowledged.value_or(0) < 1;
  });
  EXPECT_EQ(running.ask({"SET", "{b}after", "v"}, {1, milliseconds(30'000)}).acknowledged, 1U);
}

TEST(RedisClientOfACluster, GoesOnWithoutANodeThatStandsStill) {
  RunningCluster cluster(3, {"cluster-node-timeout 2000"});
  auto options = options_for(*cluster.servers[0], Deployment::cluster);
  options.routing.answer_time = milliseconds(1'000);
  options.connection.attempt_time = milliseconds(1'000);
  RunningClient running(std::move(options));
  ASSERT_TRUE(running.wait_ready());
  CommandStream stream(running, {"b", "foo", "bar"});
  stream.start();
  stream.await(300);
  cluster.servers[0]->freeze();
  EXPECT_TRUE(running.run_until(
      [&] { return running.client->map().find_key("b")->master == cluster.node(3); }));
  ASSERT_TRUE(running.wait_ready());
  stream.await(300);
  cluster.servers[0]->thaw();
  stream.await(300);
  stream.stop();
  EXPECT_GT(stream.count(Fate::unknown), 0U);
  // It may have carried some out as it went on, and have thrown them away as a replica since.
  stream.check([](const std::string& tag, const CallAnswer&) { return tag == "b"; });
}

TEST(RedisClientOfACluster, WaitsOutAClusterThatIsDown) {
  RunningCluster cluster(0, {"cluster-node-timeout 1000"});
  RunningClient running(options_for(*cluster.servers[0], Deployment::cluster));
  ASSERT_TRUE(running.wait_ready());
  cluster.servers[1]->kill();
  cluster.servers[2]->kill();
  cluster.wait_until_all_say("cluster_state:fail", {0});
  const auto hasty = running.ask({"INCR", "b"}, {}, milliseconds(200));
  EXPECT_EQ(hasty.answer.fate, Fate::not_sent);
  EXPECT_NE(hasty.answer.reason.find("CLUSTERDOWN"), std::string::npos) << hasty.answer.reason;
  std::optional<CallAnswer> patient;
  ASSERT_TRUE(
      running.client
          ->submit({{"b", {"INCR", "b"}}}, {}, RunningClient::kLong,
                   [&](std::vector<CallAnswer> answers) { patient = std::move(answers[0]); })
          .ok());
  running.io.run_for(milliseconds(100));
  EXPECT_FALSE(patient);
  cluster.servers[1]->start_again();
  cluster.servers[2]->start_again();
  ASSERT_TRUE(running.run_until([&] { return patient.has_value(); }));
  EXPECT_EQ(patient->answer.fate, Fate::answered) << patient->answer.reason;
  EXPECT_EQ(patient->answer.reply.integer, 1);
}

TEST(RedisClientOfACluster, FindsANodeAtAnotherAddress) {
  RunningCluster cluster(0);
  RunningClient running(options_for(*cluster.servers[0], Deployment::cluster));
  ASSERT_TRUE(running.wait_ready());
  const std::string key = "bar";  // 5061, of the second master
  ASSERT_EQ(running.ask({"SET", key, "v"}).answer.reply.text, "OK");
  cluster.servers[1]->kill();
  const std::uint16_t port = free_port();
  cluster.servers[1]->start_again({"port " + std::to_string(port)});
  EXPECT_EQ(running.ask({"SET", key, "w"}).answer.reply.text, "OK");
  EXPECT_EQ(running.client->map().find_key(key)->master.port, port);
  for (const auto& known : running.client->condition()) {
    EXPECT_NE(known.node.port, cluster.servers[1]->port());
  }
}

}  // namespace
}  // namespace doorbuster::redis
