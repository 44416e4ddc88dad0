// How long to wait before the next attempt: twice as long each time, up to a bound, and of that a
// random part of at least a half, so that many who lost the same server do not come back at once.
//
// Thread: one at a time.
// Invariants: a wait is within [first / 2, most].
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace doorbuster::redis {

class Backoff {
 public:
  // 0 < first <= most (checked).
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most, std::uint32_t seed);

  std::chrono::milliseconds next();
  // An attempt has succeeded: the next wait is a first one.
  void reset() { present_ = first_; }

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds most_;
  std::chrono::milliseconds present_;
  std::minstd_rand random_;
};

}  // namespace doorbuster::redis
