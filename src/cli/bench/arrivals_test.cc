#include "cli/bench/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace doorbuster::bench {
namespace {

using namespace std::chrono_literals;
using cli::ArrivalShape;

std::vector<std::int64_t> times(ArrivalShape shape, std::uint64_t count) {
  const Arrivals arrivals(shape, count, 10s);
  std::vector<std::int64_t> found;
  for (std::uint64_t n = 0; n < count; ++n) found.push_back(arrivals.time_of(n).count());
  return found;
}

// How many come from `from` to before `to`.
std::int64_t coming(const std::vector<std::int64_t>& all, std::chrono::nanoseconds from,
                    std::chrono::nanoseconds to) {
  return std::count_if(all.begin(), all.end(), [&](std::int64_t time) {
    return time >= from.count() && time < to.count();
  });
}

TEST(Arrivals, ComeInOrderAndInTime) {
  for (const auto shape : {ArrivalShape::constant, ArrivalShape::step, ArrivalShape::flash}) {
    const auto all = times(shape, 10'000);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    EXPECT_GE(all.front(), 0);
    EXPECT_LE(std::chrono::nanoseconds(all.back()), 10s);
  }
}

TEST(Arrivals, OfOneBuyerAreOne) {
  const auto all = times(ArrivalShape::flash, 1);
  EXPECT_GE(all.front(), 0);
  EXPECT_LE(std::chrono::nanoseconds(all.front()), 10s);
}

TEST(Arrivals, ConstantIsTheSameEverySecond) {
  const auto all = times(ArrivalShape::constant, 10'000);
  for (auto second = 0s; second < 10s; ++second) {
    EXPECT_NEAR(static_cast<double>(coming(all, second, second + 1s)), 1000, 2);
  }
}

TEST(Arrivals, StepIsTenTimesTheRateAfterAThirdOfTheTime) {
  const auto all = times(ArrivalShape::step, 21'000);
  EXPECT_NEAR(static_cast<double>(coming(all, 1s, 2s)), 300, 3);
  EXPECT_NEAR(static_cast<double>(coming(all, 5s, 6s)), 3000, 3);
}

TEST(Arrivals, FlashIsABurstAtTheOpeningAndATail) {
  const Arrivals arrivals(ArrivalShape::flash, 10'000, 10s);
  const auto opening = arrivals.before_opening();
  EXPECT_EQ(opening, 500ms);
  const auto all = times(ArrivalShape::flash, 10'000);
  EXPECT_NEAR(static_cast<double>(coming(all, 0s, opening)), 200, 2);
  EXPECT_GT(coming(all, opening, opening + 500ms), 3500);
  EXPECT_LT(coming(all, 9s, 10s), 300);
}

}  // namespace
}  // namespace doorbuster::bench
