// What a gateway says when Redis is not as it should be, and that several of them sell as one.
#include "store/redis/gateway.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <numeric>

#include "store/redis/function_library.h"
#include "store/redis/running_redis_test.h"

namespace doorbuster::redis {
namespace {

using namespace std::chrono_literals;
using sale::ClaimVerdict;

const RunningRedis::Lines kSynced = {"appendonly yes", "appendfsync always",
                                     "repl-diskless-sync-delay 0"};

// A gateway with a loop of its own.
class RunningGateway {
 public:
  RunningGateway(const RunningRedis& redis, CallerOptions options,
                 std::chrono::milliseconds answer_time = 2s, GatewayProbe* probe = nullptr) {
    ClientOptions client;
    client.connection = redis.options();
    client.routing.answer_time = answer_time;
    auto opened = RedisClient::open(io_, client, [](const Node&, bool, const std::string&) {});
    EXPECT_TRUE(opened.ok());
    caller = std::make_unique<SafeCaller>(std::move(*opened), std::move(options));
    gateway = std::make_unique<Gateway>(
        *caller, GatewayOptions{.claim_id_key = {3, 4}, .batches = {}, .probe = probe}, [] {});
  }
  ~RunningGateway() { close(); }

  // With whatever is under way.
  void close() {
    caller->close();
    gateway.reset();
  }

  void hand_over(const store::Command& command) {
    gateway->submit({0, nullptr, next_++, {}}, command);
  }
  // The replies to all that was handed over and has had none, in the order of the handing over.
  std::vector<store::Reply> replies() {
    gateway->end_turn();
    std::vector<store::Released> released;
    gateway->take_released(released);
    while (released.size() < next_ - answered_) {
      if (io_.stopped()) io_.restart();
      if (io_.run_one_for(60s) == 0) {
        ADD_FAILURE() << "no reply within a minute";
        break;
      }
      gateway->take_released(released);
    }
    std::vector<store::Reply> replies(next_ - answered_);
    for (auto& each : released) replies[each.ticket.context - answered_] = std::move(each.reply);
    answered_ = next_;
    return replies;
  }
  store::Reply ask(const store::Command& command) {
    hand_over(command);
    return std::move(replies().front());
  }
  // Hands over the claims of so many buyers, and waits for at least `heard` replies.
  void begin_with(const std::string& slug, int buyers, std::size_t heard,
                  std::vector<store::Released>& told);
  // Again until it is no Error.
  store::Reply insist(const store::Command& command) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    store::Reply reply = ask(command);
    while (std::holds_alternative<Error>(reply) && std::chrono::steady_clock::now() < end) {
      reply = ask(command);
    }
    return reply;
  }

  std::unique_ptr<SafeCaller> caller;
  std::unique_ptr<Gateway> gateway;

 private:
  boost::asio::io_context io_{1};
  std::uint64_t next_ = 0;
  std::uint64_t answered_ = 0;
};

store::Command create(const std::string& slug, std::uint32_t stock) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = slug;
  definition->stock = stock;
  return sale::CreateSale{definition};
}
store::Command claim(const std::string& buyer, const std::string& sale = "s") {
  return sale::ClaimUnits{sale::Slug(sale), sale::BuyerId(buyer), 1, {}};
}
const store::Command kRead = store::ReadSale{sale::Slug("s")};

const Error& error_of(const store::Reply& reply) {
  static const Error kNone{ErrorCode::not_found, "no error"};
  const auto* error = std::get_if<Error>(&reply);
  return error == nullptr ? kNone : *error;
}
std::optional<ClaimVerdict> verdict_of(const store::Reply& reply) {
  const auto* answer = std::get_if<store::ClaimReply>(&reply);
  return answer == nullptr ? std::nullopt : std::optional(answer->verdict);
}
bool is_granted(const store::Reply& reply) { return verdict_of(reply) == ClaimVerdict::granted; }
bool is_existing(const store::Reply& reply) { return verdict_of(reply) == ClaimVerdict::existing; }

void RunningGateway::begin_with(const std::string& slug, int buyers, std::size_t heard,
                                std::vector<store::Released>& told) {
  for (int i = 0; i < buyers; ++i) hand_over(claim("b" + std::to_string(i), slug));
  gateway->end_turn();
  while (told.size() < heard && io_.run_one_for(60s) > 0) gateway->take_released(told);
}

// A machine that is busy with other tests is no server that cannot be reached.
const CallerOptions kPatient{60s, {}, {}, {}};

class GatewayToAServer : public testing::Test {
 protected:
  GatewayToAServer() {
    load();
    EXPECT_TRUE(std::holds_alternative<store::CreateReply>(gateway_.insist(create("s", 100))));
  }
  void load() {
    EXPECT_TRUE(client_.ask_until(load_library_command(), [](const Answer& answer) {
      return answer.fate == Fate::answered && !answer.reply.is_error();
    }));
  }
  std::uint64_t granted() { return std::get<store::SaleView>(gateway_.insist(kRead)).claims; }

  RunningRedis redis_{kSynced};
  Client client_{redis_.options()};
  RunningGateway gateway_{redis_, kPatient};
};

TEST_F(GatewayToAServer, ATurnsClaimsAreFewCallsAndEachHasItsAnswer) {
  client_.say({"CONFIG", "RESETSTAT"});
  for (int i = 0; i < 1'000; ++i) gateway_.hand_over(claim("b" + std::to_string(i % 600)));
  const auto replies = gateway_.replies();
  int granted = 0;
  int existing = 0;
  int sold_out = 0;
  for (const store::Reply& reply : replies) {
    granted += is_granted(reply) ? 1 : 0;
    existing += is_existing(reply) ? 1 : 0;
    const auto* answer = std::get_if<store::ClaimReply>(&reply);
    ASSERT_NE(answer, nullptr) << error_of(reply).message;
    if (answer->verdict == ClaimVerdict::refused) {
      EXPECT_EQ(answer->refusal, sale::Refusal::sold_out);
      ++sold_out;
    }
  }
  EXPECT_EQ(granted, 100);
  EXPECT_EQ(existing, 100);  // those who won, once more
  EXPECT_EQ(sold_out, 800);
  const std::string stats = client_.ask({"INFO", "commandstats"}).reply.text;
  EXPECT_NE(stats.find("cmdstat_fcall:calls=4,"), std::string::npos) << stats;
  EXPECT_EQ(std::get<store::SaleView>(gateway_.ask(kRead))
                .refused[static_cast<std::size_t>(sale::Refusal::sold_out)],
            800U);
}

// How often Redis was asked to decide claims, and how often to read.
struct Calls {
  long decided = 0;
  long read = 0;
  long scanned = 0;
};
Calls calls_of(Client& client) {
  const std::string stats = client.ask({"INFO", "commandstats"}).reply.text;
  const auto count = [&stats](const std::string& name) {
    const std::string before = "cmdstat_" + name + ":calls=";
    const std::size_t at = stats.find(before);
    return at == std::string::npos ? 0 : std::atol(stats.c_str() + at + before.size());
  };
  return {count("fcall"), count("fcall_ro"), count("hscan")};
}

TEST_F(GatewayToAServer, ACrowdThatComesTooLateIsRefusedByALookAtTheSale) {
  const auto ask_all = [&](const char* name, int buyers) {
    for (int i = 0; i < buyers; ++i) gateway_.hand_over(claim(name + std::to_string(i)));
    return gateway_.replies();
  };
  const auto expect_all_refused = [](const std::vector<store::Reply>& replies) {
    for (const store::Reply& reply : replies) {
      const auto& answer = std::get<store::ClaimReply>(reply);
      EXPECT_EQ(answer.verdict, ClaimVerdict::refused);
      EXPECT_EQ(answer.refusal, sale::Refusal::sold_out);
      EXPECT_EQ(answer.sequence.value, 102U);  // created, opened, a hundred times granted
    }
  };
  ask_all("winner", 100);
  // Fewer refusals than there are winners are not worth reading who they are.
  expect_all_refused(ask_all("soon", 40));
  gateway_.ask(kRead);
  gateway_.ask(kRead);
  EXPECT_EQ(calls_of(client_).scanned, 0);
  expect_all_refused(ask_all("late", 100));
  // Behind the read of the sale that leads to it, and behind that of its winners.
  gateway_.ask(kRead);
  gateway_.ask(kRead);
  const Calls before = calls_of(client_);
  EXPECT_EQ(before.scanned, 1);
  expect_all_refused(ask_all("later", 5'000));
  const Calls after = calls_of(client_);
  EXPECT_EQ(after.decided, before.decided);
  EXPECT_LE(after.read - before.read, 5'000 / 256 + 1);

  // Winners among them are told what they have; who wants more than one may have is told that.
  gateway_.hand_over(claim("winner7"));
  gateway_.hand_over(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId("greedy"), 2, {}});
  for (int i = 0; i < 50; ++i) gateway_.hand_over(claim("latest" + std::to_string(i)));
  auto mixed = gateway_.replies();
  EXPECT_TRUE(is_existing(mixed[0]));
  EXPECT_EQ(std::get<store::ClaimReply>(mixed[1]).refusal, sale::Refusal::limit_exceeded);
  mixed.erase(mixed.begin(), mixed.begin() + 2);
  expect_all_refused(mixed);

  // Another gateway puts more on offer, and that is found by whoever asks next.
  RunningGateway other(redis_, kPatient);
  sale::ChangeSale more;
  more.sale = sale::Slug("s");
  sale::SaleChanges changes;
  changes.stock = 120;
  more.changes = std::make_shared<sale::SaleChanges>(changes);
  EXPECT_TRUE(std::holds_alternative<store::SaleChangeReply>(other.insist(more)));
  int granted = 0;
  for (const store::Reply& reply : ask_all("last", 50)) granted += is_granted(reply) ? 1 : 0;
  EXPECT_EQ(granted, 20);
}

// A unit comes back and goes again, and each time a crowd is too late: the winners are read anew
// only when that costs no more than the refusals did.
TEST_F(GatewayToAServer, WinnersOfASaleThatChangesAllTheTimeAreNotReadEachTime) {
  const auto ask_all = [&](const std::string& name, int buyers) {
    for (int i = 0; i < buyers; ++i) gateway_.hand_over(claim(name + std::to_string(i)));
    return gateway_.replies();
  };
  auto winners = ask_all("winner", 100);
  const auto first = std::get<store::ClaimReply>(winners.front()).claim;
  store::ClaimView back = first;
  constexpr int kRounds = 40;
  constexpr int kLate = 20;
  for (int round = 0; round < kRounds; ++round) {
    const store::Reply released =
        gateway_.ask(store::ReleaseClaim{sale::Slug("s"), back.id, {}, {}});
    ASSERT_TRUE(std::holds_alternative<store::ClaimChangeReply>(released));
    back = std::get<store::ClaimReply>(gateway_.ask(claim("next" + std::to_string(round)))).claim;
    for (const store::Reply& reply : ask_all("late" + std::to_string(round) + "-", kLate)) {
      EXPECT_EQ(std::get<store::ClaimReply>(reply).refusal, sale::Refusal::sold_out);
    }
    gateway_.ask(kRead);
    gateway_.ask(kRead);
  }
  EXPECT_GT(calls_of(client_).scanned, 0);
  EXPECT_LE(calls_of(client_).scanned, kRounds * kLate / 100);
}

TEST_F(GatewayToAServer, WithoutAServerNothingIsDecidedAndItComesBackByItself) {
  RunningGateway hasty(redis_, {});
  EXPECT_TRUE(verdict_of(hasty.insist(claim("ann"))));
  redis_.kill();
  for (const store::Command& command : {claim("bob"), claim("ann"), kRead, create("t", 1)}) {
    const store::Reply reply = hasty.ask(command);
    EXPECT_TRUE(std::holds_alternative<Error>(reply)) << reply.index();
  }
  // Once it is known that there is none, that is said, and nobody waits for an answer.
  EXPECT_EQ(error_of(hasty.ask(claim("bob"))).code, ErrorCode::storage_unavailable);
  redis_.start_again();
  EXPECT_TRUE(is_existing(hasty.insist(claim("ann"))));
  EXPECT_TRUE(verdict_of(hasty.insist(claim("bob"))));
  EXPECT_EQ(granted(), 2U);
}

TEST_F(GatewayToAServer, AnAnswerThatDidNotComeMayHaveBeenAYes) {
  RunningGateway impatient(redis_, kPatient, 100ms);
  EXPECT_TRUE(verdict_of(impatient.insist(claim("ann"))));
  redis_.freeze();
  const store::Reply lost = impatient.ask(claim("bob"));
  EXPECT_EQ(error_of(lost).code, ErrorCode::unconfirmed) << error_of(lost).message;
  redis_.thaw();
  // Who asks again is told which it was, and has one unit.
  EXPECT_TRUE(verdict_of(impatient.insist(claim("bob"))));
  EXPECT_TRUE(is_existing(impatient.insist(claim("bob"))));
  EXPECT_EQ(granted(), 2U);
}

TEST_F(GatewayToAServer, WhatTooFewReplicasHaveIsNeitherAcknowledgedNorShown) {
  RunningGateway careful(
      redis_, {60s, [](std::string_view) { return Result<std::uint32_t>(1U); }, 20ms, {}});
  for (const store::Command& command :
       {claim("ann"), claim("ann"), kRead, create("t", 1),
        store::Command(store::ReadBuyerClaims{sale::Slug("s"), sale::BuyerId("ann")})}) {
    EXPECT_EQ(error_of(careful.ask(command)).code, ErrorCode::unconfirmed);
  }
  EXPECT_TRUE(is_existing(gateway_.ask(claim("ann"))));  // it was decided, all the same
  RunningRedis replica({"replicaof 127.0.0.1 " + std::to_string(redis_.port())});
  EXPECT_TRUE(is_existing(careful.insist(claim("ann"))));
  // On a busy machine the replica may be late for the first asking, which has decided it.
  EXPECT_TRUE(verdict_of(careful.insist(claim("bob"))));
  EXPECT_EQ(granted(), 2U);
  EXPECT_TRUE(std::holds_alternative<store::SaleView>(careful.insist(kRead)));
}

TEST_F(GatewayToAServer, WhatBecameOfClaimsIsCounted) {
  GatewayProbe probe;
  RunningGateway counted(redis_, kPatient, 2s, &probe);
  const auto count = [&](const GatewayProbe::Reading& reading, std::string_view sale, auto result) {
    for (const auto& [slug, counts] : reading.named) {
      if (slug == sale) return counts[store::index_of(result)];
    }
    return std::uint64_t{0};
  };
  EXPECT_TRUE(std::holds_alternative<store::CreateReply>(counted.ask(create("one", 1))));
  EXPECT_TRUE(is_granted(counted.ask(claim("ann", "one"))));
  EXPECT_TRUE(is_existing(counted.ask(claim("ann", "one"))));
  EXPECT_FALSE(is_granted(counted.ask(claim("bob", "one"))));
  EXPECT_TRUE(std::holds_alternative<store::NoSuchSale>(counted.ask(claim("bob", "none"))));
  const auto reading = probe.claims();
  EXPECT_EQ(count(reading, "one", store::ClaimResult::confirmed), 1U);
  EXPECT_EQ(count(reading, "one", store::ClaimResult::replayed), 1U);
  EXPECT_EQ(count(reading, "one", sale::Refusal::sold_out), 1U);
  EXPECT_EQ(count(reading, "one", store::ClaimResult::error), 0U);
  EXPECT_EQ(reading.named.size(), 1U);
  EXPECT_FALSE(reading.has_others);
  const auto times = probe.commit_time.read();
  EXPECT_EQ(std::accumulate(times.counts.begin(), times.counts.end(), std::uint64_t{0}), 1U);
  client_.say({"DEL", "{one}:state"});
  EXPECT_FALSE(is_granted(counted.ask(claim("cid", "one"))));
  EXPECT_EQ(count(probe.claims(), "one", store::ClaimResult::error), 1U);
}

TEST(GatewayProbe, NamesTheSalesThatWereAnsweredForLastAndLosesNoCount) {
  GatewayProbe probe;
  const store::ClaimCounts one{1};
  for (int i = 0; i < 150; ++i) {
    probe.claims_answered("s" + std::to_string(i), one);
    probe.claims_answered("always", one);
  }
  probe.claims_failed("invented", 5);
  GatewayProbe::Reading reading = probe.claims();
  EXPECT_EQ(reading.named.size(), GatewayProbe::kNamedSales);
  EXPECT_TRUE(reading.has_others);
  EXPECT_EQ(reading.others[store::index_of(store::ClaimResult::error)], 5U);
  std::uint64_t sum = reading.others[0];
  for (const auto& [slug, counts] : reading.named) {
    sum += counts[0];
    EXPECT_NE(slug, "invented");
    EXPECT_EQ(counts[0], slug == "always" ? 150U : 1U);
  }
  EXPECT_EQ(sum, 300U);
}

TEST_F(GatewayToAServer, AHistoryThatForgotWhatWasToldIsNotSoldFrom) {
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann"))));
  EXPECT_TRUE(std::holds_alternative<store::CreateReply>(gateway_.ask(create("other", 1))));
  client_.say({"DEL", "{s}:state", "{s}:buyers", "{s}:events", "{s}:claims"});
  for (const store::Command& command : {claim("bob"), kRead, create("s", 100)}) {
    const store::Reply reply = gateway_.ask(command);
    EXPECT_EQ(error_of(reply).code, ErrorCode::data_damaged) << error_of(reply).message;
  }
  EXPECT_TRUE(gateway_.gateway->rewound().contains("s"));
  EXPECT_EQ(client_.say({"EXISTS", "{s}:state"}), "0");
  const auto page = std::get<store::SalesPage>(gateway_.ask(store::ListSales{}));
  ASSERT_EQ(page.sales.size(), 1U);
  EXPECT_EQ(page.sales[0].definition->slug, "other");
  EXPECT_TRUE(is_granted(gateway_.ask(claim("bob", "other"))));  // that one forgot nothing
}

TEST_F(GatewayToAServer, WhatARewindLostIsListedAndTheSaleGoesOnWhenThatIsAccepted) {
  const auto granted = [](const store::Reply& reply) {
    return std::get<store::ClaimReply>(reply).claim;
  };
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann"))));
  const auto parts = {":state", ":buyers", ":events", ":claims"};
  std::vector<std::string> copies;
  for (const char* part : parts) {
    copies.push_back(client_.ask({"DUMP", std::string("{s}") + part}).reply.text);
  }
  const store::ClaimView bob = granted(gateway_.ask(claim("bob")));
  const store::ClaimView cid = granted(gateway_.ask(claim("cid")));
  RunningGateway stranger(redis_, kPatient);
  auto copy = copies.begin();
  for (const char* part : parts) {
    client_.say({"RESTORE", std::string("{s}") + part, "0", *copy++, "REPLACE"});
  }
  EXPECT_EQ(error_of(gateway_.ask(claim("dan"))).code, ErrorCode::data_damaged);
  EXPECT_EQ(error_of(gateway_.ask(kRead)).code, ErrorCode::data_damaged);
  // The one about another sale comes behind the question what is gone.
  EXPECT_TRUE(std::holds_alternative<store::CreateReply>(gateway_.ask(create("t", 1))));
  // Listed is what there is: ann alone has a claim.
  const auto page = std::get<store::SalesPage>(gateway_.ask(store::ListSales{}));
  ASSERT_EQ(page.sales.size(), 2U);
  EXPECT_EQ(page.sales[0].claims, 1U);
  const auto& gone = gateway_.gateway->rewound().at("s");
  ASSERT_EQ(gone.size(), 2U);
  EXPECT_EQ(gone[0].id, bob.id);
  EXPECT_EQ(gone[0].buyer, "bob");
  EXPECT_EQ(gone[1].id, cid.id);

  EXPECT_FALSE(gateway_.gateway->accept_rewind("t"));
  EXPECT_TRUE(gateway_.gateway->accept_rewind("s"));
  EXPECT_TRUE(gateway_.gateway->rewound().empty());
  const store::ClaimView dan = granted(gateway_.ask(claim("dan")));
  EXPECT_EQ(dan.units.first.first, bob.units.first.first);
  EXPECT_TRUE(is_existing(gateway_.ask(claim("ann"))));
  EXPECT_EQ(granted(stranger.insist(claim("bob"))).units.first.first, cid.units.first.first);
}

// `goods` leads to the newest round, and a server that lost that one knows an older one.
TEST_F(GatewayToAServer, AServerThatForgotARoundSellsNothingFromTheOneBefore) {
  RunningGateway other(redis_, kPatient);
  gateway_.ask(sale::PublishRound{5});
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann", "goods"))));
  const std::string copy = client_.ask({"DUMP", "{goods}-1:state"}).reply.text;
  other.ask(sale::PublishRound{5});
  EXPECT_TRUE(is_granted(gateway_.ask(claim("bob", "goods"))));
  client_.say(
      {"DEL", "{goods}-2:state", "{goods}-2:buyers", "{goods}-2:events", "{goods}-2:claims"});
  client_.say({"RESTORE", "{goods}-1:state", "0", copy, "REPLACE"});
  client_.say({"SET", "{goods}:rounds", "1"});
  for (const store::Command& command :
       {claim("cid", "goods"), store::Command(store::ReadSale{sale::Slug("goods")}),
        store::Command(sale::PublishRound{5})}) {
    const store::Reply reply = gateway_.ask(command);
    EXPECT_EQ(error_of(reply).code, ErrorCode::data_damaged) << error_of(reply).message;
  }
  EXPECT_EQ(client_.say({"HLEN", "{goods}-1:buyers"}), "1");
  EXPECT_EQ(client_.say({"GET", "{goods}:rounds"}), "1");
}

TEST_F(GatewayToAServer, AnEmptiedServerIsNotTakenForOneThatHasNoSales) {
  gateway_.ask(sale::PublishRound{5});
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann", "goods"))));
  EXPECT_EQ(client_.say({"FLUSHALL"}), "OK");
  EXPECT_EQ(error_of(gateway_.ask(claim("bob", "goods"))).code, ErrorCode::data_damaged);
  EXPECT_EQ(error_of(gateway_.ask(sale::PublishRound{5})).code, ErrorCode::data_damaged);
  EXPECT_EQ(error_of(gateway_.ask(claim("bob"))).code, ErrorCode::data_damaged);
  EXPECT_EQ(client_.say({"EXISTS", "{goods}-1:state"}), "0");
}

TEST_F(GatewayToAServer, WithoutTheFunctionsItSaysSo) {
  EXPECT_EQ(client_.say({"FUNCTION", "FLUSH"}), "OK");
  const store::Reply reply = gateway_.ask(claim("ann"));
  EXPECT_EQ(error_of(reply).code, ErrorCode::storage_unavailable) << error_of(reply).message;
  load();
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann"))));
}

TEST_F(GatewayToAServer, WithTheMemoryFullItReadsAndSellsNothing) {
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann"))));
  EXPECT_EQ(client_.say({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  EXPECT_EQ(error_of(gateway_.ask(claim("bob"))).code, ErrorCode::storage_unavailable);
  EXPECT_TRUE(std::holds_alternative<store::SaleView>(gateway_.ask(kRead)));
  EXPECT_EQ(client_.say({"CONFIG", "SET", "maxmemory", "0"}), "OK");
  EXPECT_TRUE(is_granted(gateway_.ask(claim("bob"))));
}

TEST_F(GatewayToAServer, AReplicaTakesNoClaims) {
  RunningGateway hasty(redis_, {});
  EXPECT_TRUE(std::holds_alternative<store::SaleView>(hasty.insist(kRead)));
  EXPECT_EQ(client_.say({"REPLICAOF", "127.0.0.1", std::to_string(free_port())}), "OK");
  EXPECT_EQ(error_of(hasty.ask(claim("ann"))).code, ErrorCode::storage_unavailable);
  EXPECT_EQ(client_.say({"REPLICAOF", "NO", "ONE"}), "OK");
  EXPECT_TRUE(verdict_of(hasty.insist(claim("ann"))));
}

TEST_F(GatewayToAServer, AKeyOfAnotherKindIsNamed) {
  client_.say({"SET", "{t}:state", "mine"});
  const store::Reply reply = gateway_.ask(create("t", 1));
  EXPECT_NE(error_of(reply).message.find("{t}:state"), std::string::npos)
      << error_of(reply).message;
  EXPECT_EQ(client_.say({"GET", "{t}:state"}), "mine");
}

TEST_F(GatewayToAServer, WhoAsksForNamesOfNothingLeavesNothingBehind) {
  for (int i = 0; i < 300; ++i) {
    const std::string slug = "none-" + std::to_string(i);
    gateway_.hand_over(claim("ann", slug));
    gateway_.hand_over(store::ReadSale{sale::Slug(slug)});
  }
  for (const store::Reply& reply : gateway_.replies()) {
    EXPECT_TRUE(std::holds_alternative<store::NoSuchSale>(reply)) << error_of(reply).message;
  }
  EXPECT_EQ(gateway_.gateway->known_sales(), 1U);
}

TEST_F(GatewayToAServer, MoreCallsThanTheClientTakesAreRefusedHoweverManyTheyAre) {
  constexpr std::size_t kMany = 30'000;
  for (std::size_t i = 0; i < kMany; ++i) {
    gateway_.hand_over(claim("ann", "none-" + std::to_string(i)));
  }
  std::size_t overloaded = 0;
  for (const store::Reply& reply : gateway_.replies()) {
    if (std::holds_alternative<store::NoSuchSale>(reply)) continue;
    // Of those that were taken some may not have found a place on the connection in time.
    if (error_of(reply).code == ErrorCode::storage_unavailable) continue;
    EXPECT_EQ(error_of(reply).code, ErrorCode::overloaded);
    ++overloaded;
  }
  EXPECT_GT(overloaded, kMany / 2);
  EXPECT_TRUE(is_granted(gateway_.insist(claim("ann"))));
}

TEST_F(GatewayToAServer, MayBeDestroyedWithCommandsUnderWay) {
  RunningGateway other(redis_, kPatient);
  for (int i = 0; i < 600; ++i) other.hand_over(claim("b" + std::to_string(i)));
  other.hand_over(kRead);
  other.hand_over(store::ListSales{});
  other.gateway->end_turn();
  other.close();
  EXPECT_EQ(granted(), 0U);  // it had no connection yet
}

TEST_F(GatewayToAServer, OneThatEndsAtAnyMomentTakesNothingWithIt) {
  for (std::size_t heard = 1; heard <= 401; heard += 100) {
    const std::string slug = "s" + std::to_string(heard);
    EXPECT_TRUE(std::holds_alternative<store::CreateReply>(gateway_.ask(create(slug, 2'000))));
    auto ending = std::make_unique<RunningGateway>(redis_, kPatient);
    EXPECT_TRUE(
        std::holds_alternative<store::SaleView>(ending->ask(store::ReadSale{sale::Slug(slug)})));
    std::vector<store::Released> told;
    ending->begin_with(slug, 1'500, heard, told);
    ending.reset();
    // Who was told yes has it, from whichever he asks; who was told nothing learns it by asking.
    for (const store::Released& each : told) {
      const auto& yes = std::get<store::ClaimReply>(each.reply);
      ASSERT_EQ(yes.verdict, ClaimVerdict::granted);
      const auto again = std::get<store::ClaimReply>(
          gateway_.ask(claim(std::string(yes.claim.buyer.view()), slug)));
      EXPECT_EQ(again.verdict, ClaimVerdict::existing);
      EXPECT_EQ(again.claim.id, yes.claim.id);
    }
    for (int i = 0; i < 1'500; ++i) gateway_.hand_over(claim("b" + std::to_string(i), slug));
    for (const store::Reply& reply : gateway_.replies()) {
      EXPECT_TRUE(is_granted(reply) || is_existing(reply)) << error_of(reply).message;
    }
    EXPECT_EQ(client_.say({"HLEN", "{" + slug + "}:buyers"}), "1500");
  }
}

TEST_F(GatewayToAServer, SeveralSellAsOne) {
  RunningGateway other(redis_, kPatient);
  EXPECT_TRUE(std::holds_alternative<store::SaleView>(other.insist(kRead)));
  constexpr int kBuyers = 500;
  std::map<std::string, std::uint32_t> unit_of;
  int granted_here = 0;
  for (int round = 0; round < 4; ++round) {
    // Every buyer asks both, in another order each time.
    for (int i = 0; i < kBuyers; ++i) {
      gateway_.hand_over(claim("b" + std::to_string((i * 7 + round) % kBuyers)));
      other.hand_over(claim("b" + std::to_string((i * 11 + round * 3) % kBuyers)));
    }
    gateway_.gateway->end_turn();
    for (RunningGateway* each : {&other, &gateway_}) {
      for (const store::Reply& reply : each->replies()) {
        const auto* answer = std::get_if<store::ClaimReply>(&reply);
        ASSERT_NE(answer, nullptr) << error_of(reply).message;
        if (answer->verdict == ClaimVerdict::refused) continue;
        granted_here += answer->verdict == ClaimVerdict::granted ? 1 : 0;
        const auto [known, is_new] = unit_of.emplace(std::string(answer->claim.buyer.view()),
                                                     answer->claim.units.first.first);
        EXPECT_TRUE(is_new || known->second == answer->claim.units.first.first);
      }
    }
  }
  EXPECT_EQ(granted_here, 100);
  EXPECT_EQ(unit_of.size(), 100U);
  std::set<std::uint32_t> units;
  for (const auto& [buyer, unit] : unit_of) EXPECT_TRUE(units.insert(unit).second);
  EXPECT_EQ(client_.say({"HLEN", "{s}:buyers"}), "100");
}

TEST_F(GatewayToAServer, ARoundThatAnotherOnePublishedIsFound) {
  RunningGateway other(redis_, kPatient);
  const auto round = [](const store::Reply& reply) {
    return std::get<store::CreateReply>(reply).sale.definition->slug;
  };
  EXPECT_TRUE(std::holds_alternative<store::NoSuchSale>(gateway_.ask(claim("ann", "goods"))));
  EXPECT_EQ(round(other.insist(sale::PublishRound{1})), "goods-1");
  EXPECT_TRUE(is_granted(gateway_.ask(claim("ann", "goods"))));
  EXPECT_EQ(round(other.insist(sale::PublishRound{1})), "goods-2");
  const auto next = std::get<store::ClaimReply>(gateway_.ask(claim("bob", "goods")));
  EXPECT_EQ(next.sale.view(), "goods-2");
  EXPECT_EQ(next.verdict, ClaimVerdict::granted);
  EXPECT_EQ(round(gateway_.ask(sale::PublishRound{1})), "goods-3");
  EXPECT_EQ(round(other.ask(sale::PublishRound{1})), "goods-4");
  const auto page = std::get<store::SalesPage>(gateway_.ask(store::ListSales{}));
  ASSERT_EQ(page.sales.size(), 5U);
  EXPECT_EQ(page.sales[4].definition->slug, "goods-4");
  EXPECT_FALSE(page.has_more);
}

}  // namespace
}  // namespace doorbuster::redis
