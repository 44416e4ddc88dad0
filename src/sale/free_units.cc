#include "sale/free_units.h"

#include <algorithm>

#include "base/check.h"

namespace doorbuster::sale {

UnitRuns FreeUnits::first(std::uint32_t count) const {
  CHECK(count >= 1);
  UnitRuns units;
  const auto add = [&](UnitRun run) {
    if (units.first.count == 0) {
      units.first = run;
    } else {
      units.more.push_back(run);
    }
    count -= run.count;
  };
  for (auto run = runs_.begin(); count > 0 && run != runs_.end(); ++run) {
    add({run->first, std::min(run->count, count)});
  }
  if (count > 0) add({next_, count});
  return units;
}

void FreeUnits::take(std::uint32_t count) {
  while (count > 0 && !runs_.empty()) {
    UnitRun& run = runs_.front();
    const std::uint32_t taken = std::min(run.count, count);
    run.first += taken;
    run.count -= taken;
    returned_ -= taken;
    count -= taken;
    if (run.count == 0) runs_.pop_front();
  }
  next_ += count;
}

void FreeUnits::give_back(const UnitRuns& units) {
  give_back(units.first);
  for (const UnitRun& run : units.more) give_back(run);
}

void FreeUnits::give_back(UnitRun run) {
  CHECK(run.count > 0 && run.first + run.count <= next_);
  returned_ += run.count;
  // Holds that end in the order of their numbers, as most do, make one long run.
  if (!runs_.empty() && runs_.back().first + runs_.back().count == run.first) {
    runs_.back().count += run.count;
  } else {
    runs_.push_back(run);
  }
}

void FreeUnits::withdraw(std::uint64_t count) {
  CHECK(count <= returned_);
  returned_ -= count;
  while (count > 0) {
    UnitRun& run = runs_.back();
    const auto taken = static_cast<std::uint32_t>(std::min<std::uint64_t>(run.count, count));
    run.count -= taken;
    count -= taken;
    if (run.count == 0) runs_.pop_back();
  }
}

void FreeUnits::restore(Unit next, std::deque<UnitRun> runs) {
  next_ = next;
  runs_ = std::move(runs);
  returned_ = 0;
  for (const UnitRun& run : runs_) returned_ += run.count;
}

}  // namespace doorbuster::sale
