// The units that nobody has: those that came back, in the order of their return, and then numbers
// that were never handed out.
//
// Thread: engine. Owns: the runs that came back; memory grows with returns, not with stock.
// Invariants: a number is in at most one run, and below next().
#pragma once

#include <deque>

#include "sale/types.h"

namespace doorbuster::sale {

class FreeUnits {
 public:
  // The lowest number never handed out.
  Unit next() const { return next_; }
  std::uint64_t returned() const { return returned_; }
  const std::deque<UnitRun>& runs() const { return runs_; }

  // The next `count` units to be handed out; at least 1.
  UnitRuns first(std::uint32_t count) const;
  // Hands them out.
  void take(std::uint32_t count);
  void give_back(const UnitRuns& units);
  // Withdraws the `count` units that came back last, for good: their numbers are not used again.
  void withdraw(std::uint64_t count);
  // What a store had kept of it.
  void restore(Unit next, std::deque<UnitRun> runs);

 private:
  void give_back(UnitRun run);

  std::deque<UnitRun> runs_;
  std::uint64_t returned_ = 0;  // units in the runs
  Unit next_ = 1;
};

}  // namespace doorbuster::sale
