// Cells, histograms, and the probes of several threads.
#include "metrics/cells.h"

#include <gtest/gtest.h>

#include <thread>

#include "metrics/histogram.h"
#include "metrics/per_thread.h"

namespace doorbuster::metrics {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using Counts = std::vector<std::uint64_t>;

constexpr Bounds<3> kSizes = {{1, 10, 100}, 1};
constexpr Bounds<1> kOne = {{5}, 1};

TEST(Histogram, PutsWhatIsAsLargeAsABoundBelowIt) {
  Histogram<kSizes> sizes;
  for (const std::uint64_t value : {0, 1, 2, 10, 11, 100, 101, 1'000'000}) sizes.observe(value);
  EXPECT_EQ(sizes.read().counts, (Counts{2, 2, 2, 2}));
  EXPECT_EQ(sizes.read().sum, 1'000'225);
}

TEST(Histogram, FindsTheRangeThatLookingAtEachBoundFinds) {
  for (const std::uint64_t bound : kLatencyBounds.upper) {
    for (const std::uint64_t value : {bound - 1, bound, bound + 1}) {
      std::size_t range = 0;
      while (range < kLatencyBounds.upper.size() && kLatencyBounds.upper[range] < value) ++range;
      EXPECT_EQ(Histogram<kLatencyBounds>::range_of(value), range) << value;
    }
  }
  EXPECT_EQ(Histogram<kOne>::range_of(5), 0);
  EXPECT_EQ(Histogram<kOne>::range_of(6), 1);
}

TEST(Histogram, TakesManyOfTheSameAtOnceAndATimeThatWentBackForNone) {
  Histogram<kLatencyBounds> waits;
  waits.observe(microseconds(70), 45);
  waits.observe(nanoseconds(-1));
  const HistogramReading read = waits.read();
  EXPECT_EQ(read.counts[0], 1);
  EXPECT_EQ(read.counts[1], 45);
  EXPECT_EQ(read.sum, 45 * 70'000);
}

TEST(Histogram, AddsUp) {
  Histogram<kSizes> one;
  Histogram<kSizes> other;
  one.observe(std::uint64_t{5});
  other.observe(std::uint64_t{7}, 2);
  HistogramReading both = Histogram<kSizes>::nothing();
  one.add_to(both);
  other.add_to(both);
  EXPECT_EQ(both.counts, (Counts{0, 3, 0, 0}));
  EXPECT_EQ(both.sum, 19);
}

struct Probe {
  Counter events;
  Histogram<kSizes> sizes;
};

// Under the thread sanitizer this is the proof that looking disturbs nobody.
TEST(PerThread, LosesNothingThatThreadsCountWhileItIsReadAndKeepsItWhenTheyEnd) {
  constexpr std::uint64_t kEach = 50'000;
  constexpr int kThreads = 3;
  PerThread<Probe> probes;
  const auto events = [&] { return probes.sum([](const Probe& p) { return p.events.value(); }); };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      Probe& mine = probes.add();
      for (std::uint64_t n = 0; n < kEach; ++n) {
        mine.events.add();
        mine.sizes.observe(n % 200);
      }
    });
  }
  std::uint64_t last = 0;
  while (last < kEach * kThreads) {
    const std::uint64_t now = events();
    ASSERT_GE(now, last);
    last = now;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(events(), kEach * kThreads);
  HistogramReading sizes = Histogram<kSizes>::nothing();
  probes.for_each([&](const Probe& probe) { probe.sizes.add_to(sizes); });
  const std::uint64_t hundredth = kEach / 200 * kThreads;
  EXPECT_EQ(sizes.counts, (Counts{2 * hundredth, 9 * hundredth, 90 * hundredth, 99 * hundredth}));
}

TEST(PerThread, KeepsProbesOfTwoThreadsApart) {
  PerThread<Counter> counters;
  const auto* one = &counters.add();
  const auto* other = &counters.add();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(one) % kCellsApart, 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(other) % kCellsApart, 0);
}

}  // namespace
}  // namespace doorbuster::metrics
