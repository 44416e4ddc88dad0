// A clock that a test sets by hand. The wall and the machine's own clock move together unless the
// wall is stepped.
//
// Thread: any.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace doorbuster {

class ManualClock final : public Clock {
 public:
  static constexpr Time kBegin{std::chrono::milliseconds(1'794'398'400'000)};  // 2026-11-11 12:00

  Time wall() const override { return kBegin + elapsed() + wall_step(); }
  std::chrono::nanoseconds since_boot() const override { return elapsed(); }

  void advance(std::chrono::milliseconds by) { elapsed_ms_ += by.count(); }
  void step_wall(std::chrono::milliseconds by) { wall_step_ms_ += by.count(); }

 private:
  std::chrono::milliseconds elapsed() const { return std::chrono::milliseconds(elapsed_ms_); }
  std::chrono::milliseconds wall_step() const { return std::chrono::milliseconds(wall_step_ms_); }

  std::atomic<std::int64_t> elapsed_ms_ = 0;
  std::atomic<std::int64_t> wall_step_ms_ = 0;
};

}  // namespace doorbuster
