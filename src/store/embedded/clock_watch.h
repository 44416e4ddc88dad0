// Looks at a time line again and again, so that a step of the wall clock is told and the end of a
// wait for it is noticed also while nobody asks for anything.
//
// Thread: look() and accept() from any; construct and destroy on one.
// Owns: a thread, on which both functions are called, `changed` also on that of accept(). The time
// line outlives it.
#pragma once

#include <functional>
#include <string>

#include "base/alarm.h"
#include "store/embedded/time_line.h"

namespace doorbuster::embedded {

class ClockWatch {
 public:
  static constexpr std::chrono::seconds kBetweenLooks{1};

  // `tell` (may be none) gets a sentence when an alarm has begun, has ended, or is of another size
  // than was told. `changed` is called beside it: what is due, and when, may be something else now.
  ClockWatch(TimeLine& time_line, std::function<void(const std::string&)> tell,
             std::function<void()> changed, std::chrono::nanoseconds between_looks = kBetweenLooks);

  ClockStanding look() const { return time_line_.look(); }
  // As TimeLine::accept().
  std::string accept();

 private:
  // Thread: the watch's, all below.
  void ring();
  bool is_news(const ClockStanding& standing) const;

  TimeLine& time_line_;
  std::function<void(const std::string&)> tell_;
  std::function<void()> changed_;
  std::chrono::nanoseconds between_looks_;
  ClockStanding told_;
  Alarm alarm_;
};

}  // namespace doorbuster::embedded
