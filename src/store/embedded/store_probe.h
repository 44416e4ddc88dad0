// What the embedded engine tells of its work: each thread what it has done, in cells of its own,
// for others to look at. Whoever calls these does not know what becomes of it.
//
// Thread: each part says which one counts; reading is for any.
// Owns: the cells.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

#include "metrics/cells.h"
#include "metrics/histogram.h"
#include "store/embedded/sale_board.h"

namespace doorbuster::embedded {

// By which steps are judged: none shall take longer than 5 ms.
inline constexpr metrics::Bounds<14> kStepBounds = {
    {20'000, 50'000, 100'000, 200'000, 500'000, 1'000'000, 2'000'000, 5'000'000, 10'000'000,
     20'000'000, 50'000'000, 100'000'000, 500'000'000, 2'000'000'000},
    1e-9};
inline constexpr metrics::Bounds<13> kEntryBounds = {
    {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096}, 1};

// Thread: committer, one group at a time.
struct alignas(metrics::kCellsApart) JournalProbe {
  void group_synced(std::chrono::nanoseconds took, std::uint64_t events, std::uint64_t bytes) {
    sync_time.observe(took);
    events_of_group.observe(events);
    appended_bytes.add(bytes);
  }
  // The process ends by this (R11): who asks in the last moment is told why.
  void write_failed() { write_errors.add(); }
  void sync_failed() { sync_errors.add(); }
  // Thread: engine. As on a full disk.
  void segment_not_made() { segment_errors.add(); }

  metrics::Histogram<metrics::kLatencyBounds> sync_time;
  metrics::Histogram<kEntryBounds> events_of_group;
  metrics::Counter appended_bytes;
  metrics::Counter write_errors;
  metrics::Counter sync_errors;
  metrics::Counter segment_errors;
};

// Thread: engine.
struct alignas(metrics::kCellsApart) EngineProbe {
  using Instant = std::chrono::steady_clock::time_point;

  static constexpr std::uint64_t kNothingDue = std::numeric_limits<std::uint64_t>::max();

  // `times` claims are durable that came so long ago.
  void claims_committed(std::chrono::nanoseconds ago, std::uint64_t times) {
    commit_time.observe(ago, times);
  }
  void step_ended(std::chrono::nanoseconds took, std::size_t waiting) {
    step_time.observe(took);
    waiting_commands.set(waiting);
  }
  // When what is due first will be, or was.
  void next_due(Instant at) {
    due_at.set(
        static_cast<std::uint64_t>(std::max<std::int64_t>(at.time_since_epoch().count(), 0)));
  }
  void nothing_due() { due_at.set(kNothingDue); }
  void units_not_conserved() { conservation_breaches.add(); }

  metrics::Histogram<metrics::kLatencyBounds> commit_time;
  metrics::Histogram<kStepBounds> step_time;
  metrics::Gauge waiting_commands;
  metrics::Gauge due_at;  // nanoseconds of the steady clock
  metrics::Counter conservation_breaches;
};

// By how much what is due first is overdue.
inline std::chrono::nanoseconds overdue(const EngineProbe& probe, EngineProbe::Instant now) {
  const std::uint64_t due = probe.due_at.value();
  const auto at = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return std::chrono::nanoseconds(at > due ? static_cast<std::int64_t>(at - due) : 0);
}

struct StoreProbe {
  EngineProbe engine;
  JournalProbe journal;
  SaleBoard sales;
};

}  // namespace doorbuster::embedded
