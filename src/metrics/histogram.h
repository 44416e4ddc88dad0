// How often something was how large: one cell for each range, its upper bounds fixed when the
// program is built.
//
// Thread: as the cells (cells.h). Owns: its cells.
// Invariants: each observation is in exactly one range; one that is as large as a bound is below
// it, as Prometheus has it (`le`).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/cells.h"

namespace doorbuster::metrics {

// Upper bounds in ascending order, in whole units; `unit` is what one of them is in the unit that
// is told: 1e-9 for nanoseconds that are told in seconds.
template <std::size_t N>
struct Bounds {
  std::array<std::uint64_t, N> upper;
  double unit = 1;
};

// A sum of histograms with the same bounds, as read.
struct HistogramReading {
  std::span<const std::uint64_t> upper;
  double unit = 1;
  std::vector<std::uint64_t> counts;  // one more than bounds: the last is of what is beyond
  std::uint64_t sum = 0;              // in units
};

template <const auto& Edges>
class Histogram {
 public:
  static constexpr std::size_t kRanges = Edges.upper.size() + 1;

  void observe(std::uint64_t value, std::uint64_t times = 1) {
    counts_[range_of(value)].add(times);
    sum_.add(value * times);
  }
  // `times` of what took so long; the bounds are in nanoseconds.
  void observe(std::chrono::nanoseconds took, std::uint64_t times = 1) {
    observe(static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count()), times);
  }

  // Adds what is in this one. Ranges are read one after the other, while counting goes on.
  void add_to(HistogramReading& reading) const {
    for (std::size_t i = 0; i < kRanges; ++i) reading.counts[i] += counts_[i].value();
    reading.sum += sum_.value();
  }
  static HistogramReading nothing() {
    return {Edges.upper, Edges.unit, std::vector<std::uint64_t>(kRanges), 0};
  }
  HistogramReading read() const {
    HistogramReading reading = nothing();
    add_to(reading);
    return reading;
  }

  // The first range whose bound is not below `value`, by halving, without a jump.
  static std::size_t range_of(std::uint64_t value) {
    std::size_t first = 0;
    for (std::size_t left = Edges.upper.size(); left > 1;) {
      const std::size_t half = left / 2;
      first += Edges.upper[first + half - 1] < value ? half : 0;
      left -= half;
    }
    return first + (Edges.upper[first] < value ? 1 : 0);
  }

 private:
  std::array<Counter, kRanges> counts_;
  Counter sum_;
};

// Waiting times from a tenth of a sync to what somebody would hang up at.
inline constexpr Bounds<15> kLatencyBounds = {
    {50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 25'000'000,
     50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000},
    1e-9};

}  // namespace doorbuster::metrics
