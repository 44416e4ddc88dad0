// The contract suite on a gateway over a real server and a real cluster, whose clocks the test
// sets.
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "store/contract_suite.h"
#include "store/redis/function_library.h"
#include "store/redis/gateway.h"
#include "store/redis/redis_feed.h"
#include "store/redis/relay.h"
#include "store/redis/running_cluster_test.h"

namespace doorbuster::redis {
namespace {

using namespace std::chrono_literals;

// The function library with another function, that tells it the time.
std::string library_with_told_clock() {
  std::string text(kFunctionLibrary.text);
  const auto replace = [&text](std::string_view what, std::string_view with) {
    const std::size_t at = text.find(what);
    CHECK(at != std::string::npos && text.find(what, at + 1) == std::string::npos);
    text.replace(at, what.size(), with);
  };
  replace("redis.call('TIME')", "told_time");
  replace("local NEVER", "local told_time\nlocal NEVER");
  text += R"(
redis.register_function('test_clock', function(keys, argv)
  told_time = argv
  return 1
end)
)";
  return text;
}

const RunningRedis::Lines kNothingIsLost = {"appendonly yes", "appendfsync always"};

// The servers of a subject, each with the library, and a connection to it.
struct Servers {
  explicit Servers(Deployment deployment) {
    if (deployment == Deployment::cluster) {
      cluster = std::make_unique<RunningCluster>(0, kNothingIsLost);
      return;
    }
    server = std::make_unique<RunningRedis>(kNothingIsLost);
    client = std::make_unique<Client>(server->options());
  }
  void for_each(const std::function<void(RunningRedis&, Client&)>& visit) {
    if (server) return visit(*server, *client);
    for (std::size_t n = 0; n < cluster->servers.size(); ++n) {
      visit(*cluster->servers[n], *cluster->clients[n]);
    }
  }
  // All have come up, and know each other again.
  void wait_ready() {
    for_each([](RunningRedis&, Client& each) { EXPECT_TRUE(each.wait_up()); });
    if (cluster) cluster->wait_until_all_say("cluster_state:ok", {0, 1, 2});
  }

  std::unique_ptr<RunningCluster> cluster;
  std::unique_ptr<RunningRedis> server;
  std::unique_ptr<Client> client;
};

class GatewaySubject final : public store::ContractSubject {
 public:
  explicit GatewaySubject(Deployment deployment) : deployment_(deployment), servers_(deployment) {
    servers_.for_each([](RunningRedis&, Client& client) {
      EXPECT_EQ(client.say({"FUNCTION", "LOAD", "REPLACE", library_with_told_clock()}),
                "doorbuster");
    });
    set_clock();
    open();
  }
  ~GatewaySubject() override { close(); }

  store::Reply ask(const store::Command& command) override {
    return std::move(ask_all({command}).front());
  }
  std::vector<store::Reply> ask_all(const std::vector<store::Command>& commands) override {
    std::promise<void> all;
    boost::asio::post(*io_, [&] {
      released_.clear();
      awaited_ = {commands.size(), &all};
      for (std::size_t i = 0; i < commands.size(); ++i) {
        gateway_->submit({0, nullptr, i, {}}, commands[i]);
      }
      gateway_->end_turn();
    });
    all.get_future().wait();
    std::vector<store::Reply> replies(commands.size());
    for (store::Released& each : released_) {
      replies[each.ticket.context] = std::move(each.reply);
    }
    return replies;
  }
  store::EventFeed* feed() override { return feed_.get(); }
  void advance(std::chrono::milliseconds by) override {
    now_ += by;
    set_clock();
  }
  void restart(bool in_good_order) override {
    close();
    servers_.for_each([in_good_order](RunningRedis& server, Client& client) {
      if (in_good_order) client.ask({"SHUTDOWN"}, 60s);
      server.kill();
    });
    servers_.for_each([](RunningRedis& server, Client&) { server.start_again(); });
    servers_.wait_ready();
    set_clock();
    open();
  }

 private:
  void set_clock() {
    const auto since = now_.time_since_epoch().count();
    // The connection may not have noticed yet that the server was gone.
    servers_.for_each([since](RunningRedis&, Client& client) {
      EXPECT_TRUE(client.ask_until({"FCALL", "test_clock", "0", std::to_string(since / 1000),
                                    std::to_string(since % 1000 * 1000 + 999)},
                                   [](const Answer& answer) { return answer.reply.is_integer(); }));
    });
  }
  void open() {
    io_ = std::make_unique<boost::asio::io_context>(1);
    ClientOptions options;
    options.connection =
        servers_.server ? servers_.server->options() : servers_.cluster->servers[0]->options();
    options.routing.deployment = deployment_;
    auto client = RedisClient::open(*io_, options, [](const Node&, bool, const std::string&) {});
    CHECK(client.ok());
    const HashKey key{3, 4};
    caller_ = std::make_unique<SafeCaller>(std::move(*client), CallerOptions{60s, {}, {}, {}});
    relay_ = std::make_unique<Relay>(*io_, *caller_, RelayOptions{});
    feed_ = std::make_unique<RedisFeed>(*io_, *caller_, *relay_,
                                        FeedOptions{.incarnation = "0a1b", .claim_id_key = key});
    gateway_ = std::make_unique<Gateway>(
        *caller_,
        GatewayOptions{.claim_id_key = key,
                       .batches = {},
                       .on_change = [this](std::string_view slug) { relay_->changed(slug); }},
        [this] { boost::asio::post(*io_, [this] { take_replies(); }); });
    thread_ = std::thread([this] { io_->run(); });
  }
  void take_replies() {
    gateway_->take_released(released_);
    if (awaited_.all == nullptr || released_.size() < awaited_.replies) return;
    std::exchange(awaited_.all, nullptr)->set_value();
  }
  void close() {
    boost::asio::post(*io_, [this] { io_->stop(); });
    thread_.join();
    caller_->close();
    gateway_.reset();
    feed_.reset();
    relay_.reset();
    caller_.reset();
    io_.reset();
  }

  const Deployment deployment_;
  Servers servers_;
  Time now_{std::chrono::hours(490'000)};
  std::unique_ptr<boost::asio::io_context> io_;  // what follows is its thread's
  std::unique_ptr<SafeCaller> caller_;
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<RedisFeed> feed_;
  std::unique_ptr<Gateway> gateway_;
  std::vector<store::Released> released_;
  struct {
    std::size_t replies = 0;
    std::promise<void>* all = nullptr;
  } awaited_;
  std::thread thread_;
};

// A call settles 64 ends; a read waits for all of them, and for the list of all sales as well.
TEST(GatewayOverTime, SettlesHoweverMuchIsDueBeforeItTells) {
  constexpr std::uint32_t kHolds = 8'000;
  GatewaySubject subject(Deployment::server);
  sale::SaleDefinition definition;
  definition.slug = "s";
  definition.stock = kHolds;
  definition.hold_seconds = 10;
  subject.ask(sale::CreateSale{std::make_shared<sale::SaleDefinition>(definition)});
  std::vector<store::Command> claims;
  for (std::uint32_t i = 0; i < kHolds; ++i) {
    claims.emplace_back(
        sale::ClaimUnits{sale::Slug("s"), sale::BuyerId("b" + std::to_string(i)), 1, {}});
  }
  for (const auto& [name, read] :
       {std::pair<const char*, store::Command>("one", store::ReadSale{sale::Slug("s")}),
        std::pair<const char*, store::Command>("all", store::ListSales{})}) {
    subject.ask_all(claims);
    subject.advance(10s);
    const store::Reply reply = subject.ask(read);
    const auto* page = std::get_if<store::SalesPage>(&reply);
    const auto& view = page == nullptr ? std::get<store::SaleView>(reply) : page->sales.at(0);
    EXPECT_EQ(view.totals.available, kHolds) << name;
    EXPECT_EQ(view.totals.held, 0U) << name;
  }
}

store::ContractParameter subject(std::string name, Deployment deployment) {
  // A cluster takes two seconds each time before it takes writes, and a server shows the rest.
  return {std::move(name), [deployment] { return std::make_unique<GatewaySubject>(deployment); },
          deployment == Deployment::cluster};
}

}  // namespace
}  // namespace doorbuster::redis

namespace doorbuster::store {
namespace {

using redis::Deployment;
using redis::subject;

const ContractParameter kServer = subject("server", Deployment::server);
INSTANTIATE_TEST_SUITE_P(OnRedis, Contract, testing::Values(kServer), name_of);
INSTANTIATE_TEST_SUITE_P(OnRedis, FeedContract, testing::Values(kServer), name_of);
// A cluster takes seconds to find itself, and shows nothing more to the sanitizers.
#ifdef DOORBUSTER_CONTRACT_ON_CLUSTER
const ContractParameter kCluster = subject("cluster", Deployment::cluster);
INSTANTIATE_TEST_SUITE_P(OnRedisCluster, Contract, testing::Values(kCluster), name_of);
INSTANTIATE_TEST_SUITE_P(OnRedisCluster, FeedContract, testing::Values(kCluster), name_of);
#endif

}  // namespace
}  // namespace doorbuster::store
