#include "sale/sale_state.h"

namespace doorbuster::sale {

SaleState::SaleState(SaleOrdinal ordinal, const HashKey& buyer_hash_key)
    : ordinal_(ordinal), buyer_hash_key_(buyer_hash_key) {}

Availability SaleState::availability() const {
  if (totals_.available > 0) return Availability::available;
  return totals_.held > 0 ? Availability::all_held : Availability::gone;
}

std::optional<ClaimOrdinal> SaleState::newest_claim(std::string_view buyer) const {
  return buyers_.find(siphash13(buyer_hash_key_, buyer),
                      [&](ClaimOrdinal claim) { return claims_.buyer(claims_[claim]) == buyer; });
}

}  // namespace doorbuster::sale
