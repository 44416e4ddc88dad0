// The store that gateways are to the rest of the program: its thread, its opening, what it says of
// itself, and the identity that all of them share.
#include "store/redis/redis_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "store/redis/identity.h"
#include "store/redis/running_redis_test.h"

namespace doorbuster::redis {
namespace {

using namespace std::chrono_literals;

const RunningRedis::Lines kLasting = {"appendonly yes", "appendfsync always"};
constexpr std::string_view kIdentityKey = "{doorbuster}:identity";

RedisStoreOptions options_for(const RunningRedis& server) {
  RedisStoreOptions options;
  options.client.connection = server.options();
  options.patience = 60s;
  options.start_time = 60s;
  options.look_time = 20ms;
  static std::atomic<std::uint8_t> next = 1;
  options.random = [](std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = next++;
  };
  return options;
}

// One thread's way into a store.
class PortUser final : public store::ReplySink {
 public:
  explicit PortUser(store::ClaimStore& store)
      : port_(store.connect([this] {
          const std::lock_guard lock(mutex_);
          woken_ = true;
          changed_.notify_one();
        })) {}

  store::Reply ask(const store::Command& command) {
    EXPECT_TRUE(port_->submit(command, *this, 7));
    port_->flush();
    while (!reply_) {
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, 60s, [this] { return std::exchange(woken_, false); })) {
          ADD_FAILURE() << "no reply within a minute";
          return store::NoSuchSale{};
        }
      }
      port_->flush();
    }
    return *std::exchange(reply_, std::nullopt);
  }
  void on_reply(std::uint64_t context, store::Reply&& reply) override {
    EXPECT_EQ(context, 7U);
    reply_ = std::move(reply);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::optional<store::Reply> reply_;
  std::unique_ptr<store::StorePort> port_;
};

store::Command create_sale(const std::string& slug) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = slug;
  definition->stock = 10;
  return sale::CreateSale{definition};
}
store::Command claim_by(const std::string& buyer) {
  return sale::ClaimUnits{sale::Slug("s"), sale::BuyerId(buyer), 1, {}};
}
ErrorCode code_of(const store::Reply& reply) {
  const auto* error = std::get_if<Error>(&reply);
  return error == nullptr ? ErrorCode::not_found : error->code;
}

std::string line_of(const store::ClaimStore& store, std::string_view part) {
  for (const auto& [name, state] : store.condition().lines) {
    if (name == part) return state;
  }
  return "no such part";
}
// Until its condition is as wanted; a look is due every 20 ms.
bool becomes(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return holds();
}

TEST(RedisStore, ServesEachPortAndOtherStoresFindTheSame) {
  RunningRedis server(kLasting);
  auto first = open_redis_store(options_for(server));
  auto second = open_redis_store(options_for(server));
  ASSERT_TRUE(first.ok()) << first.error().message;
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_TRUE((*first)->condition().ready);
  EXPECT_EQ((*first)->condition().durability, "D1");
  EXPECT_EQ((*first)->events().incarnation(), (*second)->events().incarnation());
  PortUser here(**first);
  PortUser beside(**first);
  PortUser there(**second);
  EXPECT_TRUE(std::holds_alternative<store::CreateReply>(here.ask(create_sale("s"))));
  const auto won = std::get<store::ClaimReply>(beside.ask(claim_by("ann")));
  const auto again = std::get<store::ClaimReply>(there.ask(claim_by("ann")));
  EXPECT_EQ(won.verdict, sale::ClaimVerdict::granted);
  EXPECT_EQ(again.verdict, sale::ClaimVerdict::existing);
  EXPECT_EQ(again.claim.id, won.claim.id);
}

// The first page that comes, with the ids of its claims.
std::future<std::vector<sale::ClaimId>> claims_behind(store::EventFeed& feed,
                                                      std::string_view cursor) {
  auto claims = std::make_shared<std::promise<std::vector<sale::ClaimId>>>();
  const store::EventsWanted wanted{store::Cursor(cursor), {}, 100, 60s};
  EXPECT_TRUE(feed.read(wanted, [claims](store::EventsReply& reply) {
    std::vector<sale::ClaimId> ids;
    const auto* read = std::get_if<store::EventsRead>(&reply);
    if (read != nullptr) {
      for (const store::FeedEvent& each : read->events) ids.push_back(each.claim);
    }
    claims->set_value(std::move(ids));
  }));
  return claims->get_future();
}

TEST(RedisStore, TellsItsEventsAndThoseOfOtherStores) {
  RunningRedis server(kLasting);
  auto first = open_redis_store(options_for(server));
  auto second = open_redis_store(options_for(server));
  ASSERT_TRUE(first.ok() && second.ok());
  PortUser here(**first);
  here.ask(create_sale("s"));
  EXPECT_EQ(claims_behind((*first)->events(), "").get().size(), 2U);
  auto at_first = claims_behind((*first)->events(), "2");
  auto at_second = claims_behind((*second)->events(), "2");
  const auto won = std::get<store::ClaimReply>(here.ask(claim_by("ann")));
  EXPECT_EQ(at_first.get(), std::vector<sale::ClaimId>{won.claim.id});
  EXPECT_EQ(at_second.get(), std::vector<sale::ClaimId>{won.claim.id});
  // Nobody answers these.
  for (int i = 0; i < 100; ++i) claims_behind((*second)->events(), "latest");
}

TEST(RedisStore, ARewindThatTheFeedAloneKnowsOfIsListedAndAccepted) {
  RunningRedis server(kLasting);
  Client client(server.options());
  std::vector<std::pair<std::string, std::string>> old;
  {
    auto opened = open_redis_store(options_for(server));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    PortUser user(**opened);
    user.ask(create_sale("s"));
    EXPECT_EQ(claims_behind((*opened)->events(), "").get().size(), 2U);
    for (const std::string key : {"{s}:state", "{s}:events"}) {
      old.emplace_back(key, client.ask({"DUMP", key}).reply.text);
    }
    user.ask(claim_by("ann"));
    EXPECT_EQ(claims_behind((*opened)->events(), "").get().size(), 3U);
  }
  client.say({"DEL", "{s}:buyers", "{s}:claims"});
  for (const auto& [key, dump] : old) client.say({"RESTORE", key, "0", dump, "REPLACE"});
  auto opened = open_redis_store(options_for(server));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  store::ClaimStore& store = **opened;
  ASSERT_TRUE(becomes([&] { return store.rewinds().size() == 1; }));
  EXPECT_EQ(store.rewinds()[0].sale, "s");
  EXPECT_EQ(line_of(store, "feed"), "rewound, and left out of the feed: s");
  EXPECT_EQ(line_of(store, "history"), "ok");
  EXPECT_TRUE(store.condition().ready);
  PortUser user(store);
  const auto won = std::get<store::ClaimReply>(user.ask(claim_by("bob")));
  EXPECT_TRUE(store.accept_rewind("s").ok());
  EXPECT_EQ(claims_behind(store.events(), "3").get(), std::vector<sale::ClaimId>{won.claim.id});
  EXPECT_TRUE(becomes([&] { return store.rewinds().empty(); }));
  EXPECT_EQ(line_of(store, "feed"), "ok");
  EXPECT_FALSE(store.accept_rewind("s").ok());
}

TEST(RedisStore, MayBeDestroyedWithRepliesUnderWay) {
  RunningRedis server(kLasting);
  for (int round = 0; round < 10; ++round) {
    auto opened = open_redis_store(options_for(server));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    PortUser user(**opened);
    user.ask(create_sale("s"));
    const auto port = (*opened)->connect([] {});
    for (int i = 0; i < 300; ++i) port->submit(claim_by("b" + std::to_string(i)), user, 7);
    port->flush();
  }
}

TEST(RedisStore, OverOtherServersThanItWasStartedWithSellsNothing) {
  RunningRedis server(kLasting);
  Client client(server.options());
  auto opened = open_redis_store(options_for(server));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const store::ClaimStore& store = **opened;
  PortUser user(**opened);
  user.ask(create_sale("s"));
  const std::string own = client.say({"GET", std::string(kIdentityKey)});
  std::string other = own;
  other[0] = own[0] == 'f' ? '0' : 'f';
  client.say({"SET", std::string(kIdentityKey), other});
  EXPECT_TRUE(becomes([&] { return line_of(store, "setup") != "ok"; }));
  EXPECT_FALSE(store.condition().ready);
  EXPECT_EQ(code_of(user.ask(claim_by("ann"))), ErrorCode::data_damaged);
  EXPECT_TRUE(claims_behind((*opened)->events(), "").get().empty());
  client.say({"SET", std::string(kIdentityKey), own});
  EXPECT_TRUE(becomes([&] { return store.condition().ready; }));
  EXPECT_TRUE(std::holds_alternative<store::ClaimReply>(user.ask(claim_by("ann"))));
  EXPECT_EQ(claims_behind((*opened)->events(), "").get().size(), 3U);
}

TEST(RedisStore, PutsAnIdentityThatIsGoneBack) {
  RunningRedis server(kLasting);
  Client client(server.options());
  auto opened = open_redis_store(options_for(server));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const std::string own = client.say({"GET", std::string(kIdentityKey)});
  client.say({"DEL", std::string(kIdentityKey)});
  EXPECT_TRUE(becomes([&] { return client.say({"GET", std::string(kIdentityKey)}) == own; }));
}

TEST(RedisStore, DoesNotStartOverAnIdentityThatIsNone) {
  RunningRedis server(kLasting);
  Client client(server.options());
  EXPECT_TRUE(client.wait_up());
  for (const char* text :
       {"", "x", "0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdeg",
        "0123456789abcdef0123456789abcdeF 0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef0"}) {
    client.say({"SET", std::string(kIdentityKey), text});
    const auto opened = open_redis_store(options_for(server));
    ASSERT_FALSE(opened.ok()) << text;
    EXPECT_EQ(opened.error().code, ErrorCode::data_damaged) << opened.error().message;
  }
  client.say({"DEL", std::string(kIdentityKey)});
  client.say({"RPUSH", std::string(kIdentityKey), "x"});
  auto options = options_for(server);
  options.start_time = 100ms;
  EXPECT_FALSE(open_redis_store(options).ok());
}

TEST(RedisStore, StartsWithItsMemoryFull) {
  RunningRedis server(kLasting);
  Client client(server.options());
  { ASSERT_TRUE(open_redis_store(options_for(server)).ok()); }
  client.say({"CONFIG", "SET", "maxmemory", "1"});
  auto opened = open_redis_store(options_for(server));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  PortUser user(**opened);
  EXPECT_EQ(code_of(user.ask(create_sale("s"))), ErrorCode::storage_unavailable);
}

}  // namespace
}  // namespace doorbuster::redis
