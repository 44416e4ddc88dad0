// One simulated life of a store from one seed: buyers, shops and merchants that ask, repeat
// themselves and lose answers; a disk, a clock and a machine that fail in a subset of the possible
// ways; then no more faults, and everything must be as they were told.
//
// Thread: one. Owns: engine, disk, clock, everybody.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/auditor.h"
#include "sim/feed_follower.h"
#include "sim/journal_history.h"
#include "sim/simulated_engine.h"
#include "sim/workload.h"

namespace doorbuster::simulation {

// What a seed went through, summed over seeds to show that the faults are reached.
struct Coverage {
  std::map<std::string, std::uint64_t> counts;

  void note(const std::string& what, std::uint64_t by = 1) { counts[what] += by; }
  void add(const Coverage& other) {
    for (const auto& [what, count] : other.counts) counts[what] += count;
  }
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, std::uint64_t operations);

  // The violation that was found, or nothing.
  std::optional<std::string> run();
  const Coverage& coverage() const { return coverage_; }
  // Depends on everything that was told: the same for the same seed.
  std::uint64_t trace() const { return trace_; }

 private:
  enum class Fault {
    power,
    kill,
    restart,
    write_error,
    sync_error,
    disk_full,
    start_error,
    read_flip,
    clock,
    snapshot_error,
    snapshot_power
  };
  static constexpr std::size_t kFaults = 11;

  void plan_faults();
  bool may(Fault fault, double probability);
  void operate();
  void submit(const store::Command& command);
  void let_time_pass();
  // Takes note when the engine begins to decide: the grace of its holds counts from then (R15).
  void note_deciding();
  // Takes note of sales that left memory, or came back.
  void note_archived();
  // Somebody reads the feed, beside whatever is under way.
  void read_feed();
  // Takes note of a fault that strikes: what it meets, and in which phase.
  void note_fault(const OperationRecord& record);
  void perhaps_fail();
  void fail_io();
  void fail_snapshot();
  void resolve();
  void restart_after_end();
  void start();
  std::optional<std::string> finish();
  // Nothing fails any more: within so many turns nothing is left to do.
  void come_to_rest();
  void audit_store();
  void verify_store();
  // The auditor follows the journal up to here. `is_whole`: nothing is under way.
  void follow(bool is_whole);
  // Nothing: the disk is full and something was due, or the clock is behind.
  std::optional<store::Reply> ask(const store::Command& command);
  std::optional<std::vector<store::SaleView>> all_sales();

  std::uint64_t operations_;
  SimulatedEngine engine_;
  Random random_;
  Workload workload_;
  Auditor auditor_;
  JournalHistory history_;
  FeedFollower feed_;
  Coverage coverage_;
  std::array<bool, kFaults> enabled_{};
  std::map<std::uint64_t, std::size_t> under_way_;  // engine's request -> auditor's
  std::chrono::milliseconds grace_;
  bool deciding_ = false;  // the engine of the moment
  bool starting_ = false;
  bool faultless_ = false;
  std::set<std::uint32_t> archived_;
  std::uint64_t trace_ = 0;
};

}  // namespace doorbuster::simulation
