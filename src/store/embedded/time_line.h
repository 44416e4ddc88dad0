// The engine's time (R15): begins at the later of the journal's last time and the wall clock, then
// advances by the machine's own clock alone, so that it never goes back and no step of the wall
// clock opens or ends anything.
//
// Thread: engine.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace doorbuster::embedded {

class TimeLine {
 public:
  TimeLine(const Clock& clock, Time journal_time)
      : clock_(clock),
        begin_(std::max(journal_time, clock.wall())),
        begin_since_boot_(clock.since_boot()) {}

  Time now() const {
    return begin_ +
           std::chrono::floor<std::chrono::milliseconds>(clock_.since_boot() - begin_since_boot_);
  }

 private:
  const Clock& clock_;
  Time begin_;
  std::chrono::nanoseconds begin_since_boot_;
};

}  // namespace doorbuster::embedded
