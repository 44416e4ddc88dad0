// One sale: its definition, where its units are, its claims. Values for decide() to look at; only
// apply() changes them.
//
// Thread: engine. Owns: its claims; memory grows with claims, not with stock.
// Invariants: sale/invariants.h.
#pragma once

#include "base/siphash.h"
#include "sale/buyer_index.h"
#include "sale/claim_table.h"
#include "sale/types.h"

namespace doorbuster::sale {

class SaleState {
 public:
  // A sale that nothing has happened to yet; its first event is SaleCreated.
  SaleState(SaleOrdinal ordinal, const HashKey& buyer_hash_key);

  SaleOrdinal ordinal() const { return ordinal_; }
  const SaleDefinition& definition() const { return *definition_; }
  const SharedDefinition& shared_definition() const { return definition_; }
  std::uint32_t version() const { return version_; }
  SaleStatus status() const { return status_; }
  Sequence sequence() const { return sequence_; }  // of the last event
  Time created_at() const { return created_at_; }
  Time last_event_at() const { return last_event_at_; }
  const Totals& totals() const { return totals_; }
  Unit next_unit() const { return next_unit_; }  // the lowest number never handed out
  Availability availability() const;

  const ClaimTable& claims() const { return claims_; }
  std::size_t buyers() const { return buyers_.size(); }
  // The buyer's newest claim, live or ended; the others follow by Claim::previous.
  std::optional<ClaimOrdinal> newest_claim(std::string_view buyer) const;

  std::size_t memory() const { return claims_.memory() + buyers_.memory(); }

 private:
  friend struct Applier;  // apply.cc

  SaleOrdinal ordinal_;
  HashKey buyer_hash_key_;
  SharedDefinition definition_;
  std::uint32_t version_ = 0;
  SaleStatus status_ = SaleStatus::scheduled;
  Sequence sequence_;
  Time created_at_;
  Time last_event_at_;
  Totals totals_;
  Unit next_unit_ = 1;
  ClaimTable claims_;
  BuyerIndex buyers_;
};

// Calls `visit(ClaimOrdinal, const Claim&)` for the buyer's claims, newest first, until it gives
// false.
template <typename Visit>
void for_each_claim(const SaleState& sale, std::string_view buyer, Visit visit) {
  auto next = sale.newest_claim(buyer);
  while (next) {
    const Claim& claim = sale.claims()[*next];
    if (!visit(*next, claim)) return;
    if (claim.previous == Claim::kNone) return;
    next = ClaimOrdinal{claim.previous - 1};
  }
}

inline bool is_live(const Claim& claim) { return claim.status != ClaimStatus::released; }

}  // namespace doorbuster::sale
