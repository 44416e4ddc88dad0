// The function library on real servers: what it keeps, what it refuses, what it costs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "store/redis/function_library.h"
#include "store/redis/functions_world_test.h"

namespace doorbuster::redis {
namespace {

using sale::ClaimVerdict;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr Time kNoon{milliseconds(1'764'158'400'000)};

// A sale on a server, and what its caller was told last of it.
class SaleOnServer {
 public:
  explicit SaleOnServer(FunctionServer& server) : server_(server) {}

  CreateAnswer publish(const sale::SaleDefinition& definition) {
    const auto answer = read_publish_reply(server_.ask(
        publish_call({std::make_shared<sale::SaleDefinition>(definition), {}}, {7}, known)));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return keep(*answer);
  }
  CreateAnswer publish(std::uint32_t stock, std::uint32_t hold_seconds = 0) {
    sale::SaleDefinition definition;
    definition.slug = "lamp";
    definition.stock = stock;
    definition.hold_seconds = hold_seconds;
    return publish(definition);
  }
  FunctionCall claim_of(const std::vector<std::string>& buyers) const {
    std::vector<sale::ClaimUnits> claims(buyers.size());
    for (std::size_t i = 0; i < buyers.size(); ++i) claims[i].buyer.assign(buyers[i]);
    return claim_call(called(), claims);
  }
  ClaimsAnswer claim(const std::vector<std::string>& buyers) {
    const auto answer = read_claim_reply(server_.ask(claim_of(buyers)), buyers.size());
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return keep(*answer);
  }
  ClaimChangeAnswer confirm(std::uint32_t number, std::string_view reference = "order") {
    return change(
        confirm_call(called(), {{7}, {number}}, {{}, {}, sale::Reference(reference), {}}));
  }
  ClaimChangeAnswer release(std::uint32_t number) {
    return change(release_call(called(), {{7}, {number}}, {}));
  }
  ReadAnswer read() {
    const auto answer = read_read_reply(server_.ask(list_claims_call(called(), 0, 256, 1'000)));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return keep(*answer);
  }
  FunctionAnswer settle() {
    const auto answer = read_settle_reply(server_.ask(settle_call(called())));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return keep(*answer);
  }
  CalledSale called() const { return {"lamp", false, known}; }

  ChainPoint known;

 private:
  template <typename Answer>
  Answer keep(Answer answer) {
    if (answer.verdict == CallVerdict::decided || answer.verdict == CallVerdict::again) {
      known = answer.at;
    }
    return answer;
  }
  ClaimChangeAnswer change(const FunctionCall& call) {
    const auto answer = read_claim_change_reply(server_.ask(call));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return keep(*answer);
  }

  FunctionServer& server_;
};

class RedisFunctions : public testing::Test {
 protected:
  explicit RedisFunctions(RunningRedis::Lines lines = {}) : server(std::move(lines)), lamp(server) {
    server.set_clock(kNoon);
  }

  std::string say(const Arguments& arguments) { return server.client.say(arguments); }
  // Of all that the server has.
  std::string digest() { return say({"DEBUG", "DIGEST"}); }
  // How often each command was carried out since CONFIG RESETSTAT.
  std::map<std::string, long> commands() {
    std::map<std::string, long> calls;
    std::istringstream info(say({"INFO", "commandstats"}));
    for (std::string line; std::getline(info, line);) {
      const std::size_t at = line.find(":calls=");
      if (!line.starts_with("cmdstat_") || at == std::string::npos) continue;
      calls[line.substr(8, at - 8)] = std::atol(line.c_str() + at + 7);
    }
    return calls;
  }
  std::vector<std::string> crowd(int buyers, const std::string& name = "buyer") {
    std::vector<std::string> names;
    for (int i = 0; i < buyers; ++i) names.push_back(name + std::to_string(i));
    return names;
  }
  // That every kind of call answers so, and writes nothing.
  void expect_of_all(CallVerdict verdict, const CalledSale& called) {
    const std::string before = digest();
    const std::vector<sale::ClaimUnits> claims(1, {{}, sale::BuyerId("ann"), 1, {}, {}});
    const sale::ChangeSale change{{}, {}, std::make_shared<sale::SaleChanges>(), {}};
    const auto expect = [&](const auto& answer) {
      ASSERT_TRUE(answer.ok()) << answer.error().message;
      EXPECT_EQ(answer->verdict, verdict);
    };
    const auto ask = [&](const FunctionCall& call) { return server.ask(call); };
    const sale::ClaimPlace place{{7}, {0}};
    expect(read_claim_reply(ask(claim_call(called, claims)), 1));
    expect(read_claim_change_reply(
        ask(confirm_call(called, place, {{}, {}, sale::Reference("order"), {}}))));
    expect(read_claim_change_reply(ask(release_call(called, place, {}))));
    expect(read_claim_change_reply(ask(extend_call(called, place, {}))));
    expect(read_sale_change_reply(ask(change_call(called, change))));
    expect(read_sale_change_reply(ask(steer_call(called, {}))));
    expect(read_sale_change_reply(ask(delete_call(called, {}))));
    expect(read_settle_reply(ask(settle_call(called))));
    expect(read_read_reply(ask(read_sale_call(called))));
    expect(read_read_reply(ask(read_buyer_call(called, "ann"))));
    expect(read_read_reply(ask(read_claim_call(called, place))));
    expect(read_read_reply(ask(list_claims_call(called, 0, 10, 10))));
    EXPECT_EQ(digest(), before);
  }

  FunctionServer server;
  SaleOnServer lamp;
};

TEST_F(RedisFunctions, PublishingTenMillionUnitsMakesNoList) {
  say({"CONFIG", "RESETSTAT"});
  EXPECT_EQ(lamp.publish(10'000'000).sale.view.totals.available, 10'000'000U);
  const auto calls = commands();
  long all = 0;
  for (const auto& [name, count] : calls) all += count;
  EXPECT_LE(all, 25);
  EXPECT_EQ(calls.at("hset"), 1);
  EXPECT_EQ(calls.at("xadd"), 1);
  EXPECT_EQ(say({"DBSIZE"}), "3");  // state, events, and the clock of the test
  EXPECT_LT(std::stol(say({"MEMORY", "USAGE", "{lamp}:state"})), 4'000);
  EXPECT_EQ(say({"EXISTS", "{lamp}:units"}), "0");
  EXPECT_EQ(lamp.claim({"ann"}).claims[0].claim.view.units.first.first, 1U);
}

TEST_F(RedisFunctions, DecidesTwoHundredAndFiftySixClaimsByAHandfulOfCommands) {
  lamp.publish(200, 60);
  say({"CONFIG", "RESETSTAT"});
  const ClaimsAnswer answer = lamp.claim(crowd(256));
  auto calls = commands();
  ASSERT_EQ(answer.claims.size(), 256U);
  for (std::size_t i = 0; i < 256; ++i) {
    const ClaimAnswer& claim = answer.claims[i];
    ASSERT_EQ(claim.verdict, i < 200 ? ClaimVerdict::granted : ClaimVerdict::refused) << i;
    if (i < 200) {
      EXPECT_EQ(claim.claim.view.units.first.first, i + 1);
    } else {
      EXPECT_EQ(claim.refusal, sale::Refusal::sold_out);
      EXPECT_EQ(claim.next_return_at, kNoon + milliseconds(60'000));
    }
  }
  EXPECT_EQ(calls["hmget"], 2);  // the buyers, the clock of the test
  EXPECT_EQ(calls["hset"], 3);   // the state, the buyers, who has which claim
  EXPECT_EQ(calls["zadd"], 1);
  EXPECT_EQ(calls["xadd"], 1);
  EXPECT_EQ(say({"XLEN", "{lamp}:events"}), "2");
}

TEST_F(RedisFunctions, ALaterClaimOfABatchSeesTheEarlierOnes) {
  lamp.publish(2);
  const ClaimsAnswer answer = lamp.claim({"ann", "ann", "bob", "cem"});
  EXPECT_EQ(answer.claims[1].verdict, ClaimVerdict::existing);
  EXPECT_EQ(answer.claims[1].claim.number, answer.claims[0].claim.number);
  EXPECT_EQ(answer.claims[2].verdict, ClaimVerdict::granted);
  EXPECT_EQ(answer.claims[3].refusal, sale::Refusal::sold_out);
}

TEST_F(RedisFunctions, WhoKnowsTheRecipeFindsItsListAndItsHash) {
  lamp.publish(10, 60);
  lamp.claim({"ann", "bob", "cem"});
  lamp.confirm(0, "order-17");
  lamp.release(1);
  lamp.release(2);
  EXPECT_EQ(say({"HGET", "{lamp}:buyers", "ann"}),
            "1 confirmed 0 3 1764158400000 1764158460000 0 0 - order-17 -");
  EXPECT_EQ(say({"HGET", "{lamp}:claims", "0"}), "ann\nbob\ncem");
  EXPECT_THAT(say({"HGET", "{lamp}:buyers", "bob"}), HasSubstr("2 released:merchant"));
  EXPECT_EQ(say({"LINDEX", "{lamp}:units", "0"}), "2-3");
  EXPECT_EQ(say({"LLEN", "{lamp}:units"}), "1");
  EXPECT_EQ(say({"HGET", "{lamp}:state", "confirmed"}), "1");
}

TEST_F(RedisFunctions, HoldsThatEndAtOnceAreSettledByParts) {
  lamp.publish(300, 5);
  lamp.claim(crowd(256));
  lamp.claim(crowd(44, "more"));
  server.set_clock(kNoon + milliseconds(5'000));
  // One call settles 64, and for a claim whatever it needs besides: here the buyer's own hold.
  EXPECT_EQ(lamp.read().verdict, CallVerdict::due);
  EXPECT_EQ(lamp.claim({"buyer255"}).claims[0].verdict, ClaimVerdict::granted);
  for (int left = 300 - 65; left > 64; left -= 64) {
    EXPECT_EQ(lamp.settle().verdict, CallVerdict::again);
  }
  EXPECT_EQ(lamp.settle().verdict, CallVerdict::decided);
  const ReadAnswer read = lamp.read();
  EXPECT_EQ(read.sale.view.totals.held, 1U);
  EXPECT_EQ(read.sale.view.totals.available, 299U);
}

TEST_F(RedisFunctions, LateMoneyGetsTheUnitsOfAllHoldsThatAreOver) {
  sale::SaleDefinition definition;
  definition.slug = "lamp";
  definition.stock = 350;
  definition.per_buyer_limit = 150;
  definition.hold_seconds = 5;
  definition.late_payment = sale::LatePayment::reacquire;
  lamp.publish(definition);
  std::vector<sale::ClaimUnits> ann(1, {{}, sale::BuyerId("ann"), 150, {}, {}});
  ASSERT_TRUE(read_claim_reply(server.ask(claim_call(lamp.called(), ann)), 1).ok());
  server.set_clock(kNoon + milliseconds(5'000));
  lamp.claim(crowd(256));
  lamp.claim(crowd(94, "more"));
  server.set_clock(kNoon + milliseconds(10'000));
  const ClaimChangeAnswer back = lamp.confirm(0);
  EXPECT_EQ(back.change, sale::ClaimChange::done);
  EXPECT_EQ(back.claim.view.status, sale::ClaimStatus::confirmed);
  EXPECT_EQ(back.claim.view.quantity, 150);
}

TEST_F(RedisFunctions, CancellingAClosedSaleDoesNotMakeItsArchivingLater) {
  sale::SaleDefinition definition;
  definition.slug = "lamp";
  definition.stock = 3;
  definition.archive_after_seconds = 10;
  lamp.publish(definition);
  const auto steer = [&](const FunctionCall& call) {
    const auto answer = read_sale_change_reply(server.ask(call));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer->change;
  };
  using Action = sale::SaleAction;
  EXPECT_EQ(steer(steer_call(lamp.called(), {{}, Action::close, {}})), sale::SaleChange::done);
  server.set_clock(kNoon + milliseconds(9'999));
  EXPECT_EQ(steer(steer_call(lamp.called(), {{}, Action::cancel, {}})), sale::SaleChange::done);
  EXPECT_EQ(steer(delete_call(lamp.called(), {})), sale::SaleChange::already_open);
  server.set_clock(kNoon + milliseconds(10'000));
  EXPECT_EQ(steer(delete_call(lamp.called(), {})), sale::SaleChange::done);
  EXPECT_EQ(lamp.claim({"ann"}).verdict, CallVerdict::no_sale);
}

TEST_F(RedisFunctions, WithTheMemoryFullWritesAreRefusedAndReadsAnswered) {
  lamp.publish(10, 60);
  lamp.claim({"ann"});
  const ReadAnswer before = lamp.read();
  ASSERT_EQ(say({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  const Reply reply = server.ask(lamp.claim_of({"bob"}));
  EXPECT_TRUE(reply.is_error());
  EXPECT_THAT(reply.text, HasSubstr("OOM"));
  EXPECT_EQ(words_of(Result<ReadAnswer>(lamp.read())), words_of(Result<ReadAnswer>(before)));
  say({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(lamp.claim({"bob"}).claims[0].verdict, ClaimVerdict::granted);
}

TEST_F(RedisFunctions, AnUnknownSaleIsNone) {
  expect_of_all(CallVerdict::no_sale, lamp.called());
  EXPECT_EQ(say({"DBSIZE"}), "1");
}

TEST_F(RedisFunctions, AServerThatLostEverythingIsRewound) {
  lamp.publish(10);
  lamp.claim({"ann"});
  say({"FLUSHALL"});
  server.set_clock(kNoon);
  expect_of_all(CallVerdict::rewound, lamp.called());
  EXPECT_EQ(lamp.publish(10).verdict, CallVerdict::rewound);
  EXPECT_EQ(say({"EXISTS", "{lamp}:state"}), "0");
}

TEST_F(RedisFunctions, AServerThatFellBackIsRewoundForWhoKnowsMore) {
  lamp.publish(10, 60);
  const ChainPoint early = lamp.claim({"ann"}).at;
  say({"SAVE"});
  std::filesystem::copy_file(server.redis.folder().path("dump.rdb"),
                             server.redis.folder().path("old.rdb"));
  lamp.claim({"bob"});
  server.redis.kill();
  std::filesystem::rename(server.redis.folder().path("old.rdb"),
                          server.redis.folder().path("dump.rdb"));
  server.redis.start_again();
  ASSERT_TRUE(server.client.ask_until(
      {"PING"}, [](const Answer& answer) { return answer.reply.is_status("PONG"); }));
  expect_of_all(CallVerdict::rewound, lamp.called());
  const auto told = read_settle_reply(server.ask(settle_call(lamp.called())));
  EXPECT_EQ(told->at, early);

  // Who knows no more than is there goes on, and who knew what is gone stays frozen, even when the
  // history has grown as long again.
  SaleOnServer other(server);
  other.known = early;
  EXPECT_EQ(other.claim({"cem"}).claims[0].verdict, ClaimVerdict::granted);
  EXPECT_EQ(other.known.sequence, lamp.known.sequence);
  expect_of_all(CallVerdict::rewound, lamp.called());
  other.claim({"dan"});
  expect_of_all(CallVerdict::rewound, lamp.called());
  EXPECT_EQ(other.settle().verdict, CallVerdict::decided);
}

TEST_F(RedisFunctions, KeysOfAnotherTypeAreNamedAndNothingIsWritten) {
  lamp.publish(10, 60);
  lamp.claim({"ann", "bob"});
  lamp.release(1);
  for (const std::string& key : sale_keys("lamp")) {
    say({"RENAME", key, "aside"});
    say({"SET", key, "something else"});
    const std::string before = digest();
    for (const FunctionCall& call :
         {lamp.claim_of({"cem"}), release_call(lamp.called(), {{7}, {0}}, {}),
          steer_call(lamp.called(), {}), settle_call(lamp.called()),
          read_sale_call(lamp.called())}) {
      const Reply reply = server.ask(call);
      EXPECT_TRUE(reply.is_error());
      EXPECT_THAT(reply.text, HasSubstr("WRONGTYPE " + key + " holds a string, not a "));
    }
    EXPECT_EQ(digest(), before);
    say({"RENAME", "aside", key});
  }
  EXPECT_EQ(lamp.claim({"cem"}).claims[0].verdict, ClaimVerdict::granted);
}

TEST_F(RedisFunctions, LaterEventsThanTheStateKnowsOfStopEverythingBeforeTheFirstWrite) {
  lamp.publish(10);
  say({"XADD", "{lamp}:events", "99-0", "hash", "x", "events", "y"});
  const std::string before = digest();
  const Reply reply = server.ask(lamp.claim_of({"ann"}));
  EXPECT_TRUE(reply.is_error());
  EXPECT_THAT(reply.text, HasSubstr("XADD"));
  EXPECT_EQ(digest(), before);
}

TEST_F(RedisFunctions, DamagedClaimsAreNamedAndNothingIsWritten) {
  lamp.publish(10, 60);
  lamp.claim({"ann"});
  say({"HSET", "{lamp}:buyers", "ann", "nonsense"});
  const std::string before = digest();
  const Reply reply = server.ask(release_call(lamp.called(), {{7}, {0}}, {}));
  EXPECT_THAT(reply.text, HasSubstr("a claim of buyer ann cannot be read: nonsense"));
  say({"HSET", "{lamp}:claims", "0", "ann\nwho"});
  const std::string wrong = digest();
  EXPECT_THAT(server.ask(lamp.claim_of({"bob"})).text,
              HasSubstr("{lamp}:claims has not the 1 claims from 0 on"));
  say({"HDEL", "{lamp}:claims", "0"});
  EXPECT_THAT(server.ask(lamp.claim_of({"bob"})).text, HasSubstr("{lamp}:claims has not"));
  EXPECT_THAT(server.ask(release_call(lamp.called(), {{7}, {0}}, {})).text,
              HasSubstr("{lamp}:claims lacks claim 0"));
  EXPECT_NE(wrong, before);
  say({"HDEL", "{lamp}:state", "held"});
  const std::string without = digest();
  EXPECT_THAT(server.ask(lamp.claim_of({"bob"})).text,
              HasSubstr("{lamp}:state lacks its field held"));
  EXPECT_NE(before, without);
  EXPECT_EQ(digest(), without);
}

TEST_F(RedisFunctions, WhatIsLeftOfASaleIsInTheWayOfAnother) {
  say({"RPUSH", "{lamp}:units", "7"});
  const std::string before = digest();
  sale::SaleDefinition definition;
  definition.slug = "lamp";
  const Reply reply = server.ask(
      publish_call({std::make_shared<sale::SaleDefinition>(definition), {}}, {7}, lamp.known));
  EXPECT_TRUE(reply.is_error());
  EXPECT_THAT(reply.text, HasSubstr("{lamp}:units is there, and its sale is not"));
  EXPECT_EQ(digest(), before);
}

TEST_F(RedisFunctions, RefusesArgumentsThatNoCallerOfOursSends) {
  lamp.publish(10);
  const std::string before = digest();
  const std::string long_text(129, 'x');
  const std::vector<std::string> keys = sale_keys("lamp");
  const std::vector<std::pair<std::string_view, Arguments>> calls = {
      {"doorbuster_claim", {}},
      {"doorbuster_claim", {"0", ""}},
      {"doorbuster_claim", {"0", "", "0"}},
      {"doorbuster_claim", {"0", "", "many", "ann"}},
      {"doorbuster_claim", {"0", "", "257", "ann"}},
      {"doorbuster_claim", {"0", "", "2", "ann"}},
      {"doorbuster_claim", {"0", "", "1.5", "ann", "bob"}},
      {"doorbuster_claim", {"0", "", "1", ""}},
      {"doorbuster_claim", {"0", "", "1", long_text}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1"}},
      {"doorbuster_claim", {"0", "", "1", "ann", "2", "1", "", ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "x", "1", "", ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "0", "", ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "1001", "", ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "1.5", "", ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "many", "", ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "1", long_text, ""}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "1", "", "trace"}},
      {"doorbuster_claim", {"0", "", "1", "ann", "1", "2", "", "", "1", "2", "", ""}},
      {"doorbuster_claim", {"x", "", "1", "ann"}},
      {"doorbuster_claim", {"-1", "", "1", "ann"}},
      {"doorbuster_confirm", {"0", "", "7", "0", "", ""}},
      {"doorbuster_confirm", {"0", "", "7", "0", "", "", ""}},
      {"doorbuster_confirm", {"0", "", "7", "x", "", "", "order"}},
      {"doorbuster_release", {"0", "", "7"}},
      {"doorbuster_extend", {"0", "", "7", "0", "", "", "long"}},
      {"doorbuster_extend", {"0", "", "7", "0", "", "", "-5"}},
      {"doorbuster_change", {"0", "", "", "", "slug", "other"}},
      {"doorbuster_change", {"0", "", "", "", "stock"}},
      {"doorbuster_change", {"0", "", "", "", "stock", "-1"}},
      {"doorbuster_change", {"0", "", "", "", "closes_at", "soon"}},
      {"doorbuster_steer", {"0", "", "", "explode"}},
      {"doorbuster_steer", {"0", ""}},
      {"doorbuster_publish", {"0", "", "7", "", "lamp"}},
      {"doorbuster_publish_round", {"0", "", "0", "7", "", "10"}},
      {"doorbuster_list_claims", {"0", "", "0", "257", "10"}},
      {"doorbuster_read_claim", {"0", "", "7"}},
      {"doorbuster_read_buyer", {"0", ""}},
      {"doorbuster_settle", {}},
  };
  for (const auto& [function, arguments] : calls) {
    Arguments all{"FCALL", function, "6"};
    all.insert(all.end(), keys.begin(), keys.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Answer answer = server.client.ask(all);
    EXPECT_TRUE(answer.reply.is_error()) << function << " with " << arguments.size();
    EXPECT_THAT(answer.reply.text, HasSubstr("ERR ")) << function;
    EXPECT_THAT(answer.reply.text, testing::Not(HasSubstr("script:"))) << function;
  }
  EXPECT_TRUE(server.client.ask({"FCALL", "doorbuster_claim", "0"}).reply.is_error());
  EXPECT_EQ(digest(), before);
}

TEST_F(RedisFunctions, ReadsMayGoToWhoMayNotWrite) {
  lamp.publish(10, 5);
  lamp.claim({"ann"});
  FunctionCall read = read_sale_call(lamp.called());
  EXPECT_EQ(read.arguments()[0], "FCALL_RO");
  EXPECT_TRUE(read_read_reply(server.ask(read)).ok());
  const std::string before = digest();
  Arguments claim = lamp.claim_of({"bob"}).arguments();
  const FunctionCall claiming = lamp.claim_of({"bob"});
  claim = claiming.arguments();
  claim[0] = "FCALL_RO";
  EXPECT_TRUE(server.client.ask(claim).reply.is_error());
  EXPECT_EQ(digest(), before);
}

TEST_F(RedisFunctions, ARoundIsPublishedInOneCallAndErasesNoWinner) {
  const auto publish = [&](std::uint32_t newest, const ChainPoint& known) {
    const auto answer =
        read_publish_reply(server.ask(publish_round_call({5, {}}, newest, {newest}, known)));
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return *answer;
  };
  const CreateAnswer first = publish(0, {});
  EXPECT_EQ(first.sale.view.definition->slug, "goods-1");
  const std::vector<sale::ClaimUnits> ann(1, {{}, sale::BuyerId("ann"), 1, {}, {}});
  const CalledSale goods{"goods-1", true, first.at};
  const auto won = read_claim_reply(server.ask(claim_call(goods, ann)), 1);
  EXPECT_EQ(won->claims[0].verdict, ClaimVerdict::granted);

  // A caller who thinks that there is no round yet is told otherwise.
  const CreateAnswer late = publish(0, {});
  EXPECT_EQ(late.verdict, CallVerdict::other_round);
  EXPECT_EQ(late.newest_round, 1U);
  const CreateAnswer second = publish(1, won->at);
  EXPECT_EQ(second.sale.view.definition->slug, "goods-2");
  EXPECT_EQ(second.before.sequence.value, won->at.sequence.value + 1);

  // `goods` is the second one now; the first one has its winner still.
  const auto stale = read_claim_reply(server.ask(claim_call(goods, ann)), 1);
  EXPECT_EQ(stale->verdict, CallVerdict::other_round);
  EXPECT_EQ(stale->newest_round, 2U);
  const CalledSale by_slug{"goods-1", false, second.before};
  const auto again = read_claim_reply(server.ask(claim_call(by_slug, ann)), 1);
  EXPECT_EQ(again->claims[0].verdict, ClaimVerdict::existing);
  const auto read = read_read_reply(server.ask(read_sale_call(by_slug)));
  EXPECT_EQ(read->sale.view.status, sale::SaleStatus::closed);

  // Rounds that are gone are missed.
  say({"DEL", std::string(kNewestRoundKey)});
  EXPECT_EQ(publish(2, second.at).verdict, CallVerdict::rewound);
}

TEST_F(RedisFunctions, EveryEntryOfTheStreamCanBeReadBackAndFollowsTheOneBefore) {
  lamp.publish(3, 60);
  lamp.claim({"ann", "bob"});
  lamp.confirm(0);
  lamp.release(1);
  const Answer range = server.client.ask({"XRANGE", "{lamp}:events", "-", "+"});
  std::string hash;
  std::uint64_t sequence = 0;
  std::string types;
  for (const Reply& item : range.reply.items) {
    const auto entry = read_stream_entry(item);
    ASSERT_TRUE(entry.ok()) << entry.error().message;
    EXPECT_EQ(entry->at.hash, chain_hash(hash, entry->events));
    hash = entry->at.hash;
    const auto events = read_events({7}, entry->events);
    ASSERT_TRUE(events.ok()) << events.error().message;
    for (const sale::Event& event : *events) {
      EXPECT_EQ(event.sequence.value, ++sequence);
      types += std::string(type_name(event)) + " ";
    }
    EXPECT_EQ(entry->at.sequence.value, sequence);
  }
  EXPECT_EQ(hash, lamp.known.hash);
  EXPECT_EQ(types,
            "doorbuster.sale.created doorbuster.sale.opened doorbuster.claim.held "
            "doorbuster.claim.held doorbuster.claim.confirmed doorbuster.claim.released ");
}

class RedisFunctionsOnDisk : public RedisFunctions {
 protected:
  RedisFunctionsOnDisk() : RedisFunctions({"appendonly yes", "appendfsync always"}) {}
};

TEST_F(RedisFunctionsOnDisk, AKillLosesNothingThatWasAcknowledged) {
  lamp.publish(2'000, 60);
  server.client.answers.clear();
  std::map<std::uint32_t, std::string> acknowledged;
  std::size_t asked = 0;
  for (int life = 0; life < 5; ++life) {
    std::vector<FunctionCall> calls;
    for (int i = 0; i < 20; ++i) {
      calls.push_back(lamp.claim_of(crowd(10, "life" + std::to_string(asked++) + "-")));
      ASSERT_TRUE(server.client.submit(calls.back().arguments()));
    }
    // Some of them are answered, and the others may have been carried out or not.
    ASSERT_TRUE(server.client.run_until(
        [&] { return server.client.answers.size() >= static_cast<std::size_t>(life * 4 + 1); }));
    server.redis.kill();
    server.redis.start_again();
    ASSERT_TRUE(server.client.run_until([&] { return server.client.answers.size() == 20; }));
    for (const Answer& answer : server.client.answers) {
      if (answer.fate != Fate::answered) continue;
      const auto claims = read_claim_reply(answer.reply, 10);
      ASSERT_TRUE(claims.ok()) << claims.error().message;
      ASSERT_EQ(claims->verdict, CallVerdict::decided);
      lamp.known = claims->at;
      for (const ClaimAnswer& claim : claims->claims) {
        acknowledged[claim.claim.number.value] = words_of(claim.claim.view);
      }
    }
    server.client.answers.clear();
    ASSERT_TRUE(server.client.ask_until(
        {"PING"}, [](const Answer& answer) { return answer.reply.is_status("PONG"); }));
    EXPECT_EQ(lamp.settle().verdict, CallVerdict::decided);
  }
  std::map<std::uint32_t, std::string> stored;
  std::set<std::uint32_t> units;
  ReadAnswer page;
  do {
    const auto from = static_cast<std::uint32_t>(stored.size());
    page = *read_read_reply(server.ask(list_claims_call(lamp.called(), from, 256, 2'000)));
    for (StoredClaim& claim : page.claims) {
      EXPECT_TRUE(units.insert(claim.view.units.first.first).second);
      claim.view.buyer.assign("");
      stored[claim.number.value] = words_of(claim.view);
    }
  } while (!page.claims.empty());
  EXPECT_GE(acknowledged.size(), 10U * (1 + 5 + 9 + 13 + 17));
  for (const auto& [number, words] : acknowledged) EXPECT_EQ(stored[number], words) << number;
  EXPECT_EQ(page.sale.view.totals.held, stored.size());
  EXPECT_EQ(page.sale.view.totals.available, 2'000 - stored.size());
}

TEST(RedisFunctionLibrary, IsFoundAbsentSameOlderAlteredOrNewer) {
  RunningRedis redis;
  Client client(redis.options());
  const auto presence = [&] {
    const auto found = read_library_list(client.ask(list_library_command()).reply);
    EXPECT_TRUE(found.ok());
    return *found;
  };
  const auto load = [&](const std::string& text) {
    EXPECT_EQ(client.say({"FUNCTION", "LOAD", "REPLACE", text}), "doorbuster");
  };
  const std::string text(kFunctionLibrary.text);
  const std::string line = "\n-- version ";
  const auto version = *library_version(text);
  const auto with_version = [&](const std::string& other) {
    std::string changed = text;
    return changed.replace(text.find(line), line.size() + std::to_string(version).size(), other);
  };
  EXPECT_EQ(presence(), LibraryPresence::absent);
  EXPECT_EQ(client.say(load_library_command()), "doorbuster");
  EXPECT_EQ(presence(), LibraryPresence::same);
  load(text + "\n-- a word more\n");
  EXPECT_EQ(presence(), LibraryPresence::altered);
  load(with_version(line + std::to_string(version + 1)));
  EXPECT_EQ(presence(), LibraryPresence::newer);
  load(with_version(line + std::to_string(version - 1)));
  EXPECT_EQ(presence(), LibraryPresence::older);
  load(with_version("\n"));
  EXPECT_EQ(presence(), LibraryPresence::older);
}

TEST(RedisFunctionLibrary, GoesByTheServersClock) {
  RunningRedis redis;
  Client client(redis.options());
  ASSERT_EQ(client.say(load_library_command()), "doorbuster");
  const auto server_time = [&] {
    const Reply time = client.ask({"TIME"}).reply;
    return Time(milliseconds(std::stoll(time.items[0].text) * 1000 +
                             std::stoll(time.items[1].text) / 1000));
  };
  sale::SaleDefinition definition;
  definition.slug = "lamp";
  definition.stock = 1;
  const FunctionCall call =
      publish_call({std::make_shared<sale::SaleDefinition>(definition), {}}, {0}, {});
  const Time before = server_time();
  const auto answer = read_publish_reply(client.ask(call.arguments()).reply);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_GE(answer->sale.view.created_at, before);
  EXPECT_LE(answer->sale.view.created_at, server_time());
}

RunningRedis::Lines cluster_of_functions() {
  return {"cluster-enabled yes", "cluster-port " + std::to_string(free_port())};
}

bool comes_to_cluster_info(Client& client, std::string_view line) {
  return client.ask_until({"CLUSTER", "INFO"}, [&](const Answer& answer) {
    return answer.reply.text.find(line) != std::string::npos;
  });
}

TEST(RedisFunctionLibrary, WorksInACluster) {
  RunningRedis redis(cluster_of_functions());
  Client client(redis.options());
  ASSERT_EQ(client.say({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  ASSERT_TRUE(comes_to_cluster_info(client, "cluster_state:ok"));
  ASSERT_EQ(client.say(load_library_command()), "doorbuster");
  ChainPoint known;
  for (std::uint32_t newest = 0; newest < 3; ++newest) {
    const FunctionCall publish = publish_round_call({5, {}}, newest, {newest}, known);
    const auto published = read_publish_reply(client.ask(publish.arguments()).reply);
    ASSERT_TRUE(published.ok()) << published.error().message;
    ASSERT_EQ(published->verdict, CallVerdict::decided);
    const std::string slug = published->sale.view.definition->slug;
    const std::vector<sale::ClaimUnits> ann(1, {{}, sale::BuyerId("ann"), 1, {}, {}});
    const FunctionCall claim = claim_call({slug, true, published->at}, ann);
    const auto claimed = read_claim_reply(client.ask(claim.arguments()).reply, 1);
    ASSERT_TRUE(claimed.ok()) << claimed.error().message;
    EXPECT_EQ(claimed->claims[0].verdict, ClaimVerdict::granted);
    known = claimed->at;
  }
}

TEST(RedisFunctionLibrary, DecidesNothingOnPartOfASaleWhoseSlotMoves) {
  RunningRedis from_server(cluster_of_functions());
  RunningRedis to_server(cluster_of_functions());
  Client from(from_server.options());
  Client to(to_server.options());
  ASSERT_EQ(from.say({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"}), "OK");
  const std::string port = std::to_string(to_server.port());
  const Reply bus = to.ask({"CONFIG", "GET", "cluster-port"}).reply;
  ASSERT_EQ(from.say({"CLUSTER", "MEET", "127.0.0.1", port, bus.items.at(1).text}), "OK");
  for (Client* client : {&from, &to}) {
    ASSERT_TRUE(comes_to_cluster_info(*client, "cluster_known_nodes:2"));
    ASSERT_TRUE(comes_to_cluster_info(*client, "cluster_state:ok"));
    ASSERT_EQ(client->say(load_library_command()), "doorbuster");
  }
  sale::SaleDefinition definition;
  definition.slug = "lamp";
  definition.stock = 5;
  definition.hold_seconds = 60;
  const FunctionCall publish =
      publish_call({std::make_shared<sale::SaleDefinition>(definition), {}}, {0}, {});
  ASSERT_TRUE(read_publish_reply(from.ask(publish.arguments()).reply).ok());
  const auto claim_at = [&](Client& client, std::string_view buyer, bool asking = false) {
    const std::vector<sale::ClaimUnits> claims(1, {{}, sale::BuyerId(buyer), 1, {}, {}});
    const FunctionCall claim = claim_call({"lamp", false, {}}, claims);
    return client.ask(claim.arguments(), Client::kPatience, asking).reply;
  };
  ASSERT_TRUE(read_claim_reply(claim_at(from, "ann"), 1).ok());

  // A key of the sale that is nowhere, like its list without returned units, could as well have
  // moved already: so the whole move is a pause, and no more than that.
  const std::string slot = from.say({"CLUSTER", "KEYSLOT", "{lamp}"});
  const std::string to_id = to.say({"CLUSTER", "MYID"});
  const std::string from_id = from.say({"CLUSTER", "MYID"});
  ASSERT_EQ(to.say({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}), "OK");
  ASSERT_EQ(from.say({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}), "OK");
  for (const std::string& key : sale_keys("lamp")) {
    EXPECT_THAT(claim_at(from, "bob").text, testing::StartsWith("TRYAGAIN"));
    const std::string moved = from.say({"MIGRATE", "127.0.0.1", port, key, "0", "60000"});
    EXPECT_EQ(moved, key == "{lamp}:units" ? "NOKEY" : "OK");
    EXPECT_THAT(claim_at(to, "bob", true).text, testing::StartsWith("TRYAGAIN"));
  }
  EXPECT_THAT(claim_at(from, "bob").text, testing::StartsWith("ASK"));
  for (Client* client : {&to, &from}) {
    ASSERT_EQ(client->say({"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK");
  }
  EXPECT_THAT(claim_at(from, "bob").text, testing::StartsWith("MOVED"));
  const auto claimed = read_claim_reply(claim_at(to, "bob"), 1);
  ASSERT_TRUE(claimed.ok()) << claimed.error().message;
  EXPECT_EQ(claimed->claims[0].claim.view.units.first.first, 2U);
}

TEST(RedisFunctionLibrary, AReplyThatIsNoListOfLibrariesIsDamaged) {
  const auto code_of = [](const Reply& reply) { return read_library_list(reply).error().code; };
  EXPECT_EQ(code_of({Reply::Kind::error, 0, "NOPERM no", {}}), ErrorCode::io_failed);
  EXPECT_EQ(code_of({Reply::Kind::text, 0, "x", {}}), ErrorCode::data_damaged);
  const Reply name{Reply::Kind::text, 0, "library_name", {}};
  const Reply ours{Reply::Kind::text, 0, "doorbuster", {}};
  EXPECT_EQ(code_of({Reply::Kind::array, 0, "", {name}}), ErrorCode::data_damaged);
  EXPECT_EQ(code_of({Reply::Kind::array, 0, "", {{Reply::Kind::array, 0, "", {name}}}}),
            ErrorCode::data_damaged);
  EXPECT_EQ(code_of({Reply::Kind::array, 0, "", {{Reply::Kind::array, 0, "", {name, ours}}}}),
            ErrorCode::data_damaged);
}

}  // namespace
}  // namespace doorbuster::redis
