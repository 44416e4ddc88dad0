#include "sale/sale_state.h"

#include <algorithm>

namespace doorbuster::sale {

SaleState::SaleState(SaleOrdinal ordinal, const HashKey& buyer_hash_key)
    : ordinal_(ordinal), buyer_hash_key_(buyer_hash_key) {}

Availability SaleState::availability() const {
  if (totals_.available > 0) return Availability::available;
  return totals_.held > 0 ? Availability::all_held : Availability::gone;
}

Time SaleState::hold_end(ClaimOrdinal claim) const {
  const Time expires_at = claims_[claim].expires_at;
  return claim.value < graced_claims_ ? std::max(expires_at, grace_until_) : expires_at;
}

const HoldEnd* SaleState::first_hold_end() const {
  return hold_ends() == 0 ? nullptr : &*hold_ends_.begin();
}

const HoldEnd* SaleState::last_hold_end() const {
  return hold_ends() == 0 ? nullptr : &*hold_ends_.rbegin();
}

void SaleState::grant_grace(Time until) {
  graced_claims_ = claims_.size();
  grace_until_ = until;
  std::vector<ClaimOrdinal> early;
  const auto end = hold_ends_.lower_bound(HoldEnd{until, {0}});
  for (auto hold = hold_ends_.begin(); hold != end; ++hold) early.push_back(hold->claim);
  hold_ends_.erase(hold_ends_.begin(), end);
  std::ranges::sort(early);
  const auto behind = hold_ends_.begin();  // the hint that makes each insertion cheap
  for (const ClaimOrdinal claim : early) hold_ends_.insert(behind, {until, claim});
}

std::optional<ClaimOrdinal> SaleState::newest_claim(std::string_view buyer) const {
  return buyers_.find(siphash13(buyer_hash_key_, buyer),
                      [&](ClaimOrdinal claim) { return claims_.buyer(claims_[claim]) == buyer; });
}

}  // namespace doorbuster::sale
