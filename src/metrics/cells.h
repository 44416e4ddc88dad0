// What a thread counts, for others to look at: a cell is written by one thread alone, so that
// counting takes no lock and no locked instruction, and is read by any.
//
// Thread: add(), set() of the one that owns the cell; value() of any.
// Invariants: a counter never goes back.
#pragma once

#include <atomic>
#include <cstdint>

namespace doorbuster::metrics {

// What two threads write lies so far apart that neither waits for the other's cache line.
inline constexpr std::size_t kCellsApart = 64;

class Counter {
 public:
  void add(std::uint64_t times = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + times, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace doorbuster::metrics
