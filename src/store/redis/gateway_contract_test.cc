// The contract suite on a gateway over a real server, whose clock the test sets.
#include <gtest/gtest.h>

#include "store/contract_suite.h"
#include "store/redis/functions_world_test.h"
#include "store/redis/gateway.h"
#include "store/redis/running_client_test.h"

namespace doorbuster::redis {
namespace {

using namespace std::chrono_literals;
using store::Command;

class GatewaySubject final : public store::ContractSubject {
 public:
  GatewaySubject() : server_({"appendonly yes", "appendfsync always", "save ''"}) {
    set_clock();
    open();
  }
  ~GatewaySubject() override { gateway_.reset(); }

  store::Reply ask(const Command& command) override {
    return std::move(ask_all({command}).front());
  }
  std::vector<store::Reply> ask_all(const std::vector<Command>& commands) override {
    std::uint64_t context = 0;
    for (const Command& command : commands) gateway_->submit({0, nullptr, context++, {}}, command);
    gateway_->end_turn();
    std::vector<store::Released> released;
    while (released.size() < commands.size()) {
      gateway_->take_released(released);
      if (released.size() < commands.size()) io_.run_one();
      gateway_->end_turn();
    }
    std::vector<store::Reply> replies(commands.size());
    for (store::Released& each : released) {
      replies[each.ticket.context] = std::move(each.reply);
    }
    return replies;
  }
  void advance(std::chrono::milliseconds by) override {
    now_ += by;
    set_clock();
  }
  void restart(bool in_good_order) override {
    gateway_.reset();
    if (in_good_order) server_.client.ask({"SHUTDOWN"}, 1s);
    server_.redis.kill();
    server_.redis.start_again();
    EXPECT_TRUE(server_.client.wait_up());
    open();
  }

 private:
  void set_clock() {
    server_.set_clock(now_);
    server_.client.ask({"PING"});  // the clock is set when this is answered
  }
  void open() {
    ClientOptions options;
    options.connection = server_.redis.options();
    auto client = RedisClient::open(io_, options, [](const Node&, bool, const std::string&) {});
    CHECK(client.ok());
    GatewayOptions gateway;
    gateway.claim_id_key = {3, 4};
    gateway.patience = 60s;
    gateway_ = std::make_unique<Gateway>(std::move(*client), gateway, [] {});
  }

  FunctionServer server_;
  Time now_{std::chrono::hours(490'000)};
  boost::asio::io_context io_{1};
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace
}  // namespace doorbuster::redis

namespace doorbuster::store {
namespace {

INSTANTIATE_TEST_SUITE_P(Redis, Contract,
                         testing::Values(ContractParameter{
                             "server", [] { return std::make_unique<redis::GatewaySubject>(); }}),
                         name_of);

}  // namespace
}  // namespace doorbuster::store
