// One simulated life of a store from one seed: clients that claim, repeat themselves and lose
// answers; a disk and a machine that fail in a subset of the possible ways; then no more faults,
// and everything must be as the clients were told.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/auditor.h"
#include "sim/simulated_engine.h"

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
  void claim();
  void publish();
  void look();
  void perhaps_fail();
  void fail_io();
  void fail_snapshot();
  void resolve();
  void restart_after_end();
  void start();
  void audit_store();
  void verify_store();
  std::vector<store::SaleView> all_sales();
  void violated(const std::string& what) { extra_violation_ = what; }

  std::uint64_t operations_;
  SimulatedEngine engine_;
  Random random_;
  Auditor auditor_;
  Coverage coverage_;
  std::array<bool, kFaults> enabled_{};
  std::map<std::uint64_t, std::size_t> claims_under_way_;  // engine's request -> auditor's
  std::vector<SentClaim> lost_answers_;                    // to be asked again
  std::set<std::uint64_t> other_requests_;
  std::optional<std::string> extra_violation_;
  std::uint64_t trace_ = 0;
};

}  // namespace doorbuster::simulation
