#include "cli/bench/plan.h"

#include <gtest/gtest.h>

namespace doorbuster::bench {
namespace {

using namespace std::chrono_literals;
using cli::ArrivalShape;
using cli::BenchArguments;
using cli::BenchMix;

BenchArguments of(BenchMix mix) {
  BenchArguments arguments;
  arguments.mix = mix;
  return arguments;
}

TEST(Plan, WithoutAnythingIsAHotSale) {
  const auto plan = plan_of({});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->arrival, ArrivalShape::flash);
  EXPECT_EQ(plan->arrivals, 50'000U);
  EXPECT_EQ(plan->buyers, 50'000U);
  EXPECT_EQ(plan->duration, 10s);
  EXPECT_EQ(plan->stock, 1'000U);
  EXPECT_EQ(plan->hold_seconds, 0U);
}

TEST(Plan, TakesAnyTwoOfBuyersRateAndDuration) {
  BenchArguments arguments = of(BenchMix::winners);
  arguments.rate = 500;
  EXPECT_EQ(plan_of(arguments)->arrivals, 5'000U);
  EXPECT_EQ(plan_of(arguments)->stock, 5'000U);
  arguments.duration_seconds = 4;
  EXPECT_EQ(plan_of(arguments)->arrivals, 2'000U);
  arguments.duration_seconds.reset();
  arguments.buyers = 100;
  EXPECT_EQ(plan_of(arguments)->duration, 200ms);
  arguments.duration_seconds = 1;
  EXPECT_FALSE(plan_of(arguments));
}

TEST(Plan, SuitsItsMix) {
  EXPECT_EQ(plan_of(of(BenchMix::winners))->stock, 50'000U);
  EXPECT_EQ(plan_of(of(BenchMix::winners))->arrival, ArrivalShape::constant);
  EXPECT_EQ(plan_of(of(BenchMix::losers))->stock, 1U);
  EXPECT_EQ(plan_of(of(BenchMix::holds))->hold_seconds, 60U);
  const auto duplicates = plan_of(of(BenchMix::duplicates));
  EXPECT_EQ(duplicates->arrivals, 500'000U);
  EXPECT_EQ(duplicates->buyers, 50'000U);
}

TEST(Plan, HasARoomForEveryBuyerOfItsArrivals) {
  BenchArguments arguments = of(BenchMix::duplicates);
  arguments.rate = 37;
  const auto plan = plan_of(arguments);
  for (std::uint64_t n = 0; n < plan->arrivals; ++n) EXPECT_LT(buyer_of(*plan, n), plan->buyers);
}

TEST(Plan, RefusesWhatContradictsItself) {
  BenchArguments arguments;
  arguments.sale = "drop";
  EXPECT_TRUE(plan_of(arguments));
  arguments.stock = 5;
  EXPECT_FALSE(plan_of(arguments));
  BenchArguments endless;
  endless.rate = 10'000'000;
  endless.duration_seconds = 86'400;
  EXPECT_FALSE(plan_of(endless));
}

}  // namespace
}  // namespace doorbuster::bench
