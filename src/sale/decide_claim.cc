#include <algorithm>

#include "base/check.h"
#include "sale/decide.h"

namespace doorbuster::sale {
namespace {

struct BuyerStanding {
  std::uint64_t live_quantity = 0;
  std::uint32_t ended = 0;  // claims
  std::optional<ClaimOrdinal> newest_live;
  std::optional<ClaimOrdinal> with_key;
};

BuyerStanding standing_of(const SaleState& sale, const ClaimUnits& command) {
  BuyerStanding standing;
  for_each_claim(sale, command.buyer.view(), [&](ClaimOrdinal ordinal, const Claim& claim) {
    if (sale.is_live(claim)) {
      standing.live_quantity += claim.quantity;
      if (!standing.newest_live) standing.newest_live = ordinal;
    } else {
      ++standing.ended;
    }
    if (!command.key.empty() && sale.claims().key(claim) == command.key.view()) {
      standing.with_key = ordinal;
      return false;
    }
    return true;
  });
  return standing;
}

// The answer to a buyer who has been answered before (R9); nothing when he has to be decided anew.
std::optional<ClaimOutcome> known_claim(const SaleState& sale, const ClaimUnits& command,
                                        const BuyerStanding& standing) {
  if (standing.with_key) {
    if (sale.claims()[*standing.with_key].quantity != command.quantity) {
      return ClaimOutcome::refused(Refusal::key_reused);
    }
    return ClaimOutcome::existing(*standing.with_key);
  }
  if (!standing.newest_live) return std::nullopt;
  // Where the limit is one, a live claim leaves no room for another.
  if (command.key.empty() || sale.definition().per_buyer_limit == 1) {
    return ClaimOutcome::existing(*standing.newest_live);
  }
  return std::nullopt;
}

std::optional<Refusal> refusal_by_status(SaleStatus status) {
  switch (status) {
    case SaleStatus::scheduled:
      return Refusal::not_open;
    case SaleStatus::open:
      return std::nullopt;
    case SaleStatus::paused:
      return Refusal::paused;
    case SaleStatus::closed:
      return Refusal::closed;
  }
  return Refusal::closed;
}

std::uint64_t live_quantity(const SaleState& sale, std::string_view buyer) {
  std::uint64_t quantity = 0;
  for_each_claim(sale, buyer, [&](ClaimOrdinal, const Claim& claim) {
    if (sale.is_live(claim)) quantity += claim.quantity;
    return true;
  });
  return quantity;
}

// A claim that ended by its time, and whose money came after that (R20).
ClaimChange take_late_money(const SaleState& sale, ClaimOrdinal ordinal, std::string_view reference,
                            Time now, std::vector<Event>& events) {
  const Claim& claim = sale.claims()[ordinal];
  // Once a refund is owed it stays so, whatever becomes free: the shop may have paid it already.
  const std::vector<std::string>& refunds = sale.claims().refunds(claim);
  if (std::ranges::find(refunds, reference) != refunds.end()) return ClaimChange::expired;
  if (claim.late_payment == LatePayment::reacquire && sale.status() != SaleStatus::closed &&
      sale.totals().available >= claim.quantity &&
      live_quantity(sale, sale.claims().buyer(claim)) + claim.quantity <=
          sale.definition().per_buyer_limit) {
    events.push_back(event_of(sale, now,
                              ClaimReacquired{of_claim(sale, ordinal),
                                              sale.free_units().first(claim.quantity), reference}));
    return ClaimChange::done;
  }
  events.push_back(event_of(sale, now, RefundRequired{of_claim(sale, ordinal), reference}));
  return ClaimChange::expired;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_open:
      return "not-open";
    case Refusal::paused:
      return "paused";
    case Refusal::closed:
      return "closed";
    case Refusal::limit_exceeded:
      return "limit-exceeded";
    case Refusal::attempts_exhausted:
      return "attempts-exhausted";
    case Refusal::key_reused:
      return "idempotency-key-reused";
    case Refusal::sold_out:
      return "sold-out";
    case Refusal::insufficient_stock:
      return "insufficient-stock";
  }
  return {};
}

// In the order of "Order of checks for a claim": known claim; state; attempts and limit; stock.
ClaimOutcome decide(const SaleState& sale, const ClaimUnits& command, Time now,
                    std::vector<Event>& events) {
  CHECK(command.quantity >= 1 && command.quantity <= kMaxQuantity);
  CHECK(!command.buyer.empty());
  const BuyerStanding standing = standing_of(sale, command);
  if (const auto known = known_claim(sale, command, standing)) return *known;
  if (const auto refusal = refusal_by_status(sale.status())) {
    return ClaimOutcome::refused(*refusal);
  }
  const SaleDefinition& definition = sale.definition();
  if (standing.ended >= definition.claim_attempts) {
    return ClaimOutcome::refused(Refusal::attempts_exhausted);
  }
  if (standing.live_quantity + command.quantity > definition.per_buyer_limit) {
    return ClaimOutcome::refused(Refusal::limit_exceeded);
  }
  const std::uint64_t available = sale.totals().available;
  if (available == 0) return ClaimOutcome::refused(Refusal::sold_out);
  if (available < command.quantity) return ClaimOutcome::refused(Refusal::insufficient_stock);

  const ClaimOrdinal claim{sale.claims().size()};
  std::optional<Time> expires_at;
  if (definition.hold_seconds > 0) {
    expires_at = now + std::chrono::seconds(definition.hold_seconds);
  }
  events.push_back(
      event_of(sale, now,
               ClaimGranted{claim, command.buyer.view(), sale.free_units().first(command.quantity),
                            expires_at, command.key.view()}));
  return ClaimOutcome::granted(claim);
}

ClaimChange confirm(const SaleState& sale, ClaimOrdinal ordinal, std::string_view reference,
                    Time now, std::vector<Event>& events) {
  CHECK(!reference.empty());
  DCHECK(!due_end(sale, ordinal, now));
  const Claim& claim = sale.claims()[ordinal];
  const std::string_view known = sale.claims().reference(claim);
  switch (sale.status_of(claim)) {
    case ClaimStatus::confirmed:
      if (known == reference) return ClaimChange::unchanged;
      if (!known.empty()) return ClaimChange::reference_mismatch;
      break;  // a sale without holds: the first confirm sets the reference
    case ClaimStatus::held:
      break;
    case ClaimStatus::released:
      if (sale.end_reason_of(claim) != EndReason::expired) return ClaimChange::released;
      return take_late_money(sale, ordinal, reference, now, events);
  }
  events.push_back(event_of(sale, now, ClaimConfirmed{of_claim(sale, ordinal), reference}));
  return ClaimChange::done;
}

ClaimChange release(const SaleState& sale, ClaimOrdinal ordinal, EndReason reason, Time now,
                    std::vector<Event>& events) {
  CHECK(reason == EndReason::buyer || reason == EndReason::merchant);
  DCHECK(!due_end(sale, ordinal, now));
  const ClaimStatus status = sale.status_of(sale.claims()[ordinal]);
  if (status == ClaimStatus::released) return ClaimChange::unchanged;
  if (status == ClaimStatus::confirmed && reason == EndReason::buyer) {
    return ClaimChange::confirmed;
  }
  events.push_back(event_of(sale, now, ClaimReleased{of_claim(sale, ordinal), reason}));
  return ClaimChange::done;
}

ClaimChange extend(const SaleState& sale, ClaimOrdinal ordinal, std::uint32_t seconds, Time now,
                   std::vector<Event>& events) {
  DCHECK(!due_end(sale, ordinal, now));
  const Claim& claim = sale.claims()[ordinal];
  switch (sale.status_of(claim)) {
    case ClaimStatus::confirmed:
      return ClaimChange::confirmed;
    case ClaimStatus::released:
      return sale.end_reason_of(claim) == EndReason::expired ? ClaimChange::expired
                                                             : ClaimChange::released;
    case ClaimStatus::held:
      break;
  }
  if (claim.extended) return ClaimChange::unchanged;
  const std::uint32_t most = sale.definition().max_extension_seconds;
  if (most == 0 || seconds > most) return ClaimChange::not_extendable;
  const auto by = std::chrono::seconds(seconds == 0 ? most : seconds);
  events.push_back(
      event_of(sale, now, ClaimExtended{of_claim(sale, ordinal), sale.hold_end(ordinal) + by}));
  return ClaimChange::done;
}

}  // namespace doorbuster::sale
