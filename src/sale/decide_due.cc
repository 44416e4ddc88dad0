#include <algorithm>

#include "sale/decide.h"

namespace doorbuster::sale {
namespace {

Event expiry(const SaleState& sale, ClaimOrdinal claim, Time now) {
  return event_of(sale, now, ClaimReleased{of_claim(sale, claim), EndReason::expired});
}

// When the sale itself changes by the clock.
Time next_transition_at(const SaleState& sale) {
  const SaleDefinition& definition = sale.definition();
  switch (sale.status()) {
    case SaleStatus::scheduled:
      return std::min(definition.opens_at.value_or(Time{}), definition.closes_at.value_or(kNever));
    case SaleStatus::open:
    case SaleStatus::paused:
      return definition.closes_at.value_or(kNever);
    case SaleStatus::closed:
      return kNever;
  }
  return kNever;
}

}  // namespace

std::optional<Event> next_due(const SaleState& sale, Time now) {
  const Time transition_at = next_transition_at(sale);
  const HoldEnd* hold = sale.first_hold_end();
  // A scheduled sale has no holds, so its opening needs no comparing.
  if (hold != nullptr && hold->at <= std::min(now, transition_at)) {
    return expiry(sale, hold->claim, now);
  }
  if (transition_at > now) return std::nullopt;
  const bool opens = sale.status() == SaleStatus::scheduled &&
                     sale.definition().opens_at.value_or(Time{}) == transition_at;
  return event_of(sale, now, opens ? EventBody(SaleOpened{}) : EventBody(SaleClosed{}));
}

Time next_due_at(const SaleState& sale) {
  const HoldEnd* hold = sale.first_hold_end();
  return std::min(next_transition_at(sale), hold == nullptr ? kNever : hold->at);
}

bool transition_is_due(const SaleState& sale, Time now) { return next_transition_at(sale) <= now; }

std::optional<Event> due_end(const SaleState& sale, ClaimOrdinal claim, Time now) {
  const bool held = sale.status_of(sale.claims()[claim]) == ClaimStatus::held;
  if (!held || sale.hold_end(claim) > now) return std::nullopt;
  return expiry(sale, claim, now);
}

Time archives_at(const SaleState& sale) {
  const std::chrono::seconds after{sale.definition().archive_after_seconds};
  const bool done = sale.status() == SaleStatus::closed && sale.totals().held == 0;
  return done && after.count() > 0 ? sale.closed_at() + after : kNever;
}

}  // namespace doorbuster::sale
