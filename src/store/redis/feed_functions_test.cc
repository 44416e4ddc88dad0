// The functions of the feed on a real server: what the index keeps, and how a history is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/redis/catalog_keys.h"
#include "store/redis/feed_index.h"
#include "store/redis/functions_world_test.h"

namespace doorbuster::redis {
namespace {

using testing::HasSubstr;

constexpr Time kMidnight{std::chrono::hours(490'000)};
constexpr std::uint32_t kAll = 1'000'000;

ChainPoint place_at(std::uint64_t sequence) {
  std::string digits = std::to_string(sequence);
  return {{sequence}, std::string(40 - digits.size(), 'a') + digits};
}

class FeedFunctions : public testing::Test {
 protected:
  FeedFunctions() { server_.set_clock(kMidnight); }

  std::string say(const Arguments& arguments) { return server_.client.say(arguments); }
  std::string digest() { return say({"DEBUG", "DIGEST"}); }
  RelayAnswer relay(std::string_view slug, const ChainPoint& from, const ChainPoint& to,
                    const KeptFeed& kept = {}) {
    const auto answer =
        read_relay_reply(server_.ask(relay_call(slug, from, from.sequence, to, kept)));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return *answer;
  }
  // Up to where the index has no need of the sale.
  std::uint64_t dropped(std::string_view slug) {
    const auto last = read_dropped(server_.client.ask({"HGET", kDroppedKey, slug}).reply);
    EXPECT_TRUE(last.ok());
    return last->value;
  }
  std::vector<Stretch> index() {
    const auto stretches = read_stretches(server_.client.ask({"XRANGE", kFeedKey, "-", "+"}).reply);
    EXPECT_TRUE(stretches.ok());
    return *stretches;
  }
  // A sale `lamp` and so many claims, each an entry of its own; where its history is.
  ChainPoint sell(int claims) {
    sale::SaleDefinition definition;
    definition.slug = "lamp";
    definition.stock = 1'000;
    ChainPoint known =
        read_publish_reply(server_.ask(publish_call(
                               {std::make_shared<sale::SaleDefinition>(definition), {}}, {7}, {})))
            ->at;
    for (int i = 0; i < claims; ++i) known = claim(known, {"b" + std::to_string(i)});
    return known;
  }
  ChainPoint claim(const ChainPoint& known, const std::vector<std::string>& buyers) {
    std::vector<sale::ClaimUnits> claims(buyers.size());
    for (std::size_t i = 0; i < buyers.size(); ++i) claims[i].buyer.assign(buyers[i]);
    const auto answer =
        read_claim_reply(server_.ask(claim_call({"lamp", false, known}, claims)), buyers.size());
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer->at;
  }
  FunctionAnswer place(const ChainPoint& known, std::uint64_t events = kAll) {
    const auto answer = read_place_reply(server_.ask(place_call("lamp", known, events)));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return *answer;
  }
  HistoryAnswer history(const ChainPoint& known, std::uint64_t behind, std::uint32_t events) {
    const auto answer =
        read_history_reply(server_.ask(history_call("lamp", known, {behind}, events)));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return *answer;
  }

  FunctionServer server_;
};

TEST_F(FeedFunctions, PositionsCountTheEventsOfAllSales) {
  EXPECT_EQ(relay("lamp", {}, place_at(2)).position, 2U);
  EXPECT_EQ(relay("cup", {}, place_at(5)).position, 7U);
  EXPECT_EQ(relay("lamp", place_at(2), place_at(3)).position, 8U);
  const std::vector<Stretch> stretches = index();
  ASSERT_EQ(stretches.size(), 3U);
  EXPECT_EQ(stretches[1].slug, "cup");
  EXPECT_EQ(stretches[1].behind(), 2U);
  EXPECT_EQ(stretches[2].slug, "lamp");
  EXPECT_EQ(stretches[2].before.value, 2U);
  EXPECT_EQ(stretches[2].last, place_at(3));
  EXPECT_EQ(stretches[2].position, 8U);
  EXPECT_EQ(read_relayed(server_.client.ask({"HGET", kRelayedKey, "lamp"}).reply).value(),
            place_at(3));
}

TEST_F(FeedFunctions, OnlyWhoKnowsWhereTheSaleIsInTheIndexPutsMoreThere) {
  relay("lamp", {}, place_at(2));
  const std::string before = digest();
  for (const ChainPoint& from :
       {ChainPoint{}, place_at(1), place_at(3), ChainPoint{{2}, place_at(3).hash}}) {
    const RelayAnswer answer = relay("lamp", from, place_at(9));
    EXPECT_EQ(answer.position, std::nullopt);
    EXPECT_EQ(answer.relayed, place_at(2));
  }
  EXPECT_EQ(relay("cup", place_at(1), place_at(2)).relayed, ChainPoint{});
  EXPECT_EQ(digest(), before);
}

TEST_F(FeedFunctions, AnotherHistoryGoesOnWhereItLeftTheOneBefore) {
  relay("lamp", {}, place_at(2));
  relay("lamp", place_at(2), place_at(9));
  const ChainPoint other{{5}, place_at(77).hash};
  const auto answer =
      read_relay_reply(server_.ask(relay_call("lamp", place_at(9), {2}, other, {})));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->position, 9U + 3U);
  EXPECT_EQ(index().back().before.value, 2U);
  EXPECT_EQ(index().back().last, other);
  // Nothing has happened since: it is only known where it goes on.
  const auto back = read_relay_reply(server_.ask(relay_call("lamp", other, {2}, place_at(2), {})));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->position, 12U);
  EXPECT_EQ(index().size(), 3U);
  EXPECT_EQ(relay("lamp", place_at(2), place_at(3)).position, 13U);
}

TEST_F(FeedFunctions, TheOldestEntriesGoAndThePositionsGoOn) {
  const KeptFeed kept{.entries = 2};
  relay("lamp", {}, place_at(2), kept);
  relay("lamp", place_at(2), place_at(3), kept);
  EXPECT_EQ(dropped("lamp"), 0U);
  relay("lamp", place_at(3), place_at(7), kept);
  EXPECT_EQ(dropped("lamp"), 2U);
  EXPECT_EQ(relay("lamp", place_at(7), place_at(8), kept).position, 8U);
  const std::vector<Stretch> stretches = index();
  ASSERT_EQ(stretches.size(), 2U);
  EXPECT_EQ(stretches[0].behind(), 3U);
  EXPECT_EQ(dropped("lamp"), 3U);
}

TEST_F(FeedFunctions, AsManyEventsAreKeptAsAreWanted) {
  const KeptFeed kept{.events = 10};
  relay("lamp", {}, place_at(4), kept);
  relay("cup", {}, place_at(4), kept);
  relay("cup", place_at(4), place_at(9), kept);  // 13 events, of which 4 are too old, not 3
  EXPECT_EQ(index().size(), 3U);
  relay("lamp", place_at(4), place_at(5), kept);
  EXPECT_EQ(index().size(), 3U);
  EXPECT_EQ(dropped("lamp"), 4U);
  EXPECT_EQ(dropped("cup"), 0U);
  // However old they are, no more than two make way in a call, and not the one that comes.
  relay("lamp", place_at(5), place_at(1'000), kept);
  EXPECT_EQ(index().size(), 2U);
  EXPECT_EQ(dropped("cup"), 9U);
  relay("lamp", place_at(1'000), place_at(2'000), kept);
  EXPECT_EQ(index().size(), 1U);
}

TEST_F(FeedFunctions, ASaleThatWasRewoundIsKeptWhole) {
  const KeptFeed kept{.entries = 1};
  relay("lamp", {}, place_at(2), kept);
  relay("lamp", place_at(2), place_at(5), kept);
  EXPECT_EQ(dropped("lamp"), 2U);
  const ChainPoint other{{4}, place_at(77).hash};
  ASSERT_TRUE(
      read_relay_reply(server_.ask(relay_call("lamp", place_at(5), {3}, other, kept))).ok());
  EXPECT_EQ(dropped("lamp"), 0U);
  relay("lamp", other, place_at(9), kept);
  EXPECT_EQ(say({"HGET", kDroppedKey, "lamp"}), "whole");
}

TEST_F(FeedFunctions, AStreamGivesUpWhatTheIndexHasNoNeedOf) {
  EXPECT_EQ(say({"CONFIG", "SET", "stream-node-max-entries", "1"}), "OK");
  const ChainPoint end = sell(6);  // sequences 2 and 3 to 8
  const auto trim = [&](const ChainPoint& known, std::uint64_t last) {
    return read_settle_reply(server_.ask(trim_call("lamp", known, {last})));
  };
  const std::string before = digest();
  EXPECT_EQ(trim(ChainPoint{{5}, end.hash}, 4)->verdict, CallVerdict::rewound);
  EXPECT_FALSE(trim(end, 9).ok());
  EXPECT_EQ(digest(), before);
  EXPECT_EQ(say({"XLEN", "{lamp}:events"}), "7");
  EXPECT_EQ(trim(end, 5)->verdict, CallVerdict::decided);
  EXPECT_EQ(say({"XLEN", "{lamp}:events"}), "3");
  EXPECT_EQ(trim(end, 4)->verdict, CallVerdict::decided);  // is told late
  // Who knows an older place than any that is left is believed, and nobody else.
  EXPECT_EQ(place({{4}, std::string(40, 'a')}).at, end);
  EXPECT_EQ(place({{6}, std::string(40, 'a')}).verdict, CallVerdict::rewound);
  const HistoryAnswer rest = history(end, 3, 100);
  EXPECT_EQ(rest.trimmed.value, 5U);
  ASSERT_EQ(rest.entries.size(), 3U);
  EXPECT_EQ(rest.entries[0].at.sequence.value, 6U);
  // All of it, and the sale goes on.
  EXPECT_EQ(trim(end, end.sequence.value)->verdict, CallVerdict::decided);
  EXPECT_EQ(say({"XLEN", "{lamp}:events"}), "0");
  EXPECT_EQ(claim(end, {"zoe"}).sequence.value, end.sequence.value + 1);
  EXPECT_EQ(claim({{2}, std::string(40, 'a')}, {"yan"}).sequence.value, end.sequence.value + 2);
  const auto nothing = read_settle_reply(server_.ask(trim_call("cup", {}, {0})));
  EXPECT_EQ(nothing->verdict, CallVerdict::no_sale);
}

TEST_F(FeedFunctions, KeysOfAnotherTypeAreNamedAndNothingIsWritten) {
  relay("lamp", {}, place_at(2));
  for (const std::string_view key : {kFeedKey, kRelayedKey, kDroppedKey}) {
    say({"RENAME", key, "aside"});
    say({"SET", key, "something else"});
    const std::string before = digest();
    const Reply reply = server_.ask(relay_call("lamp", place_at(2), {2}, place_at(3), {}));
    EXPECT_THAT(reply.text, HasSubstr("WRONGTYPE " + std::string(key) + " holds a string, not a "));
    EXPECT_EQ(digest(), before);
    say({"DEL", key});
    say({"RENAME", "aside", key});
  }
  say({"HSET", kRelayedKey, "lamp", "nowhere"});
  const std::string before = digest();
  EXPECT_THAT(server_.ask(relay_call("lamp", place_at(2), {2}, place_at(3), {})).text,
              HasSubstr(std::string(kRelayedKey) + " has no place for lamp"));
  EXPECT_EQ(digest(), before);
}

TEST_F(FeedFunctions, AnIndexThatWasEmptiedByHandTakesNothingMore) {
  relay("lamp", {}, place_at(2));
  say({"XTRIM", kFeedKey, "MAXLEN", "0"});
  const std::string before = digest();
  EXPECT_TRUE(server_.ask(relay_call("lamp", place_at(2), {2}, place_at(3), {})).is_error());
  EXPECT_EQ(digest(), before);
}

TEST_F(FeedFunctions, RefusesArgumentsThatNoCallerOfOursSends) {
  const ChainPoint end = sell(1);
  const std::string before = digest();
  const std::vector<Arguments> relays = {
      {},
      {"0", ""},
      {"0", "", "0", "2", "aa", "lamp"},
      {"0", "", "0", "0", "aa", "lamp", "5", "9"},
      {"0", "", "0", "-1", "aa", "lamp", "5", "9"},
      {"0", "", "0", "x", "aa", "lamp", "5", "9"},
      {"0", "", "x", "2", "aa", "lamp", "5", "9"},
      {"0", "", "1", "2", "aa", "lamp", "5", "9"},
      {"2", "aa", "1", "0", "aa", "lamp", "5", "9"},
      {"2", "aa", "2", "2", "aa", "lamp", "5", "9"},
      {"0", "", "0", "2", "aa", "", "5", "9"},
      {"0", "", "0", "2", "aa", "lamp", "0", "9"},
      {"0", "", "0", "2", "aa", "lamp", "many", "9"},
      {"0", "", "0", "2", "aa", "lamp", "5"},
      {"0", "", "0", "2", "aa", "lamp", "5", "0"},
      {"x", "", "0", "2", "aa", "lamp", "5", "9"},
  };
  for (const Arguments& arguments : relays) {
    Arguments all{"FCALL", "doorbuster_relay", "3", kFeedKey, kRelayedKey, kDroppedKey};
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_THAT(say(all), testing::StartsWith("ERR ")) << arguments.size();
    EXPECT_THAT(say(all), testing::Not(HasSubstr("script:"))) << arguments.size();
  }
  const std::vector<std::string> keys = sale_keys("lamp");
  const std::string known = std::to_string(end.sequence.value);
  const std::vector<Arguments> histories = {
      {},
      {known},
      {known, end.hash},
      {known, end.hash, "0"},
      {known, end.hash, "0", "0"},
      {known, end.hash, "0", "1001"},
      {known, end.hash, "-1", "5"},
      {known, end.hash, "0", "all"},
  };
  for (const Arguments& arguments : histories) {
    Arguments all{"FCALL_RO", "doorbuster_read_history", "6"};
    all.insert(all.end(), keys.begin(), keys.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_THAT(say(all), testing::StartsWith("ERR ")) << arguments.size();
    EXPECT_THAT(say(all), testing::Not(HasSubstr("script:"))) << arguments.size();
  }
  for (const Arguments& arguments :
       {Arguments{}, {known, end.hash}, {known, end.hash, "0"}, {known, end.hash, "all"}}) {
    Arguments all{"FCALL_RO", "doorbuster_read_place", "6"};
    all.insert(all.end(), keys.begin(), keys.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_THAT(say(all), testing::StartsWith("ERR ")) << arguments.size();
  }
  for (const Arguments& arguments : {Arguments{}, {known, end.hash}, {known, end.hash, "all"}}) {
    Arguments all{"FCALL", "doorbuster_trim", "6"};
    all.insert(all.end(), keys.begin(), keys.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_THAT(say(all), testing::StartsWith("ERR ")) << arguments.size();
  }
  EXPECT_THAT(say({"FCALL", "doorbuster_relay", "0", "0", ""}), HasSubstr("a key of the feed"));
  EXPECT_EQ(digest(), before);
}

TEST_F(FeedFunctions, AHistoryTellsWhereItEndsToWhoKnowsAPlaceInIt) {
  EXPECT_EQ(place({}).verdict, CallVerdict::no_sale);
  const ChainPoint early = sell(3);
  const ChainPoint end = claim(early, {"x", "y"});
  for (const ChainPoint& known : {ChainPoint{}, early, end}) {
    EXPECT_EQ(place(known).verdict, CallVerdict::decided);
    EXPECT_EQ(place(known).at, end);
  }
  for (const ChainPoint& known :
       {place_at(2), place_at(99), ChainPoint{end.sequence, early.hash}}) {
    EXPECT_EQ(place(known).verdict, CallVerdict::rewound);
    EXPECT_EQ(place(known).at, end);
    EXPECT_EQ(history(known, 0, 1).verdict, CallVerdict::rewound);
  }
  say({"DEL", "{lamp}:state"});
  EXPECT_EQ(place(early).verdict, CallVerdict::rewound);
}

TEST_F(FeedFunctions, APlaceIsNoFartherThanTheEventsThatAreWanted) {
  const ChainPoint early = sell(5);
  const ChainPoint later = claim(early, {"x", "y", "z"});
  const ChainPoint end = claim(later, {"last"});
  for (const std::uint64_t events : {1U, 2U, 3U}) EXPECT_EQ(place(early, events).at, later);
  for (const std::uint64_t events : {4U, 5U, 1'000U}) EXPECT_EQ(place(early, events).at, end);
  EXPECT_EQ(place({}, early.sequence.value).at, early);
  EXPECT_EQ(place(end, 1).at, end);
}

TEST_F(FeedFunctions, AHistoryIsReadUntilThereAreAsManyEvents) {
  ChainPoint known = sell(40);
  const ChainPoint end = claim(known, {"x", "y", "z"});
  claim(end, {"later"});
  const auto last_of = [](const HistoryAnswer& answer) {
    return answer.entries.empty() ? 0 : answer.entries.back().at.sequence.value;
  };
  const HistoryAnswer all = history(end, 0, 1'000);
  EXPECT_EQ(all.entries.size(), 1 + 40 + 1U);  // what is behind the place that is known is not read
  std::string hash;
  for (const StreamEntry& entry : all.entries) {
    hash = chain_hash(hash, entry.events);
    EXPECT_EQ(entry.at.hash, hash);
  }
  EXPECT_EQ(all.entries.back().at, end);
  const HistoryAnswer some = history(end, 5, 10);
  EXPECT_EQ(some.entries.front().at.sequence.value, 6U);
  EXPECT_GE(last_of(some), 15U);
  EXPECT_LT(last_of(some), 40U);
  // From within an entry of several.
  const HistoryAnswer rest = history(end, end.sequence.value - 2, 1'000);
  ASSERT_EQ(rest.entries.size(), 1U);
  EXPECT_EQ(rest.entries[0].at, end);
  EXPECT_EQ(history(end, end.sequence.value, 1'000).entries.size(), 0U);
}

TEST_F(FeedFunctions, ADeletedSaleHasItsHistory) {
  sale::SaleDefinition definition;
  definition.slug = "lamp";
  definition.stock = 1;
  definition.opens_at = kMidnight + std::chrono::hours(1);
  const auto created = read_publish_reply(
      server_.ask(publish_call({std::make_shared<sale::SaleDefinition>(definition), {}}, {7}, {})));
  ASSERT_TRUE(created.ok());
  const auto deleted =
      read_sale_change_reply(server_.ask(delete_call({"lamp", false, created->at}, {})));
  ASSERT_TRUE(deleted.ok());
  ASSERT_EQ(deleted->change, sale::SaleChange::done);
  const HistoryAnswer answer = history(deleted->at, 0, 10);
  EXPECT_EQ(answer.at, deleted->at);
  EXPECT_EQ(answer.entries.size(), 2U);
}

TEST_F(FeedFunctions, WithTheMemoryFullTheHistoryIsReadAndTrimmedAndNothingPutIntoTheIndex) {
  const ChainPoint end = sell(1);
  EXPECT_EQ(say({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  EXPECT_EQ(history(end, 0, 10).entries.size(), 2U);
  EXPECT_THAT(server_.ask(relay_call("lamp", {}, {0}, end, {})).text, testing::StartsWith("OOM"));
  // What gives memory back is done.
  EXPECT_EQ(say({"CONFIG", "SET", "stream-node-max-entries", "1"}), "OK");
  EXPECT_EQ(read_settle_reply(server_.ask(trim_call("lamp", end, {0})))->verdict,
            CallVerdict::decided);
  EXPECT_EQ(say({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  EXPECT_EQ(relay("lamp", {}, end).position, end.sequence.value);
}

}  // namespace
}  // namespace doorbuster::redis
