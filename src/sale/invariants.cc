#include "sale/invariants.h"

#include <string>
#include <unordered_map>

#include "base/check.h"
#include "base/wire.h"

namespace doorbuster::sale {
namespace {

Status broken(const SaleState& sale, const std::string& rule) {
  return Error{ErrorCode::data_damaged, "sale " + sale.definition().slug + ", sequence " +
                                            std::to_string(sale.sequence().value) + ": " + rule};
}

Status check_sums(const SaleState& sale) {
  std::uint64_t held = 0;
  std::uint64_t confirmed = 0;
  for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
    const Claim& claim = sale.claims()[ClaimOrdinal{i}];
    if (claim.status == ClaimStatus::held) held += claim.quantity;
    if (claim.status == ClaimStatus::confirmed) confirmed += claim.quantity;
  }
  if (held != sale.totals().held) return broken(sale, "the held claims do not add up");
  if (confirmed != sale.totals().confirmed) {
    return broken(sale, "the confirmed claims do not add up");
  }
  return ok_status();
}

Status check_owners(const SaleState& sale) {
  std::vector<bool> taken(sale.next_unit());
  for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
    const Claim& claim = sale.claims()[ClaimOrdinal{i}];
    if (!is_live(claim)) continue;
    UnitRuns units = sale.claims().units(claim);
    units.more.push_back(units.first);
    for (const UnitRun& run : units.more) {
      for (Unit unit = run.first; unit < run.first + run.count; ++unit) {
        if (unit >= taken.size()) return broken(sale, "a unit that was never handed out is owned");
        if (taken[unit]) return broken(sale, "unit " + std::to_string(unit) + " has two owners");
        taken[unit] = true;
      }
    }
  }
  return ok_status();
}

Status check_buyers(const SaleState& sale) {
  std::unordered_map<std::string_view, std::uint64_t> quantity_of;
  for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
    const Claim& claim = sale.claims()[ClaimOrdinal{i}];
    const std::string_view buyer = sale.claims().buyer(claim);
    if (is_live(claim)) quantity_of[buyer] += claim.quantity;
    bool reachable = false;
    for_each_claim(sale, buyer, [&](ClaimOrdinal ordinal, const Claim&) {
      reachable = ordinal.value == i;
      return !reachable;
    });
    if (!reachable) return broken(sale, "a claim cannot be found by its buyer");
  }
  for (const auto& [buyer, quantity] : quantity_of) {
    if (quantity > sale.definition().per_buyer_limit) {
      return broken(sale, "a buyer has more than the limit");
    }
  }
  return ok_status();
}

}  // namespace

Status check_state(const SaleState& sale) {
  const Totals& totals = sale.totals();
  if (sale.sequence().value == 0) return broken(sale, "a sale exists that nothing has happened to");
  if (!totals.conserved())
    return broken(sale, "available + held + confirmed + burned != stock (R1)");
  if (sale.next_unit() > std::uint64_t{sale.definition().stock} + 1) {
    return broken(sale, "more units were handed out than there are");
  }
  return ok_status();
}

Status check_claims(const SaleState& sale) {
  if (Status status = check_state(sale); !status.ok()) return status;
  if (Status status = check_sums(sale); !status.ok()) return status;
  if (Status status = check_owners(sale); !status.ok()) return status;
  return check_buyers(sale);
}

void check_step(const Totals& before, const Event& event, const SaleState& after) {
  const Totals& now = after.totals();
  CHECK(now.conserved());
  CHECK(after.sequence() == event.sequence);
  if (const auto* granted = std::get_if<ClaimGranted>(&event.body)) {
    const std::uint64_t quantity = granted->units.count();
    CHECK(quantity >= 1 && before.available >= quantity);
    CHECK(now.available == before.available - quantity);
    CHECK(now.held + now.confirmed == before.held + before.confirmed + quantity);
  }
}

std::uint64_t digest(const Catalog& catalog) {
  std::string bytes;
  std::uint64_t result = 0;
  for (std::uint32_t s = 0; s < catalog.size(); ++s) {
    const SaleState& sale = catalog[SaleOrdinal{s}];
    put_text(bytes, sale.definition().slug);
    for (const std::uint64_t number :
         {static_cast<std::uint64_t>(sale.status()), sale.sequence().value, sale.totals().stock,
          sale.totals().available, sale.totals().held, sale.totals().confirmed,
          sale.totals().burned, std::uint64_t{sale.next_unit()}, std::uint64_t{sale.version()}}) {
      put_varint(bytes, number);
    }
    for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
      const Claim& claim = sale.claims()[ClaimOrdinal{i}];
      put_text(bytes, sale.claims().buyer(claim));
      put_text(bytes, sale.claims().key(claim));
      for (const std::uint64_t number :
           {std::uint64_t{claim.first_unit}, std::uint64_t{claim.quantity}, claim.sequence.value,
            static_cast<std::uint64_t>(claim.claimed_at.time_since_epoch().count()),
            static_cast<std::uint64_t>(claim.status), std::uint64_t{claim.previous}}) {
        put_varint(bytes, number);
      }
    }
    result = siphash24(HashKey{result, s}, bytes);
    bytes.clear();
  }
  return result;
}

}  // namespace doorbuster::sale
