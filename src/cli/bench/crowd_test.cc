#include "cli/bench/crowd.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "cli/bench/nanoseconds.h"
#include "cli/bench/request_texts.h"

namespace doorbuster::bench {
namespace {

using namespace std::chrono_literals;
using cli::ArrivalShape;
using cli::BenchMix;

constexpr std::int64_t kFirst = 100 * kSecond;

Answer answer(int status, std::string_view body = {}) {
  Answer made;
  made.status = status;
  made.body = body;
  return made;
}

// A crowd with a server of a few lines, in a time that passes as it likes.
class ACrowd : public testing::Test {
 protected:
  void gather(BenchMix mix, std::uint64_t arrivals, std::uint32_t buyers,
              ArrivalShape shape = ArrivalShape::constant) {
    plan.mix = mix;
    plan.arrival = shape;
    plan.arrivals = arrivals;
    plan.buyers = buyers;
    plan.duration = 10s;
    ledger.emplace(BuyerNames("t"), buyers, 60 * kSecond);
    crowd.emplace(plan, kFirst, kFirst + kSecond, *ledger, tally);
  }
  // Until nobody comes; every request is answered at once.
  void run(const std::function<void(const Request&)>& serve) {
    std::int64_t before = 0;
    while (!crowd->is_over()) {
      const Request request = crowd->take();
      EXPECT_GE(request.due, before) << "out of order";
      before = request.due;
      serve(request);
    }
  }
  void grant(const Request& request, int status = 201, const char* state = "confirmed") {
    const std::string number = std::to_string(request.buyer + 1);
    const std::string body = R"({"id":"clm_)" + number + R"(","buyer":")" +
                             ledger->names().name(request.buyer) + R"(","units":[)" + number +
                             R"(],"status":")" + state + "\"}";
    crowd->answered(request, answer(status, body), request.due + 1000);
  }
  void refuse(const Request& request, int status, const char* code) {
    const std::string body = std::string(R"({"code":")") + code + "\"}";
    crowd->answered(request, answer(status, body), request.due + 1000);
  }

  Plan plan;
  Tally tally;
  std::optional<Ledger> ledger;
  std::optional<Crowd> crowd;
};

TEST_F(ACrowd, OfWinnersAsksOnceForEachBuyer) {
  gather(BenchMix::winners, 100, 100);
  std::set<BuyerNumber> who;
  run([&](const Request& request) {
    EXPECT_TRUE(who.insert(request.buyer).second);
    grant(request);
  });
  EXPECT_EQ(who.size(), 100U);
  EXPECT_EQ(tally.granted, 100U);
  EXPECT_EQ(tally.wins.count(), 100U);
  EXPECT_EQ(ledger->claims().size(), 100U);
  EXPECT_TRUE(ledger->breaches().none());
}

TEST_F(ACrowd, OfDuplicatesAsksTenTimesForEachBuyerOrSo) {
  gather(BenchMix::duplicates, 1000, 100);
  std::map<BuyerNumber, int> times;
  run([&](const Request& request) { grant(request, times[request.buyer]++ == 0 ? 201 : 200); });
  EXPECT_EQ(times.size(), 100U);
  EXPECT_EQ(tally.granted, 100U);
  EXPECT_EQ(tally.known, 900U);
  EXPECT_EQ(tally.asked_again, 900U);
}

TEST_F(ACrowd, ThatIsTooEarlyComesBackAtTheOpening) {
  gather(BenchMix::sale, 20, 20);
  std::map<BuyerNumber, std::int64_t> told_early;
  run([&](const Request& request) {
    if (request.due < kFirst + kSecond) {
      EXPECT_FALSE(told_early.contains(request.buyer) && request.tries > 0);
      told_early[request.buyer] = request.due;
      return refuse(request, 409, "not-open");
    }
    grant(request, ledger->has_claim(request.buyer) ? 200 : 201);
  });
  EXPECT_FALSE(told_early.empty());
  EXPECT_EQ(tally.granted, 20U);
  EXPECT_EQ(tally.refused.of("not-open"), tally.refused.total());
}

TEST_F(ACrowd, SomeOfWhichDoNotBelieveItIsSoldOutAskOnceMore) {
  gather(BenchMix::sale, 100, 100);
  std::map<BuyerNumber, int> times;
  run([&](const Request& request) {
    ++times[request.buyer];
    refuse(request, 409, "sold-out");
  });
  EXPECT_EQ(times.size(), 100U);
  EXPECT_GT(tally.asked_again, 5U);
  EXPECT_LT(tally.asked_again, 60U);
  for (const auto& [buyer, asked] : times) EXPECT_LE(asked, 4) << buyer;
  EXPECT_EQ(ledger->times_told_sold_out(), tally.refused.of("sold-out"));
}

TEST_F(ACrowd, OfLosersTakesANoForANo) {
  gather(BenchMix::losers, 50, 50);
  run([&](const Request& request) { refuse(request, 409, "sold-out"); });
  EXPECT_EQ(tally.sent, 50U);
  EXPECT_EQ(tally.refusals.count(), 50U);
}

TEST_F(ACrowd, WhoseAnswersAreLostAsksAgainAndNeverForgetsIt) {
  gather(BenchMix::winners, 10, 10);
  run([&](const Request& request) {
    request.tries < 2 ? crowd->lost(request, request.due + 1) : grant(request, 200);
  });
  EXPECT_EQ(tally.sent, 30U);
  EXPECT_EQ(tally.lost, 20U);
  EXPECT_EQ(tally.known, 10U);
  for (BuyerNumber buyer = 0; buyer < 10; ++buyer) EXPECT_TRUE(ledger->answer_was_lost(buyer));
}

TEST_F(ACrowd, GivesUpOnAServerThatNeverAnswers) {
  gather(BenchMix::winners, 10, 10);
  run([&](const Request& request) { crowd->lost(request, request.due + 1); });
  EXPECT_LE(tally.sent, 60U);
  EXPECT_EQ(tally.lost, tally.sent);
}

TEST_F(ACrowd, ThatIsTurnedAwayComesBackWhenItWasTold) {
  gather(BenchMix::sale, 30, 30);
  run([&](const Request& request) {
    if (request.tries > 0 || request.is_again) return grant(request, 200);
    Answer busy = answer(503, R"({"code":"overloaded"})");
    busy.retry_after_seconds = 2;
    crowd->answered(request, busy, request.due);
  });
  EXPECT_EQ(tally.turned_away.of("overloaded"), 30U);
  EXPECT_EQ(tally.busy.count(), 30U);
  EXPECT_GE(tally.known, 20U);  // the last ones would come after the end
  EXPECT_EQ(tally.errors.total(), 0U);
}

TEST_F(ACrowd, WithHoldsConfirmsMostAndReleasesSome) {
  gather(BenchMix::holds, 200, 200);
  run([&](const Request& request) {
    if (request.act == Act::claim) return grant(request, 201, "held");
    EXPECT_TRUE(ledger->claim(request.claim).is_in_doubt);
    crowd->answered(request, answer(200, "{}"), request.due + 1);
  });
  EXPECT_EQ(tally.granted, 200U);
  EXPECT_NEAR(static_cast<double>(tally.confirmed), 140, 25);
  EXPECT_NEAR(static_cast<double>(tally.released), 40, 20);
  EXPECT_EQ(tally.ends.count(), tally.confirmed + tally.released);
}

TEST_F(ACrowd, CountsErrorsAndSeesWhenThereIsNoHope) {
  gather(BenchMix::winners, 3, 3);
  refuse(crowd->take(), 422, "invalid");
  EXPECT_EQ(crowd->hopeless(), 0);
  refuse(crowd->take(), 401, "unauthorized");
  EXPECT_EQ(crowd->hopeless(), 401);
  crowd->answered(crowd->take(), answer(500, "<html>"), kFirst);
  EXPECT_EQ(tally.errors.of("422 invalid"), 1U);
  EXPECT_EQ(tally.errors.of("500 no-code"), 1U);
  EXPECT_EQ(tally.errors.total(), 3U);
}

TEST_F(ACrowd, ThatIsStoppedCountsWhoWaitedAndComesNoMore) {
  gather(BenchMix::winners, 100, 100);
  const Request first = crowd->take();
  crowd->stop(kFirst + 5 * kSecond);
  EXPECT_TRUE(crowd->is_over());
  EXPECT_NEAR(static_cast<double>(tally.never_sent), 49, 2);
  crowd->lost(first, kFirst + 6 * kSecond);
  EXPECT_TRUE(crowd->is_over());
  EXPECT_EQ(tally.lost, 1U);
}

TEST_F(ACrowd, WritesRequestsThatDoorbusterUnderstands) {
  gather(BenchMix::holds, 1, 20'000'000);
  Request request;
  request.buyer = 12'345'678;
  grant(request, 201, "held");
  const RequestTexts texts("[::1]:80", "drop", *ledger, "X: y\r\n");
  std::string out = "before";
  texts.append(out, request);
  EXPECT_EQ(out,
            "beforePOST /v1/sales/drop/claims HTTP/1.1\r\nHost: [::1]:80\r\nX: y\r\n"
            "X-Buyer-Id: t-12345678\r\nContent-Length: 0\r\n\r\n");
  request.act = Act::confirm;
  out.clear();
  texts.append(out, request);
  EXPECT_EQ(out,
            "POST /v1/sales/drop/claims/clm_12345679/confirm HTTP/1.1\r\nHost: [::1]:80\r\nX: y\r\n"
            "Content-Type: application/json\r\nContent-Length: 32\r\n\r\n"
            "{\"reference\":\"order-t-12345678\"}");
  request.act = Act::release;
  out.clear();
  texts.append(out, request);
  EXPECT_EQ(out,
            "DELETE /v1/sales/drop/claims/clm_12345679 HTTP/1.1\r\nHost: [::1]:80\r\nX: y\r\n"
            "X-Buyer-Id: t-12345678\r\n\r\n");
}

}  // namespace
}  // namespace doorbuster::bench
