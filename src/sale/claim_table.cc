#include "sale/claim_table.h"

#include <algorithm>

namespace doorbuster::sale {

Claim& ClaimTable::add(std::string_view buyer, const UnitRuns& units, std::string_view key) {
  CHECK(!buyer.empty() && units.first.count > 0);
  Claim& claim = claims_.push_back();
  claim.quantity = static_cast<Quantity>(units.count());
  set_units(claim, units);
  if (!key.empty()) extra_of(claim).key = key;
  if (buyer.size() > Claim::kInlineBuyer) {
    extra_of(claim).long_buyer = buyer;
  } else {
    claim.short_buyer_size = static_cast<std::uint8_t>(buyer.size());
    std::ranges::copy(buyer, claim.short_buyer.begin());
  }
  return claim;
}

ClaimExtra& ClaimTable::extra_of(Claim& claim) {
  if (claim.extra == Claim::kNone) {
    extras_.push_back();
    claim.extra = static_cast<std::uint32_t>(extras_.size());
  }
  return extras_[claim.extra - 1];
}

void ClaimTable::set_reference(Claim& claim, std::string_view reference) {
  extra_of(claim).reference = reference;
}

void ClaimTable::add_refund(Claim& claim, std::string_view reference) {
  extra_of(claim).refunds.emplace_back(reference);
}

void ClaimTable::set_units(Claim& claim, const UnitRuns& units) {
  CHECK(units.count() == claim.quantity);
  claim.first_unit = units.first.first;
  if (claim.extra == Claim::kNone && units.more.empty()) return;
  std::vector<UnitRun>& runs = extra_of(claim).more_units;
  runs.clear();
  if (units.more.empty()) return;
  runs.push_back(units.first);
  runs.insert(runs.end(), units.more.begin(), units.more.end());
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

const std::vector<std::string>& ClaimTable::refunds(const Claim& claim) const {
  static const std::vector<std::string> none;
  return claim.extra == Claim::kNone ? none : extras_[claim.extra - 1].refunds;
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
