#include "store/redis/survey.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/redis/running_client_test.h"
#include "store/redis/running_cluster_test.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSurveyPatience{30'000};

// What the best level wants, with so many replicas; "PORT" as with RunningRedis.
RunningRedis::Lines best_lines(std::size_t replicas) {
  return {"appendonly yes",
          "appendfsync always",
          "no-appendfsync-on-rewrite no",
          "aof-load-truncated no",
          "maxmemory-policy noeviction",
          "replica-serve-stale-data no",
          "min-replicas-to-write " + std::to_string(replicas),
          "cluster-allow-replica-migration no",
          "repl-diskless-sync-delay 0"};
}

ClientOptions surveyor(const RunningRedis& server, Deployment deployment) {
  ClientOptions options;
  options.connection = server.options();
  options.routing.deployment = deployment;
  return options;
}

Result<DurabilityFacts> facts_of(RunningClient& running, Deployment deployment,
                                 milliseconds patience = kSurveyPatience) {
  std::optional<Result<DurabilityFacts>> found;
  const auto begun = survey(*running.client, deployment, patience,
                            [&](Result<DurabilityFacts> facts) { found = std::move(facts); });
  EXPECT_TRUE(begun.ok());
  if (!running.run_until([&] { return found.has_value(); })) {
    return Error{ErrorCode::io_failed, "no answer at all"};
  }
  return std::move(*found);
}

Durability survey_server(const RunningRedis& server, milliseconds patience = kSurveyPatience) {
  RunningClient running(surveyor(server, Deployment::server));
  const auto facts = facts_of(running, Deployment::server, patience);
  EXPECT_TRUE(facts.ok()) << facts.error().message;
  if (!facts.ok()) return {};
  auto durability = assess(*facts);
  EXPECT_TRUE(durability.ok()) << durability.error().message;
  return durability.ok() ? std::move(*durability) : Durability{};
}

// The one sentence that begins like that; an obstacle to the next level.
void expect_next_step(const Durability& durability, const std::string& begin) {
  const auto steps = durability.next_steps();
  const auto found = std::count_if(
      steps.begin(), steps.end(), [&](const std::string& step) { return step.starts_with(begin); });
  EXPECT_EQ(found, 1) << begin << "; the first is " << (steps.empty() ? "none" : steps[0]);
}

TEST(RedisSurvey, SeesHowAServerIsSetUpNow) {
  RunningRedis server;
  Client client(server.options());
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  auto durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::none);
  expect_next_step(durability, place + ": appendonly is no, and must be yes");
  ASSERT_EQ(client.say({"CONFIG", "SET", "appendonly", "yes"}), "OK");
  durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::d0);
  expect_next_step(durability, place + ": appendfsync is everysec, and must be always");
  ASSERT_EQ(client.say({"CONFIG", "SET", "appendfsync", "always"}), "OK");
  durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::d1);
  expect_next_step(durability, place + " has no replica");
  ASSERT_EQ(client.say({"CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"}), "OK");
  durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::none);
  expect_next_step(durability, place + ": maxmemory-policy is allkeys-lfu, and must be noeviction");
}

TEST(RedisSurvey, AsksTheReplicasOfAServerToo) {
  RunningRedis server(best_lines(1));
  auto lines = best_lines(1);
  lines.push_back("replicaof 127.0.0.1 " + std::to_string(server.port()));
  RunningRedis replica(lines);
  Client client(server.options());
  ASSERT_TRUE(client.ask_until({"INFO", "replication"}, [](const Answer& answer) {
    return answer.reply.text.find("state=online") != std::string::npos;
  }));
  auto durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::d2);
  ASSERT_EQ(durability.shards.size(), 1U);
  EXPECT_EQ(durability.shards[0].wait_replicas, 1U);
  EXPECT_EQ(durability.shards[0].electable, 1U);
  EXPECT_EQ(durability.next_steps().size(), 1U);
  expect_next_step(durability,
                   "127.0.0.1:" + std::to_string(server.port()) + " is no node of a cluster");

  const std::string place = "127.0.0.1:" + std::to_string(replica.port());
  Client of_replica(replica.options());
  ASSERT_EQ(of_replica.say({"CONFIG", "SET", "appendfsync", "everysec"}), "OK");
  durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::d1);
  expect_next_step(durability, place + ": appendfsync is everysec");

  // It is asked itself, and says whose it is.
  RunningClient running(surveyor(replica, Deployment::server));
  const auto refused = facts_of(running, Deployment::server);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().message, place + " is a replica of 127.0.0.1:" +
                                         std::to_string(server.port()) + ": name the master");
}

TEST(RedisSurvey, SaysWhoMayNotBeAsked) {
  auto lines = best_lines(0);
  lines.push_back("user ann on >pw ~* &* +@all -config");
  lines.push_back("user eve on >pw ~* &* +@all -function");
  lines.push_back("user max on >pw ~* &* +@all -info");
  RunningRedis server(lines);
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  const auto as = [&](const std::string& user) {
    auto options = surveyor(server, Deployment::server);
    options.connection.address = *parse_address("redis://" + user + ":pw@" + place);
    return options;
  };
  RunningClient ann(as("ann"));
  auto facts = facts_of(ann, Deployment::server);
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  auto durability = assess(*facts);
  ASSERT_TRUE(durability.ok()) << durability.error().message;
  EXPECT_EQ(durability->level, DurabilityLevel::unverified);
  expect_next_step(*durability,
                   place + " does not say how it is set up (CONFIG GET): NOPERM this user has no");

  // Whoever may not ask for functions may call them all the same.
  RunningClient eve(as("eve"));
  facts = facts_of(eve, Deployment::server);
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  durability = assess(*facts);
  ASSERT_TRUE(durability.ok()) << durability.error().message;
  EXPECT_EQ(durability->level, DurabilityLevel::d1);

  RunningClient max(as("max"));
  facts = facts_of(max, Deployment::server);
  ASSERT_FALSE(facts.ok());
  EXPECT_TRUE(
      facts.error().message.starts_with(place + " does not say which nodes there are: NOPERM"))
      << facts.error().message;
}

TEST(RedisSurvey, SaysThatACommandHasAnotherName) {
  auto lines = best_lines(0);
  lines.push_back("rename-command CONFIG hidden");
  RunningRedis server(lines);
  const auto durability = survey_server(server);
  EXPECT_EQ(durability.level, DurabilityLevel::unverified);
  expect_next_step(durability, "127.0.0.1:" + std::to_string(server.port()) +
                                   " does not say how it is set up (CONFIG GET): ERR unknown");

  lines.back() = "rename-command FUNCTION hidden";
  RunningRedis without(lines);
  RunningClient running(surveyor(without, Deployment::server));
  const auto facts = facts_of(running, Deployment::server);
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(assess(*facts).error().code, ErrorCode::unsupported);
}

TEST(RedisSurvey, EndsWithTheClientAndWithoutAnyServer) {
  RunningRedis server;
  RunningClient running(surveyor(server, Deployment::server));
  ASSERT_TRUE(running.wait_ready());
  server.freeze();
  std::vector<std::string> ends;
  const auto note = [&](const Result<DurabilityFacts>& facts) {
    ends.push_back(facts.ok() ? "" : facts.error().message);
  };
  ASSERT_TRUE(survey(*running.client, Deployment::server, kSurveyPatience, note).ok());
  running.client.reset();
  EXPECT_EQ(ends, std::vector<std::string>{"the client was closed on this side"});
  server.kill();
  RunningClient late(surveyor(server, Deployment::cluster));
  const auto facts = facts_of(late, Deployment::cluster, milliseconds(200));
  ASSERT_FALSE(facts.ok());
  EXPECT_EQ(facts.error().code, ErrorCode::io_failed);
  EXPECT_NE(facts.error().message.find("Connection refused"), std::string::npos)
      << facts.error().message;
}

TEST(RedisSurvey, SeesEveryNodeOfAClusterAlsoThoseThatAreAway) {
  RunningCluster cluster(3, best_lines(1));
  RunningClient running(surveyor(*cluster.servers[1], Deployment::cluster));
  ASSERT_TRUE(running.wait_ready());
  (void)cluster.map(1);  // who knows of all replicas
  const auto look = [&](milliseconds patience = kSurveyPatience) {
    const auto facts = facts_of(running, Deployment::cluster, patience);
    EXPECT_TRUE(facts.ok()) << facts.error().message;
    return facts.ok() ? assess(*facts) : Result<Durability>(facts.error());
  };
  auto durability = look();
  ASSERT_TRUE(durability.ok()) << durability.error().message;
  EXPECT_EQ(durability->level, DurabilityLevel::d3)
      << (durability->obstacles.empty() ? "" : durability->obstacles[0].text);
  ASSERT_EQ(durability->shards.size(), 3U);
  for (std::size_t n = 0; n < 3; ++n) {
    const auto first = static_cast<std::uint16_t>(RunningCluster::kFirst[n]);
    EXPECT_EQ(durability->find(first)->master, cluster.node(n));
    EXPECT_EQ(durability->shards[n].electable, 1U);
    EXPECT_EQ(durability->shards[n].wait_replicas, 1U);
  }
  // That many does WAIT see.
  EXPECT_EQ(running.ask({"SET", "b", "v"}, {1, milliseconds(30'000)}).acknowledged, 1U);

  ASSERT_EQ(cluster.clients[4]->say({"CONFIG", "SET", "aof-load-truncated", "yes"}), "OK");
  durability = look();
  EXPECT_EQ(durability->level, DurabilityLevel::d2);
  EXPECT_EQ(durability->find(0)->level, DurabilityLevel::d3);
  EXPECT_EQ(durability->next_steps().size(), 1U);
  expect_next_step(*durability, cluster.node(4).text() + ": aof-load-truncated is yes");

  // It counts as long as the cluster knows of it.
  cluster.servers[3]->kill();
  durability = look(milliseconds(500));
  EXPECT_EQ(durability->level, DurabilityLevel::d1);
  EXPECT_EQ(durability->find(0)->wait_replicas, 1U);
  EXPECT_EQ(durability->next_steps().size(), 1U);
  expect_next_step(*durability, "the replica " + cluster.node(3).text() +
                                    " does not say how it is set up (CONFIG GET): ");
}

}  // namespace
}  // namespace doorbuster::redis
