// The engine's time (R15): begins at the later of the journal's last time and the wall clock, and
// then advances by the machine's own clock (CLOCK_BOOTTIME). It never goes back.
//
// The wall clock is compared with it by look(), which now() calls once in 100 ms. Where the two
// differ by no more than 5 s, the time follows the wall clock forwards, and simply goes on beside
// one that is behind. A greater difference is a step: it is not followed, and is an alarm until the
// wall clock is back or an operator accepts it. So a step is noticed by the next command or within
// the second in which ClockWatch looks, whichever comes first.
//
// At start a wall clock more than 5 s behind the journal is not believed, but no other is there:
// the time stands at the journal's, and nothing may be decided, until the wall clock has come
// within 5 s of it or an operator accepts.
//
// Thread: any; decisions belong to one. Owns: nothing, the clock outlives it.
// Invariants: on any one thread now() never goes back; once may_decide(), always.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace doorbuster::embedded {

// How the wall clock stands to the engine's time.
struct ClockStanding {
  enum class Kind : std::uint8_t {
    steady,           // together, or apart by what an operator has accepted
    ahead,            // not followed
    behind,           // not followed
    behind_at_start,  // nothing is decided
  };
  Kind kind = Kind::steady;
  std::chrono::milliseconds wall_ahead{0};  // wall clock minus the engine's time; but for steady
};

// "ok", or what is wrong and what can be done about it.
std::string to_sentence(const ClockStanding& standing);

class TimeLine {
 public:
  static constexpr std::chrono::milliseconds kStep{5000};

  TimeLine(const Clock& clock, Time journal_time);

  Time now();
  // False: the wall clock was behind the journal at start and still is, and now() stands still.
  bool may_decide();

  // Compares the clocks, and says how they stand.
  ClockStanding look();
  // The operator takes the clock as it is: the time jumps to a wall clock that is ahead, and goes
  // on by itself beside one that is behind. Gives a sentence that says what is now true.
  std::string accept();

 private:
  Time wall() const;
  std::chrono::milliseconds since_boot() const;
  // With the mutex held, all below.
  void compare();
  void wait_for_journal(Time wall, std::chrono::milliseconds since_boot);
  void follow(Time wall, std::chrono::milliseconds since_boot);
  void begin_at(Time time, std::chrono::milliseconds since_boot);

  const Clock& clock_;
  const Time journal_time_;
  // What is atomic is read without the mutex, and changed with it.
  std::atomic<bool> deciding_ = false;
  // The engine's time minus the time since boot; once deciding it only grows.
  std::atomic<std::chrono::milliseconds> offset_;
  std::atomic<std::chrono::milliseconds> next_look_;  // in time since boot

  std::mutex mutex_;
  ClockStanding standing_{ClockStanding::Kind::behind_at_start, {}};  // until the first reading
  // Wall clock minus engine's time that an operator took for granted.
  std::chrono::milliseconds accepted_{0};
};

}  // namespace doorbuster::embedded
