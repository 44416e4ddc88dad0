// One sale: its definition, where its units are, its claims. Values for decide() to look at; only
// apply() changes them.
//
// Thread: engine. Owns: its claims; memory grows with claims, not with stock. A held claim costs
// some 64 bytes more, for as long as it is held. Of an archived sale the claims are elsewhere
// (sale_image.h): what can be said without them is here. Invariants: sale/invariants.h.
#pragma once

#include <array>
#include <set>

#include "base/siphash.h"
#include "sale/buyer_index.h"
#include "sale/claim_table.h"
#include "sale/free_units.h"
#include "sale/types.h"

namespace doorbuster::sale {

// When a hold ends, unless it is confirmed before.
struct HoldEnd {
  Time at;
  ClaimOrdinal claim;
  friend auto operator<=>(const HoldEnd&, const HoldEnd&) = default;
};

class SaleState {
 public:
  // A sale that nothing has happened to yet; its first event is SaleCreated.
  SaleState(SaleOrdinal ordinal, const HashKey& buyer_hash_key);

  SaleOrdinal ordinal() const { return ordinal_; }
  const SaleDefinition& definition() const { return *definition_; }
  const SharedDefinition& shared_definition() const { return definition_; }
  std::uint32_t version() const { return version_; }
  SaleStatus status() const { return status_; }
  bool opened() const { return opened_; }          // has been open
  bool cancelled() const { return cancelled_; }    // and so closed
  bool deleted() const { return deleted_; }        // and so closed, and found by nobody
  Time closed_at() const { return closed_at_; }    // kNever: it is not
  Sequence sequence() const { return sequence_; }  // of the last event
  Time created_at() const { return created_at_; }
  Time last_event_at() const { return last_event_at_; }
  const Totals& totals() const { return totals_; }
  const FreeUnits& free_units() const { return free_units_; }
  // Claims that have ended, by reason.
  const std::array<std::uint64_t, kEndReasons>& released() const { return released_; }
  // The most that a buyer could ever have, since lowering the limit takes nothing away (R2).
  Quantity highest_limit() const { return highest_limit_; }
  Availability availability() const;

  // Whether its claims and units are out of memory; the sale is then closed and holds nothing.
  bool archived() const { return archived_claims_.has_value(); }
  // Claims granted so far; in claims() unless the sale is archived.
  std::uint32_t granted() const { return archived_claims_.value_or(claims_.size()); }

  const ClaimTable& claims() const { return claims_; }
  std::size_t buyers() const { return buyers_.size(); }
  // The buyer's newest claim, live or ended; the others follow by Claim::previous.
  std::optional<ClaimOrdinal> newest_claim(std::string_view buyer) const;
  // newest_claim() of this buyer will be asked for soon.
  [[gnu::always_inline]] void expect(std::string_view buyer) const {
    buyers_.fetch(siphash13(buyer_hash_key_, buyer));
  }

  // A claim as it stands: cancelling the sale released every hold by one event.
  ClaimStatus status_of(const Claim& claim) const {
    return cancelled_ && claim.status == ClaimStatus::held ? ClaimStatus::released : claim.status;
  }
  EndReason end_reason_of(const Claim& claim) const {
    return cancelled_ && claim.status == ClaimStatus::held ? EndReason::cancelled
                                                           : claim.end_reason;
  }
  bool is_live(const Claim& claim) const { return status_of(claim) != ClaimStatus::released; }

  // When this hold ends: its `expires_at`, or later by grace.
  Time hold_end(ClaimOrdinal claim) const;
  // The hold that ends first; null: nothing is held.
  const HoldEnd* first_hold_end() const;
  // The hold that ends last; null: nothing is held.
  const HoldEnd* last_hold_end() const;
  std::size_t hold_ends() const { return cancelled_ ? 0 : hold_ends_.size(); }
  // Catalog::grant_grace().
  void grant_grace(Time until);

  std::size_t memory() const { return claims_.memory() + buyers_.memory(); }

 private:
  friend struct Applier;    // apply.cc
  friend struct SaleImage;  // sale_image.cc

  SaleOrdinal ordinal_;
  HashKey buyer_hash_key_;
  SharedDefinition definition_;
  std::uint32_t version_ = 0;
  SaleStatus status_ = SaleStatus::scheduled;
  Sequence sequence_;
  Time created_at_;
  Time last_event_at_;
  Totals totals_;
  bool opened_ = false;
  bool cancelled_ = false;
  bool deleted_ = false;
  Time closed_at_ = kNever;
  Quantity highest_limit_ = 0;
  std::array<std::uint64_t, kEndReasons> released_{};
  FreeUnits free_units_;
  ClaimTable claims_;
  BuyerIndex buyers_;
  // Every held claim once, by hold_end(). After cancelling it is left as it is and not looked at:
  // emptying it would take long.
  std::set<HoldEnd> hold_ends_;
  // Claims below this number do not end before grace_until_. Not part of the sale's history.
  std::uint32_t graced_claims_ = 0;
  Time grace_until_;
  // Nor is this: how many claims there are elsewhere.
  std::optional<std::uint32_t> archived_claims_;
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

}  // namespace doorbuster::sale
