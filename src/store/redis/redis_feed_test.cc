// The feed of all sales on a real server: any number of gateways put each event into it once, and
// whoever reads learns of all of them, or is told why not.
#include "store/redis/redis_feed.h"

#include <gtest/gtest.h>

#include <map>

#include "store/redis/catalog_keys.h"
#include "store/redis/function_library.h"
#include "store/redis/gateway.h"
#include "store/redis/running_redis_test.h"

namespace doorbuster::redis {
namespace {

using namespace std::chrono_literals;

struct Told {
  std::uint64_t id = 0;
  std::string slug;
  std::uint64_t sequence = 0;
  sale::ClaimId claim;
  std::string type;
  friend bool operator==(const Told&, const Told&) = default;
};

struct Page {
  std::string outcome;  // "read", or why not
  std::vector<Told> events;
  std::uint64_t next = 0;
  bool has_more = false;
};

struct ToPage {
  Page operator()(const store::EventsRead& read) const {
    Page page{"read", {}, number(read.next), read.has_more};
    for (const store::FeedEvent& each : read.events) {
      EXPECT_EQ(each.incarnation, "0a1b");
      page.events.push_back({number(each.id), std::string(each.slug), each.event.sequence.value,
                             each.claim, std::string(sale::type_name(each.event))});
    }
    return page;
  }
  Page operator()(const store::NoSuchSaleEver&) const { return {"no such sale", {}}; }
  Page operator()(const store::NoSuchCursor&) const { return {"no such cursor", {}}; }
  Page operator()(const store::CursorExpired& expired) const {
    return {"expired, oldest " + std::string(expired.oldest.view()), {}};
  }
  Page operator()(const Error& error) const { return {"error: " + error.message, {}}; }

  static std::uint64_t number(const store::Cursor& cursor) {
    return std::stoull(std::string(cursor.view()));
  }
};

// A page that was asked for; empty until it is there.
using Asked = std::shared_ptr<std::optional<Page>>;

store::EventsWanted behind(std::uint64_t position, std::string_view sale = "") {
  return {store::Cursor(std::to_string(position)), sale::Slug(sale), 1'000, 0ms};
}
store::EventsWanted waiting(store::EventsWanted wanted) {
  wanted.wait = 1h;
  return wanted;
}
const store::EventsWanted kFromNow = waiting({store::Cursor(store::kLatest), {}, 1'000, 0ms});

// It puts nothing into the index unless a reader waits for that.
const RelayOptions kLazy{.gather = 1h, .page_pause = 1h};
const RelayOptions kEager{.gather = 0ms, .page_pause = 1ms};
const CallerOptions kUnhurried{60s, {}, {}, {}};

// A gateway with all that belongs to it.
class Gate {
 public:
  Gate(boost::asio::io_context& io, const RunningRedis& redis, const RelayOptions& relaying = {},
       CallerOptions calling = kUnhurried)
      : io_(io) {
    ClientOptions client;
    client.connection = redis.options();
    auto opened = RedisClient::open(io_, client, [](const Node&, bool, const std::string&) {});
    EXPECT_TRUE(opened.ok());
    const HashKey key{3, 4};
    caller = std::make_unique<SafeCaller>(std::move(*opened), std::move(calling));
    relay = std::make_unique<Relay>(io_, *caller, relaying);
    feed = std::make_unique<RedisFeed>(io_, *caller, *relay,
                                       FeedOptions{.incarnation = "0a1b", .claim_id_key = key});
    gateway = std::make_unique<Gateway>(
        *caller,
        GatewayOptions{.claim_id_key = key,
                       .batches = {},
                       .on_change = [this](std::string_view slug) { relay->changed(slug); }},
        [] {});
  }
  ~Gate() { caller->close(); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  bool turn_until(const std::function<bool()>& holds) { return redis::turn_until(io_, {}, holds); }
  void hand_over(const store::Command& command) {
    gateway->submit({0, nullptr, handed_over_++, {}}, command);
  }
  bool is_answered() {
    gateway->end_turn();
    gateway->take_released(released);
    return released.size() == handed_over_;
  }
  store::Reply ask(const store::Command& command) {
    hand_over(command);
    turn_until([this] { return is_answered(); });
    return std::move(released.back().reply);
  }
  void create(const std::string& slug, std::uint32_t stock = 1'000) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = stock;
    definition->per_buyer_limit = 1'000;
    const store::Reply reply = ask(sale::CreateSale{definition});
    EXPECT_TRUE(std::holds_alternative<store::CreateReply>(reply));
  }
  void hand_over_claim(const std::string& slug, const std::string& buyer) {
    hand_over(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}});
  }
  store::ClaimReply claim(const std::string& slug, const std::string& buyer) {
    const store::Reply reply = ask(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}});
    const auto* claim = std::get_if<store::ClaimReply>(&reply);
    EXPECT_TRUE(claim != nullptr && claim->verdict == sale::ClaimVerdict::granted) << slug;
    return claim == nullptr ? store::ClaimReply{} : *claim;
  }
  std::uint64_t sequence(const std::string& slug) {
    return std::get<store::SaleView>(ask(store::ReadSale{sale::Slug(slug)})).sequence.value;
  }

  Asked ask_feed(const store::EventsWanted& wanted) {
    auto page = std::make_shared<std::optional<Page>>();
    EXPECT_TRUE(feed->read(
        wanted, [page](store::EventsReply& reply) { *page = std::visit(ToPage{}, reply); }));
    return page;
  }
  Page await(const Asked& asked) {
    return turn_until([&] { return asked->has_value(); }) ? **asked : Page{"never", {}};
  }
  Page read(const store::EventsWanted& wanted) { return await(ask_feed(wanted)); }
  // All that is there, `most` at a time.
  std::vector<Told> read_all(std::string_view slug = "", std::uint32_t most = 1'000) {
    std::vector<Told> all;
    store::EventsWanted wanted = behind(0, slug);
    wanted.most = most;
    for (Page page{"read", {}, 0, true}; page.has_more;) {
      page = read(wanted);
      EXPECT_EQ(page.outcome, "read");
      EXPECT_LE(page.events.size(), most);
      all.insert(all.end(), page.events.begin(), page.events.end());
      wanted.after = store::Cursor(std::to_string(page.next));
    }
    return all;
  }
  // So many, whenever they come.
  std::vector<Told> await_events(std::size_t count) {
    std::vector<Told> all;
    while (all.size() < count) {
      const Page page = read(waiting(behind(all.empty() ? 0 : all.back().id)));
      EXPECT_EQ(page.outcome, "read");
      if (page.events.empty()) break;
      all.insert(all.end(), page.events.begin(), page.events.end());
    }
    return all;
  }

  std::unique_ptr<SafeCaller> caller;
  std::unique_ptr<Relay> relay;
  std::unique_ptr<RedisFeed> feed;
  std::unique_ptr<Gateway> gateway;
  std::vector<store::Released> released;

 private:
  boost::asio::io_context& io_;
  std::uint64_t handed_over_ = 0;
};

// Positions without gaps, and the events of each sale in their order.
void expect_whole(const std::vector<Told>& events, std::uint64_t first = 1) {
  std::map<std::string, std::uint64_t> last;
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].id, first + i);
    const auto [sale, is_new] = last.emplace(events[i].slug, events[i].sequence);
    if (is_new) continue;
    ASSERT_EQ(events[i].sequence, sale->second + 1) << events[i].slug;
    sale->second = events[i].sequence;
  }
}

class FeedOnAServer : public testing::Test {
 protected:
  explicit FeedOnAServer(const RunningRedis::Lines& lines = {}) : redis_(lines) {
    EXPECT_EQ(client_.say(load_library_command()), "doorbuster");
  }
  std::string say(const Arguments& arguments) { return client_.say(arguments); }
  // What a sale's keys hold, to be put there again.
  std::map<std::string, std::string> copy_of(const std::string& slug) {
    std::map<std::string, std::string> copy;
    for (const std::string& key : sale_keys(slug)) {
      const Reply dump = client_.ask({"DUMP", key}).reply;
      if (dump.is_text()) copy[key] = dump.text;
    }
    return copy;
  }
  void put_back(const std::map<std::string, std::string>& copy) {
    for (const auto& [key, dump] : copy) {
      EXPECT_EQ(say({"RESTORE", key, "0", dump, "REPLACE"}), "OK");
    }
  }

  RunningRedis redis_;
  Client client_{redis_.options()};
  boost::asio::io_context io_{1};
};

class FeedOfAShortIndex : public FeedOnAServer {
 protected:
  // So that the index is as short as is said, and not as is convenient.
  FeedOfAShortIndex() : FeedOnAServer({"stream-node-max-entries 1"}) {}
};

TEST_F(FeedOnAServer, ManyGatewaysPutEachEventThereOnceAndInTheOrderOfItsSale) {
  constexpr int kSales = 5;
  constexpr int kTurns = 30;
  Gate one(io_, redis_, kEager);
  Gate other(io_, redis_, kEager);
  Gate third(io_, redis_, kEager);
  for (int sale = 0; sale < kSales; ++sale) one.create("s" + std::to_string(sale));
  for (int turn = 0; turn < kTurns; ++turn) {
    for (Gate* gate : {&one, &other}) {
      for (int sale = 0; sale < kSales; ++sale) {
        gate->hand_over_claim("s" + std::to_string(sale),
                              (gate == &one ? "a" : "b") + std::to_string(turn));
      }
      gate->gateway->end_turn();
    }
    io_.run_one();
  }
  ASSERT_TRUE(one.turn_until([&] { return one.is_answered() && other.is_answered(); }));
  std::uint64_t expected = 0;
  for (int sale = 0; sale < kSales; ++sale) expected += one.sequence("s" + std::to_string(sale));
  EXPECT_EQ(expected, kSales * (2 + 2 * kTurns));
  const std::vector<Told> events = third.await_events(expected);
  EXPECT_EQ(events.size(), expected);
  expect_whole(events);
  for (Gate* gate : {&one, &other, &third}) {
    EXPECT_EQ(gate->read_all("", 7), events);
    EXPECT_TRUE(gate->relay->rewound().empty());
    EXPECT_FALSE(gate->relay->flaw());
  }
}

TEST_F(FeedOnAServer, WhatAGatewayToldAnybodyItTellsItsReaders) {
  Gate gate(io_, redis_, kLazy);
  gate.create("s");
  for (std::size_t i = 1; i <= 20; ++i) {
    const store::ClaimReply reply = gate.claim("s", "b" + std::to_string(i));
    const Page page = gate.read(behind(i + 1));
    ASSERT_EQ(page.events.size(), 1U);
    EXPECT_EQ(page.events[0].claim, reply.claim.id);
    EXPECT_EQ(page.events[0].type, "doorbuster.claim.confirmed");
  }
}

TEST_F(FeedOnAServer, WhatAGatewayDecidedBeforeItEndedAnotherOnePutsThere) {
  Gate running(io_, redis_, kEager);
  {
    Gate ending(io_, redis_, kLazy);
    ending.create("s");
    ending.claim("s", "ann");
  }
  expect_whole(running.await_events(3));
  {
    Gate ending(io_, redis_, kLazy);
    ending.claim("s", "bob");
    for (int i = 0; i < 250; ++i) ending.create("t" + std::to_string(i));
  }
  EXPECT_EQ(running.await_events(504).size(), 504U);
}

TEST_F(FeedOnAServer, WhatAllGatewaysLeftBehindTheNextOnePutsThereAtItsStart) {
  {
    Gate ending(io_, redis_, kLazy);
    for (int i = 0; i < 250; ++i) ending.create("t" + std::to_string(i));
  }
  EXPECT_EQ(say({"EXISTS", kFeedKey}), "0");
  Gate next(io_, redis_, kLazy);
  const std::vector<Told> events = next.await_events(500);
  EXPECT_EQ(events.size(), 500U);
  expect_whole(events);
}

TEST_F(FeedOfAShortIndex, WhoFellBehindWhatIsKeptIsToldTheOldest) {
  Gate gate(io_, redis_, {.kept = {.entries = 3}});
  gate.create("s");
  gate.read_all();
  for (int i = 0; i < 6; ++i) {
    gate.claim("s", "b" + std::to_string(i));
    gate.read(behind(0));
  }
  EXPECT_EQ(gate.read(behind(4)).outcome, "expired, oldest 5");
  EXPECT_EQ(gate.read(behind(4, "s")).outcome, "expired, oldest 5");
  for (const std::uint64_t oldest : {5U, 0U}) {
    const Page page = gate.read(behind(oldest));
    EXPECT_EQ(page.outcome, "read");
    EXPECT_EQ(page.events.size(), 3U);
    expect_whole(page.events, 6);
  }
  store::EventsWanted wanted = behind(0);
  wanted.after = {};
  EXPECT_EQ(gate.read(wanted).events.size(), 3U);
}

TEST_F(FeedOfAShortIndex, StreamsGiveUpWhatReadersCannotAskForAnyMore) {
  RelayOptions brief = kEager;
  brief.kept = {.entries = 5};
  Gate gate(io_, redis_, brief);
  Gate sleeper(io_, redis_, kLazy);
  gate.create("s");
  sleeper.claim("s", "first");  // all that it hears of the sale for long
  for (int i = 0; i < 30; ++i) {
    gate.claim("s", "b" + std::to_string(i));
    gate.read(behind(0));
  }
  ASSERT_TRUE(gate.turn_until([&] { return say({"XLEN", "{s}:events"}) == "5"; }));
  EXPECT_EQ(say({"XLEN", kFeedKey}), "5");
  store::EventsWanted wanted = behind(0);
  wanted.after = {};
  const Page page = gate.read(wanted);
  ASSERT_EQ(page.events.size(), 5U);
  EXPECT_EQ(page.events.back().sequence, 2U + 31U);
  EXPECT_TRUE(gate.gateway->rewound().empty());
  sleeper.claim("s", "last");
  EXPECT_TRUE(sleeper.gateway->rewound().empty());
  EXPECT_EQ(sleeper.read(wanted).events.back().sequence, 2U + 32U);
}

TEST_F(FeedOnAServer, ASaleThatWasRewoundIsLeftOutAndTheOthersGoOn) {
  Gate gate(io_, redis_);
  gate.create("s");
  gate.claim("s", "ann");
  gate.create("t");
  gate.read_all();
  const auto old = copy_of("s");
  for (const char* buyer : {"bob", "cem"}) {
    gate.claim("s", buyer);
    gate.read_all();
  }
  const std::vector<Told> before = gate.read_all();
  EXPECT_EQ(before.size(), 7U);
  const auto whole = copy_of("s");
  put_back(old);

  Gate newcomer(io_, redis_, kEager);  // it knows no better, and sells on
  newcomer.claim("s", "dan");
  newcomer.claim("t", "eve");
  ASSERT_TRUE(newcomer.turn_until([&] { return newcomer.relay->rewound().contains("s"); }));
  EXPECT_NE(newcomer.relay->flaw()->message.find("left out of the feed: s"), std::string::npos);
  EXPECT_EQ(newcomer.relay->rewound().size(), 1U);
  const std::vector<Told> told = newcomer.read_all();
  ASSERT_EQ(told.size(), 6U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(told[i], before[i]);
  EXPECT_EQ(told[5].slug, "t");
  EXPECT_EQ(told[5].id, 8U);
  EXPECT_EQ(newcomer.read_all("s").size(), 3U);
  EXPECT_EQ(newcomer.read_all("", 1), told);

  put_back(whole);
  ASSERT_TRUE(newcomer.turn_until([&] { return newcomer.relay->rewound().empty(); }));
  const std::vector<Told> again = newcomer.read_all();
  ASSERT_EQ(again.size(), 8U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(again[i], before[i]);
}

TEST_F(FeedOnAServer, ARewindThatIsAcceptedIsToldFromWhereTheHistoriesPart) {
  Gate gate(io_, redis_);
  gate.create("t");
  gate.create("s");
  gate.claim("s", "ann");
  gate.read_all();
  const auto old = copy_of("s");
  for (int i = 0; i < 300; ++i) {
    gate.claim("s", "b" + std::to_string(i));
    gate.read(behind(0, "t"));
    if (i == 150) gate.claim("t", "x");
  }
  const std::vector<Told> before = gate.read_all();
  put_back(old);
  Gate newcomer(io_, redis_, kEager);
  newcomer.claim("s", "cem");
  newcomer.claim("s", "dan");
  ASSERT_TRUE(newcomer.turn_until([&] { return newcomer.relay->rewound().contains("s"); }));
  EXPECT_EQ(newcomer.read_all("s").size(), 3U);

  newcomer.relay->accept_rewind("s");
  EXPECT_FALSE(newcomer.relay->rewound().contains("s"));  // at once: nobody accepts it twice
  newcomer.relay->accept_rewind("none");
  const std::vector<Told> told = newcomer.read_all("s");
  EXPECT_TRUE(newcomer.relay->rewound().empty());
  EXPECT_FALSE(newcomer.relay->flaw());
  ASSERT_EQ(told.size(), 5U);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i].sequence, i + 1);
  EXPECT_GT(told[3].id, before.back().id);
  // Another one that knows the place that is lost finds the new one.
  newcomer.claim("s", "eve");
  gate.relay->changed("s");
  EXPECT_EQ(gate.read_all("s").size(), 6U);
  EXPECT_TRUE(gate.relay->rewound().empty());
  EXPECT_EQ(newcomer.read_all("", 2), gate.read_all());
}

TEST_F(FeedOnAServer, ARewindAfterWhichNothingHappenedIsAcceptedToo) {
  Gate gate(io_, redis_);
  gate.create("s");
  gate.read_all();
  const auto old = copy_of("s");
  gate.claim("s", "ann");
  gate.read_all();
  put_back(old);
  Gate newcomer(io_, redis_, kLazy);
  newcomer.relay->accept_rewind("s");
  EXPECT_EQ(newcomer.read_all().size(), 2U);
  newcomer.claim("s", "bob");
  const std::vector<Told> told = newcomer.read_all();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[2].sequence, 3U);
  EXPECT_EQ(told[2].id, 4U);
}

TEST_F(FeedOnAServer, ASaleThatWasLostWholeAndIsThereAgainIsToldFromItsBeginning) {
  Gate gate(io_, redis_);
  gate.create("s");
  gate.read_all();
  for (const std::string& key : sale_keys("s")) say({"DEL", key});
  Gate newcomer(io_, redis_, kEager);
  ASSERT_TRUE(newcomer.turn_until([&] { return newcomer.relay->rewound().contains("s"); }));
  newcomer.relay->accept_rewind("s");
  EXPECT_EQ(newcomer.read_all().size(), 0U);
  newcomer.create("s", 7);
  const std::vector<Told> told = newcomer.await_events(2);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].id, 3U);
  EXPECT_EQ(told[0].sequence, 1U);
}

TEST_F(FeedOnAServer, KeysOfAnotherTypeAreNamed) {
  Gate gate(io_, redis_);
  gate.create("s");
  gate.read_all();
  for (const std::string& key :
       {std::string(kFeedKey), std::string(kRelayedKey), std::string(kDroppedKey)}) {
    say({"RENAME", key, "aside"});
    say({"SET", key, "mine"});
    gate.claim("s", key);
    ASSERT_TRUE(gate.turn_until([&] { return gate.relay->flaw().has_value(); }));
    EXPECT_NE(gate.relay->flaw()->message.find(key), std::string::npos)
        << gate.relay->flaw()->message;
    if (key == kFeedKey) {
      for (const store::EventsWanted& wanted : {behind(0), kFromNow}) {
        const std::string outcome = gate.read(wanted).outcome;
        EXPECT_NE(outcome.find("error: " + key), std::string::npos) << outcome;
      }
    }
    EXPECT_EQ(say({"GET", key}), "mine");
    say({"DEL", key});
    say({"RENAME", "aside", key});
    ASSERT_TRUE(gate.turn_until([&] { return !gate.relay->flaw(); }));
  }
  say({"RENAME", "{s}:events", "{s}:aside"});
  say({"SET", "{s}:events", "mine"});
  const std::string outcome = gate.read(behind(0)).outcome;
  EXPECT_NE(outcome.find("{s}:events holds a string"), std::string::npos) << outcome;
  say({"RENAME", "{s}:aside", "{s}:events"});
  EXPECT_EQ(gate.read_all().size(), 5U);
}

TEST_F(FeedOnAServer, OneSaleIsReadAmongManyEventsOfOthers) {
  Gate gate(io_, redis_);
  gate.create("noise");
  gate.create("s");
  gate.read_all();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 140; ++i) {
      gate.claim("noise", "b" + std::to_string(round * 1'000 + i));
      gate.read(behind(0, "s"));
    }
    gate.claim("s", "b" + std::to_string(round));
    gate.read(behind(0, "s"));
  }
  EXPECT_GT(std::stoi(say({"XLEN", kFeedKey})), 420);
  const std::vector<Told> own = gate.read_all("s");
  ASSERT_EQ(own.size(), 5U);
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ(own[i].slug, "s");
    EXPECT_EQ(own[i].sequence, i + 1);
  }
  EXPECT_EQ(gate.read_all("s", 1), own);
  std::vector<Told> filtered;
  for (const Told& told : gate.read_all("", 99)) {
    if (told.slug == "s") filtered.push_back(told);
  }
  EXPECT_EQ(filtered, own);
  // What comes last is the sale's: nothing more was there.
  EXPECT_FALSE(gate.read(behind(0, "s")).has_more);
  EXPECT_EQ(gate.read(behind(0, "s")).next, own.back().id);
  const Page rest = gate.read(behind(own.back().id, "noise"));
  EXPECT_TRUE(rest.events.empty());
  EXPECT_EQ(rest.next, own.back().id);
}

TEST_F(FeedOnAServer, ASaleThatNeverWasIsNone) {
  Gate gate(io_, redis_);
  EXPECT_EQ(gate.read(behind(0, "s")).outcome, "no such sale");
  gate.ask(sale::PublishRound{5});
  EXPECT_EQ(gate.read(behind(0, "s")).outcome, "no such sale");
  EXPECT_EQ(gate.read(behind(0, "goods")).outcome, "no such sale");
  EXPECT_EQ(gate.read(behind(0, "goods-1")).events.size(), 2U);
}

TEST_F(FeedOnAServer, ACursorThatNobodyWasGivenIsNone) {
  Gate gate(io_, redis_);
  const Page nothing = gate.read(behind(0));
  EXPECT_EQ(nothing.outcome, "read");
  EXPECT_EQ(nothing.next, 0U);
  EXPECT_FALSE(nothing.has_more);
  EXPECT_EQ(gate.read(behind(1)).outcome, "no such cursor");
  gate.create("s");
  EXPECT_EQ(gate.read(behind(2)).outcome, "read");
  for (const char* text :
       {"3", "x", "-1", "1-0", "1 ", "18446744073709551615", "18446744073709551616", "newest"}) {
    store::EventsWanted wanted = behind(0);
    wanted.after = store::Cursor(text);
    EXPECT_EQ(gate.read(wanted).outcome, "no such cursor") << text;
    wanted.wait = 1h;
    EXPECT_EQ(gate.read(wanted).outcome, "no such cursor") << text;
  }
}

TEST_F(FeedOnAServer, WhoWaitsIsWokenByAnyGatewaysEvents) {
  Gate gate(io_, redis_, kLazy);
  Gate other(io_, redis_, kEager);
  other.create("s");
  other.create("t");
  other.read_all();
  const Asked latest = gate.ask_feed(kFromNow);
  const Asked of_t = gate.ask_feed(waiting(behind(4, "t")));
  const Asked at_other = other.ask_feed(kFromNow);
  // They wait by now.
  gate.read(behind(4));
  other.read(behind(4));
  EXPECT_FALSE(latest->has_value() || of_t->has_value() || at_other->has_value());
  other.claim("s", "ann");
  for (const Asked& asked : {latest, at_other}) {
    const Page page = gate.await(asked);
    ASSERT_EQ(page.events.size(), 1U);
    EXPECT_EQ(page.events[0].id, 5U);
    EXPECT_EQ(page.events[0].slug, "s");
    EXPECT_EQ(page.next, 5U);
  }
  EXPECT_FALSE(of_t->has_value());
  other.claim("t", "ann");
  const Page page = gate.await(of_t);
  ASSERT_EQ(page.events.size(), 1U);
  EXPECT_EQ(page.events[0].slug, "t");
  EXPECT_EQ(page.next, 6U);
}

TEST_F(FeedOnAServer, WhoWaitsInVainIsToldWhereHeIs) {
  Gate gate(io_, redis_);
  gate.create("s");
  gate.create("t");
  gate.claim("t", "ann");
  gate.read_all();
  store::EventsWanted wanted = behind(2, "s");
  wanted.wait = 1ms;
  const Page page = gate.read(wanted);
  EXPECT_EQ(page.outcome, "read");
  EXPECT_TRUE(page.events.empty());
  EXPECT_EQ(page.next, 5U);
  EXPECT_FALSE(page.has_more);
}

TEST_F(FeedOnAServer, PagesAreAsFullAsIsAskedForWhereverTheyBegin) {
  Gate gate(io_, redis_);
  for (const char* slug : {"s", "t", "u"}) gate.create(slug);
  for (int i = 0; i < 900; ++i) {
    for (const char* slug : {"s", "t", "u"}) gate.hand_over_claim(slug, "b" + std::to_string(i));
  }
  ASSERT_TRUE(gate.turn_until([&] { return gate.is_answered(); }));
  const Page first = gate.read(behind(0));
  EXPECT_EQ(first.events.size(), 1'000U);
  EXPECT_TRUE(first.has_more);
  const std::vector<Told> all = gate.read_all();
  EXPECT_EQ(all.size(), 3 * (2 + 900U));
  expect_whole(all);
  for (const std::uint32_t most : {1U, 10U, 333U}) {
    for (std::size_t at = 0; at < all.size(); at += 401) {
      store::EventsWanted wanted = behind(at);
      wanted.most = most;
      const Page page = gate.read(wanted);
      const std::size_t expected = std::min<std::size_t>(most, all.size() - at);
      ASSERT_EQ(page.events.size(), expected);
      EXPECT_TRUE(std::equal(page.events.begin(), page.events.end(),
                             all.begin() + static_cast<std::ptrdiff_t>(at)));
      EXPECT_EQ(page.has_more, at + expected < all.size());
    }
  }
}

TEST_F(FeedOnAServer, ALongHistoryIsPutThereByParts) {
  {
    Gate gate(io_, redis_, kLazy);
    gate.create("s", 12'000);
    for (int i = 0; i < 12'000; ++i) gate.hand_over_claim("s", "b" + std::to_string(i));
    ASSERT_TRUE(gate.turn_until([&] { return gate.is_answered(); }));
  }
  Gate next(io_, redis_, kLazy);
  const std::vector<Told> events = next.await_events(12'002);
  EXPECT_EQ(events.size(), 12'002U);
  expect_whole(events);
  EXPECT_EQ(say({"XLEN", kFeedKey}), "3");
}

TEST_F(FeedOnAServer, WhatTooFewReplicasHaveIsNotTold) {
  EXPECT_EQ(say({"CONFIG", "SET", "repl-diskless-sync-delay", "0"}), "OK");
  Gate careful(io_, redis_, kEager,
               {60s, [](std::string_view) { return Result<std::uint32_t>(1U); }, 20ms, {}});
  Gate careless(io_, redis_, kLazy);
  careless.create("s");
  EXPECT_EQ(careful.read(behind(0)).outcome.substr(0, 6), "error:");
  ASSERT_TRUE(careful.turn_until([&] { return careful.relay->flaw().has_value(); }));
  EXPECT_EQ(say({"EXISTS", kFeedKey}), "0");
  RunningRedis replica({"replicaof 127.0.0.1 " + std::to_string(redis_.port())});
  Page page = careful.read(behind(0));
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (page.events.size() < 2 && std::chrono::steady_clock::now() < end) {
    page = careful.read(behind(0));
  }
  expect_whole(page.events);
}

TEST_F(FeedOnAServer, WhereNothingMayBeToldManySalesFailAtOnce) {
  bool may_be_told = false;
  CallerOptions calling = kUnhurried;
  calling.replicas = [&](std::string_view tag) -> Result<std::uint32_t> {
    if (may_be_told || tag == kCatalogTag) return 0U;
    return Error{ErrorCode::storage_unavailable, "no replica is left"};
  };
  Gate other(io_, redis_, kLazy);
  other.create("s");
  Gate gate(io_, redis_, {.page_pause = 1h, .retry = 100ms}, calling);
  for (int i = 0; i < 5'000; ++i) gate.relay->changed("none-" + std::to_string(i));
  gate.relay->changed("s");
  // Who reads does not wait for what cannot be had.
  EXPECT_EQ(gate.read(behind(0)).outcome, "read");
  EXPECT_NE(gate.relay->flaw()->message.find("no replica is left"), std::string::npos);
  may_be_told = true;
  EXPECT_EQ(gate.await_events(2).size(), 2U);
  ASSERT_TRUE(gate.turn_until([&] { return !gate.relay->flaw(); }));
}

TEST_F(FeedOnAServer, WhoReadsManyPagesAtATimeGetsAllAndTooManyAreRefused) {
  Gate gate(io_, redis_);
  gate.create("s");
  gate.read_all();
  std::vector<Asked> asked;
  asked.reserve(4'096);
  for (int i = 0; i < 4'096; ++i) asked.push_back(gate.ask_feed(behind(0)));
  EXPECT_FALSE(gate.feed->read(behind(0), [](store::EventsReply&) { FAIL(); }));
  for (const Asked& each : asked) ASSERT_EQ(gate.await(each).events.size(), 2U);
  EXPECT_EQ(gate.read(behind(0)).events.size(), 2U);
}

TEST_F(FeedOnAServer, WhileNothingMayBeReadReadersAreToldWhy) {
  Gate gate(io_, redis_);
  gate.create("s");
  bool may_read = false;
  gate.feed = nullptr;
  gate.feed = std::make_unique<RedisFeed>(
      io_, *gate.caller, *gate.relay,
      FeedOptions{
          .incarnation = "0a1b", .claim_id_key = {3, 4}, .may_read = [&] {
            return may_read ? ok_status() : Status(Error{ErrorCode::data_damaged, "foreign"});
          }});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(gate.read(behind(0)).outcome, "error: foreign");
  may_read = true;
  EXPECT_EQ(gate.read(behind(0)).events.size(), 2U);
}

TEST_F(FeedOnAServer, MayBeClosedWithReadersOfAllKinds) {
  std::vector<Asked> asked;
  std::weak_ptr<std::optional<Page>> kept;
  {
    Gate gate(io_, redis_, kEager);
    gate.create("s");
    kept = gate.ask_feed(kFromNow);
    gate.read(behind(0));
    for (const auto& wanted : {kFromNow, waiting(behind(2)), behind(0), behind(0, "s")}) {
      asked.push_back(gate.ask_feed(wanted));
    }
    io_.run_one();
    gate.claim("s", "ann");
    asked.push_back(gate.ask_feed(behind(0)));
  }
  EXPECT_TRUE(kept.expired()) << "nobody will answer";
  while (io_.poll_one() > 0) {
  }
  io_.restart();
  EXPECT_FALSE(asked.back()->has_value());
  Gate next(io_, redis_);
  EXPECT_EQ(next.await_events(3).size(), 3U);
}

TEST_F(FeedOnAServer, TheEndOfADeletedSaleIsTold) {
  Gate gate(io_, redis_, kLazy);
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "s";
  definition->stock = 5;
  definition->opens_at = Time(std::chrono::hours(24 * 365 * 200));
  gate.ask(sale::CreateSale{definition});
  const store::Reply deleted = gate.ask(sale::DeleteSale{sale::Slug("s"), {}});
  ASSERT_TRUE(std::holds_alternative<store::SaleChangeReply>(deleted));
  const std::vector<Told> events = gate.read_all("s");
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].type, "doorbuster.sale.deleted");
}

}  // namespace
}  // namespace doorbuster::redis
