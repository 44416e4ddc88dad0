// When the buyers of a crowd come: a curve that says which share of them has come by which share of
// the time, and for each buyer a moment on it. Nobody waits for anybody: the moment never depends
// on an answer (open loop).
//
// Thread: any; pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "cli/arguments.h"

namespace doorbuster::bench {

class Arrivals {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // constant: evenly. step: a third of the time at a tenth of the rate, then all of it.
  // flash: a few before the opening, a burst at it that falls off, and a tail.
  Arrivals(cli::ArrivalShape shape, std::uint64_t count, Nanoseconds duration);

  std::uint64_t count() const { return count_; }
  Nanoseconds duration() const { return duration_; }

  // How long after the first moment the opening is: of a flash crowd some come before it.
  Nanoseconds before_opening() const;

  // When number `n` (below count()) comes, after the first moment; never before number n - 1.
  Nanoseconds time_of(std::uint64_t n) const;

 private:
  struct Knot {
    double time;  // share of the duration
    double come;  // share of the crowd
  };
  static std::span<const Knot> knots_of(cli::ArrivalShape shape);

  cli::ArrivalShape shape_;
  std::span<const Knot> knots_;
  std::uint64_t count_;
  Nanoseconds duration_;
};

// A number that looks random and is the same for the same `n` (splitmix64).
constexpr std::uint64_t scattered(std::uint64_t n) {
  n += 0x9e3779b97f4a7c15;
  n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
  n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
  return n ^ (n >> 31);
}

// The same as a share, 0 to below 1.
constexpr double scattered_share(std::uint64_t n) {
  return static_cast<double>(scattered(n) >> 11) * 0x1p-53;
}

}  // namespace doorbuster::bench
