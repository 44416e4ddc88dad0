#include "cli/bench/histogram.h"

#include <gtest/gtest.h>

namespace doorbuster::bench {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, OfNothingIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.99), 0ns);
  EXPECT_EQ(histogram.longest(), 0ns);
}

TEST(Histogram, OfOneDurationIsThatDuration) {
  Histogram histogram;
  histogram.add(1234567ns);
  EXPECT_EQ(histogram.quantile(0), 1234567ns);
  EXPECT_EQ(histogram.quantile(0.5), 1234567ns);
  EXPECT_EQ(histogram.quantile(1), 1234567ns);
}

TEST(Histogram, GivesQuantilesThatAreNeverTooShortAndHardlyTooLong) {
  Histogram histogram;
  for (int us = 1; us <= 100'000; ++us) histogram.add(std::chrono::microseconds(us));
  for (const double share : {0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact = share * 100'000 * 1000;
    const auto found = static_cast<double>(histogram.quantile(share).count());
    EXPECT_GE(found, exact - 1) << share;
    EXPECT_LE(found, exact * 1.008) << share;
  }
}

TEST(Histogram, CountsShortAndLongDurationsAlike) {
  Histogram histogram;
  for (std::int64_t ns = 1; ns < (std::int64_t{1} << 39); ns *= 2) {
    for (const std::int64_t each : {ns - 1, ns, ns + 1}) {
      Histogram one;
      one.add(Histogram::Nanoseconds(each));
      one.add(1h);  // so that the longest does not cap it
      const std::int64_t found = one.quantile(0.5).count();
      EXPECT_GE(found, each);
      EXPECT_LE(found, each + each / 128 + 1);
    }
  }
}

TEST(Histogram, KeepsWhatIsBeyondItsEnd) {
  Histogram histogram;
  histogram.add(-5ns);
  histogram.add(2h);
  EXPECT_EQ(histogram.quantile(0.5), 0ns);
  EXPECT_EQ(histogram.quantile(1), 2h);
  EXPECT_EQ(histogram.longest(), 2h);
}

}  // namespace
}  // namespace doorbuster::bench
