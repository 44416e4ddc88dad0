#include "sale/claim_table.h"

#include <algorithm>

namespace doorbuster::sale {

Claim& ClaimTable::add(std::string_view buyer, const UnitRuns& units, std::string_view key) {
  CHECK(!buyer.empty() && units.first.count > 0);
  Claim& claim = claims_.push_back();
  claim.first_unit = units.first.first;
  claim.quantity = static_cast<Quantity>(units.count());
  const bool long_buyer = buyer.size() > Claim::kInlineBuyer;
  if (long_buyer || !key.empty() || !units.more.empty()) {
    ClaimExtra& extra = extras_.push_back();
    claim.extra = static_cast<std::uint32_t>(extras_.size());
    if (long_buyer) extra.long_buyer = buyer;
    extra.key = key;
    if (!units.more.empty()) {
      extra.more_units.push_back(units.first);
      extra.more_units.insert(extra.more_units.end(), units.more.begin(), units.more.end());
    }
  }
  if (!long_buyer) {
    claim.short_buyer_size = static_cast<std::uint8_t>(buyer.size());
    std::ranges::copy(buyer, claim.short_buyer.begin());
  }
  return claim;
}

std::string_view ClaimTable::buyer(const Claim& claim) const {
  if (claim.short_buyer_size > 0) return {claim.short_buyer.data(), claim.short_buyer_size};
  CHECK(claim.extra != Claim::kNone);
  return extras_[claim.extra - 1].long_buyer;
}

std::string_view ClaimTable::key(const Claim& claim) const {
  return claim.extra == Claim::kNone ? std::string_view{} : extras_[claim.extra - 1].key;
}

std::string_view ClaimTable::reference(const Claim& claim) const {
  return claim.extra == Claim::kNone ? std::string_view{} : extras_[claim.extra - 1].reference;
}

UnitRuns ClaimTable::units(const Claim& claim) const {
  UnitRuns units{{claim.first_unit, claim.quantity}, {}};
  if (claim.extra == Claim::kNone) return units;
  const std::vector<UnitRun>& runs = extras_[claim.extra - 1].more_units;
  if (runs.empty()) return units;
  units.first = runs.front();
  units.more.assign(runs.begin() + 1, runs.end());
  return units;
}

}  // namespace doorbuster::sale
