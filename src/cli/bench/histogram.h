// Durations counted in buckets whose width grows with the duration, as HdrHistogram does: 128 to
// each power of two, so that a quantile is never more than 0.8 % too large.
//
// Thread: one at a time. Owns: some 35 kB, allocated once.
// Invariants: adding allocates nothing; nothing is ever reported as shorter than it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace doorbuster::bench {

class Histogram {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  Histogram();

  // A negative duration counts as 0. What is over 18 minutes counts as that, and stays in
  // longest().
  void add(Nanoseconds duration);

  std::uint64_t count() const { return count_; }
  Nanoseconds longest() const { return Nanoseconds(longest_); }

  // The duration that this share of all (0 to 1) does not exceed; 0 when there are none.
  Nanoseconds quantile(double share) const;

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t longest_ = 0;
};

}  // namespace doorbuster::bench
