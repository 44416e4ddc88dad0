// What the engine decides while its clock cannot be relied on (R15).
#include <gtest/gtest.h>

#include "sim/simulated_engine.h"
#include "store/embedded/recovery.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

class EngineByTheClock : public testing::Test {
 protected:
  EngineByTheClock() : engine_(11) { EXPECT_TRUE(engine_.start().ok()); }

  void create(const std::string& slug, std::optional<Time> opens_at = {},
              std::optional<Time> closes_at = {}) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = 1000;
    definition->opens_at = opens_at;
    definition->closes_at = closes_at;
    engine_.ask(sale::CreateSale{definition});
  }
  store::Reply claim(const std::string& slug) {
    const auto buyer = "b" + std::to_string(++buyers_);
    return engine_.ask(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}});
  }
  // "granted", or the refusal or error.
  std::string claimed(const std::string& slug) {
    const store::Reply reply = claim(slug);
    if (const auto* error = std::get_if<Error>(&reply)) return error->message;
    const auto& answer = std::get<store::ClaimReply>(reply);
    return answer.verdict == sale::ClaimVerdict::granted ? "granted"
                                                         : std::string(to_string(answer.refusal));
  }
  void pass(milliseconds time) { engine_.clock().advance(time); }
  void restart(bool in_good_order = true) {
    if (in_good_order) {
      engine_.stop_in_good_order();
    } else {
      engine_.lose_power();
    }
    ASSERT_TRUE(engine_.start().ok());
  }
  JournalEnd journal() {
    const auto identity = read_identity(engine_.files(), "data");
    return read_store(engine_.files(), "data", *identity).value().end;
  }

  simulation::SimulatedEngine engine_;
  int buyers_ = 0;
};

constexpr milliseconds kTenYears = 24h * 3652;
constexpr std::string_view kBehind = "the wall clock is behind the journal: nothing is decided";

class EngineAndAStep : public EngineByTheClock, public testing::WithParamInterface<milliseconds> {};

TEST_P(EngineAndAStep, OpensAndClosesNoSaleEarlyOrLateWhileItRuns) {
  const milliseconds step = GetParam();
  // Up to 5 s ahead are followed.
  const milliseconds followed = step > 0ms && step <= 5s ? step : 0ms;
  create("s", ManualClock::kBegin + 10min, ManualClock::kBegin + 20min);
  engine_.clock().step_wall(step);
  pass(10min - followed - 1ms);
  EXPECT_EQ(claimed("s"), "not-open");
  pass(1ms);
  EXPECT_EQ(claimed("s"), "granted");
  pass(10min - 1ms);
  EXPECT_EQ(claimed("s"), "granted");
  pass(1ms);
  EXPECT_EQ(claimed("s"), "closed");
}

INSTANTIATE_TEST_SUITE_P(Steps, EngineAndAStep,
                         testing::Values(1s, 5s, 6s, 1h, 24h, kTenYears, -1s, -5s, -6s, -1h, -24h,
                                         -kTenYears));

class EngineAfterAStepBack : public EngineAndAStep {};

TEST_P(EngineAfterAStepBack, OpensNoSaleEarlyAcrossRestarts) {
  const milliseconds step = GetParam();
  create("s", ManualClock::kBegin + 1h);
  engine_.clock().step_wall(step);
  for (const bool in_good_order : {true, false}) {
    restart(in_good_order);
    if (step < -5s) {
      EXPECT_EQ(claimed("s"), kBehind);
      engine_.engine().time_line().accept();
    }
    EXPECT_EQ(claimed("s"), "not-open");
  }
  pass(1h - 1ms);
  EXPECT_EQ(claimed("s"), "not-open");
  pass(1ms);
  EXPECT_EQ(claimed("s"), "granted");
}

INSTANTIATE_TEST_SUITE_P(Steps, EngineAfterAStepBack,
                         testing::Values(-1s, -5s, -6s, -1h, -24h, -kTenYears));

TEST_F(EngineByTheClock, AcceptedAStepAheadOpensWhatIsDueByThen) {
  create("s", ManualClock::kBegin + 1h);
  engine_.clock().step_wall(2h);
  EXPECT_EQ(claimed("s"), "not-open");
  engine_.engine().time_line().accept();
  EXPECT_EQ(claimed("s"), "granted");
  EXPECT_EQ(std::get<store::SaleView>(engine_.ask(store::ReadSale{sale::Slug("s")})).now,
            ManualClock::kBegin + 2h);
}

TEST_F(EngineByTheClock, BehindTheJournalItAnswersNothingAndWritesNothing) {
  create("s");
  EXPECT_EQ(claimed("s"), "granted");
  for (const bool in_good_order : {true, false}) {
    pass(1h);
    EXPECT_EQ(claimed("s"), "granted");
    if (in_good_order) {
      engine_.stop_in_good_order();
    } else {
      engine_.lose_power();
    }
    const JournalEnd before = journal();
    EXPECT_EQ(before.clean_stop, in_good_order);
    engine_.clock().step_wall(-1h);
    ASSERT_TRUE(engine_.start().ok());
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "new";
    const sale::Slug slug("s");
    for (const store::Command& command : std::initializer_list<store::Command>{
             sale::ClaimUnits{slug, sale::BuyerId("ann"), 1, {}}, sale::CreateSale{definition},
             sale::PublishRound{5}, store::ReadSale{slug}, store::ListSales{},
             store::ReadBuyerClaims{slug, sale::BuyerId("b1")}, store::ReadClaim{slug, {}},
             store::ListClaims{slug}}) {
      const store::Reply reply = engine_.ask(command);
      const auto* error = std::get_if<Error>(&reply);
      ASSERT_NE(error, nullptr) << command.index();
      EXPECT_EQ(error->code, ErrorCode::clock_behind) << command.index();
    }
    engine_.stop_in_good_order();
    const JournalEnd after = journal();
    EXPECT_EQ(after.next_group, before.next_group);
    EXPECT_EQ(after.clean_stop, before.clean_stop);
    EXPECT_EQ(after.previous_hash, before.previous_hash);
    engine_.clock().step_wall(1h);
    ASSERT_TRUE(engine_.start().ok());
    EXPECT_EQ(claimed("s"), "granted");
  }
}

TEST_F(EngineByTheClock, GoesOnByItselfOnceTheClockHasCaughtUp) {
  create("s");
  pass(1h);
  EXPECT_EQ(claimed("s"), "granted");
  engine_.clock().step_wall(-1h);
  restart();
  pass(1h - 5001ms);
  EXPECT_EQ(claimed("s"), kBehind);
  pass(1ms);
  EXPECT_EQ(claimed("s"), "granted");
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(std::get<store::SaleView>(engine_.ask(store::ReadSale{sale::Slug("s")})).claims, 2U);
}

}  // namespace
}  // namespace doorbuster::embedded
