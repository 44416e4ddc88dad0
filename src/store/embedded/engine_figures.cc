// What the engine counts, and when others may see it.
#include <atomic>

#include "base/check.h"
#include "store/embedded/engine.h"

namespace doorbuster::embedded {
namespace {

bool is_granted_claim(const store::Reply& reply) {
  const auto* claim = std::get_if<store::ClaimReply>(&reply);
  return claim != nullptr && claim->verdict == sale::ClaimVerdict::granted;
}

}  // namespace

void Engine::adopt_figures() {
  tallies_.resize(catalog_.size());
  for (std::uint32_t i = 0; i < catalog_.size(); ++i) {
    probe_.sales.adopt(catalog_[{i}], figures_of(catalog_[{i}], tallies_[i]));
  }
  probe_.engine.nothing_due();
}

ClaimTally& Engine::touch(sale::SaleOrdinal sale) {
  if (tallies_.size() <= sale.value) tallies_.resize(catalog_.size());
  ClaimTally& tally = tallies_[sale.value];
  if (!tally.touched) {
    tally.touched = true;
    touched_.push_back(sale);
  }
  return tally;
}

void Engine::count_aside(sale::SaleOrdinal sale, sale::Refusal refusal) {
  CHECK(sale.value < tallies_.size());  // its creation was counted
  ClaimTally& tally = tallies_[sale.value];
  std::atomic_ref(tally[refusal]).fetch_add(1, std::memory_order_relaxed);
  if (std::atomic_ref(tally.touched).exchange(true, std::memory_order_relaxed)) return;
  const std::lock_guard lock(asides_mutex_);
  asides_.push_back(sale);
}

void Engine::take_asides() {
  const std::lock_guard lock(asides_mutex_);
  touched_.insert(touched_.end(), asides_.begin(), asides_.end());
  asides_.clear();
}

const ClaimTally& Engine::tally(sale::SaleOrdinal sale) {
  if (tallies_.size() <= sale.value) tallies_.resize(catalog_.size());
  return tallies_[sale.value];
}

void Engine::take_figures() {
  CHECK(figures_.empty());
  take_asides();
  for (const sale::SaleOrdinal ordinal : touched_) {
    const sale::SaleState& sale = catalog_[ordinal];
    ClaimTally& tally = tallies_[ordinal.value];
    tally.touched = false;
    if (!sale.totals().conserved()) probe_.engine.units_not_conserved();
    figures_.push_back({ordinal, sale.shared_definition(), figures_of(sale, tally)});
  }
  touched_.clear();
}

void Engine::show_figures() {
  probe_.sales.show(figures_);
  figures_.clear();
}

void Engine::show_settled_figures() {
  take_asides();
  if (touched_.empty() || journal_.busy() || !group_.empty()) return;
  take_figures();
  show_figures();
}

void Engine::note_committed() {
  if (in_flight_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  EngineProbe::Instant received{};
  std::uint64_t alike = 0;
  for (const Released& each : in_flight_) {
    if (!is_granted_claim(each.reply)) continue;
    if (each.ticket.received != received && alike > 0) {
      probe_.engine.claims_committed(now - received, alike);
      alike = 0;
    }
    received = each.ticket.received;
    ++alike;
  }
  if (alike > 0) probe_.engine.claims_committed(now - received, alike);
}

void Engine::end_step(EngineProbe::Instant began) {
  const auto now = std::chrono::steady_clock::now();
  probe_.engine.step_ended(now - began, waiting());
  const Time due = due_.empty() ? kNever : due_.begin()->first;
  if (due == std::exchange(told_due_, due)) return;
  if (due == kNever) return probe_.engine.nothing_due();
  probe_.engine.next_due(now + (due - time_line_.now()));
}

}  // namespace doorbuster::embedded
