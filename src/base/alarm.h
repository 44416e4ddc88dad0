// Calls a function at a time set beforehand, on a thread of its own. It counts as CLOCK_BOOTTIME
// does: time in which the machine sleeps passes too, so what was due meanwhile rings on waking.
//
// Thread: set() from any, from within ring() too; construct and destroy on one.
// Owns: its thread and the timer that this thread waits for.
// Invariants: each set() rings at most once; no ring begins after the destructor has returned.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace doorbuster {

class Alarm {
 public:
  static constexpr std::chrono::nanoseconds kNotAtAll = std::chrono::nanoseconds::max();

  // Nothing is set at first. `ring` must not throw, and runs without any lock held.
  Alarm(const char* thread_name, std::function<void()> ring);
  // Waits for a ring that is under way.
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Rings once, `from_now` from now (at once if it is not positive; kNotAtAll: never), instead of
  // what was set before and has not begun to ring. Publishes nothing of its caller's to ring():
  // what both touch needs a lock.
  void set(std::chrono::nanoseconds from_now);

 private:
  void wait_and_ring();

  std::function<void()> ring_;
  int timer_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace doorbuster
