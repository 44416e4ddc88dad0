// The probes of threads that do the same work, each thread with its own: nobody waits to count, and
// who looks adds them up.
//
// Thread: any. Owns: the probes, for good: what a thread that has ended counted stays counted.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "metrics/cells.h"

namespace doorbuster::metrics {

template <typename Probe>
class PerThread {
 public:
  // One more, for the thread that will write it. At the thread's start, not while it counts.
  Probe& add() {
    const std::lock_guard lock(mutex_);
    probes_.push_back(std::make_unique<Apart>());
    return probes_.back()->probe;
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    const std::lock_guard lock(mutex_);
    for (const auto& each : probes_) visit(static_cast<const Probe&>(each->probe));
  }

  // The sum of what `value` gives for each.
  template <typename Value>
  std::uint64_t sum(Value value) const {
    std::uint64_t total = 0;
    for_each([&](const Probe& probe) { total += value(probe); });
    return total;
  }

 private:
  struct alignas(kCellsApart) Apart {
    Probe probe;
  };

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Apart>> probes_;
};

}  // namespace doorbuster::metrics
