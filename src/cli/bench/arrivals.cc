#include "cli/bench/arrivals.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace doorbuster::bench {
namespace {

constexpr double kFlashOpening = 0.05;

}  // namespace

std::span<const Arrivals::Knot> Arrivals::knots_of(cli::ArrivalShape shape) {
  static constexpr std::array kConstant = {Knot{0, 0}, Knot{1, 1}};
  // 1/3 at a tenth and 2/3 in full: 1 of 21 parts, then 20.
  static constexpr std::array kStep = {Knot{0, 0}, Knot{1.0 / 3, 1.0 / 21}, Knot{1, 1}};
  static constexpr std::array kFlash = {
      Knot{0, 0},       Knot{kFlashOpening, 0.02}, Knot{0.07, 0.22},
      Knot{0.10, 0.40}, Knot{0.15, 0.57},          Knot{0.25, 0.72},
      Knot{0.45, 0.85}, Knot{0.70, 0.94},          Knot{1, 1}};
  switch (shape) {
    case cli::ArrivalShape::constant:
      return kConstant;
    case cli::ArrivalShape::step:
      return kStep;
    case cli::ArrivalShape::flash:
      return kFlash;
  }
  return kConstant;
}

Arrivals::Arrivals(cli::ArrivalShape shape, std::uint64_t count, Nanoseconds duration)
    : shape_(shape), knots_(knots_of(shape)), count_(count), duration_(duration) {}

Arrivals::Nanoseconds Arrivals::before_opening() const {
  if (shape_ != cli::ArrivalShape::flash) return Nanoseconds(0);
  return Nanoseconds(std::llround(kFlashOpening * static_cast<double>(duration_.count())));
}

Arrivals::Nanoseconds Arrivals::time_of(std::uint64_t n) const {
  DCHECK(n < count_);
  // Each has an equal part of the crowd to himself, and comes somewhere in it.
  const double come = (static_cast<double>(n) + scattered_share(n)) / static_cast<double>(count_);
  const auto after = std::find_if(knots_.begin() + 1, knots_.end() - 1,
                                  [come](const Knot& knot) { return come < knot.come; });
  const Knot& to = *after;
  const Knot& from = *(after - 1);
  const double time =
      from.time + (come - from.come) / (to.come - from.come) * (to.time - from.time);
  return Nanoseconds(static_cast<std::int64_t>(time * static_cast<double>(duration_.count())));
}

}  // namespace doorbuster::bench
