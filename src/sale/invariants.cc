#include "sale/invariants.h"

#include <string>
#include <unordered_map>

#include "base/check.h"
#include "base/wire.h"
#include "sale/event_codec.h"

namespace doorbuster::sale {
namespace {

Status broken(const SaleState& sale, const std::string& rule) {
  return Error{ErrorCode::data_damaged, "sale " + sale.definition().slug + ", sequence " +
                                            std::to_string(sale.sequence().value) + ": " + rule};
}

Status check_sums(const SaleState& sale) {
  std::uint64_t held = 0;
  std::uint64_t holds = 0;
  std::uint64_t confirmed = 0;
  std::array<std::uint64_t, kEndReasons> released{};
  for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
    const Claim& claim = sale.claims()[ClaimOrdinal{i}];
    switch (sale.status_of(claim)) {
      case ClaimStatus::held:
        held += claim.quantity;
        ++holds;
        break;
      case ClaimStatus::confirmed:
        confirmed += claim.quantity;
        break;
      case ClaimStatus::released:
        ++released[static_cast<std::size_t>(sale.end_reason_of(claim))];
        break;
    }
  }
  if (holds != sale.hold_ends()) return broken(sale, "not every hold has its end");
  if (released != sale.released()) return broken(sale, "the released claims do not add up");
  if (held != sale.totals().held) return broken(sale, "the held claims do not add up");
  if (confirmed != sale.totals().confirmed) {
    return broken(sale, "the confirmed claims do not add up");
  }
  return ok_status();
}

Status check_owners(const SaleState& sale) {
  std::vector<bool> taken(sale.free_units().next());
  for (const UnitRun& run : sale.free_units().runs()) {
    for (Unit unit = run.first; unit < run.first + run.count; ++unit) {
      if (unit >= taken.size()) return broken(sale, "a unit that was never handed out came back");
      if (taken[unit]) return broken(sale, "unit " + std::to_string(unit) + " came back twice");
      taken[unit] = true;
    }
  }
  for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
    const Claim& claim = sale.claims()[ClaimOrdinal{i}];
    if (!sale.is_live(claim)) continue;
    UnitRuns units = sale.claims().units(claim);
    units.more.push_back(units.first);
    for (const UnitRun& run : units.more) {
      const std::uint64_t end = std::uint64_t{run.first} + run.count;
      for (std::uint64_t unit = run.first; unit < end; ++unit) {
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
    if (sale.is_live(claim)) quantity_of[buyer] += claim.quantity;
    bool reachable = false;
    for_each_claim(sale, buyer, [&](ClaimOrdinal ordinal, const Claim&) {
      reachable = ordinal.value == i;
      return !reachable;
    });
    if (!reachable) return broken(sale, "a claim cannot be found by its buyer");
  }
  for (const auto& [buyer, quantity] : quantity_of) {
    if (quantity > sale.highest_limit()) {
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
  if (totals.stock != sale.definition().stock) return broken(sale, "the stock is not as defined");
  if (sale.free_units().returned() > totals.available) {
    return broken(sale, "more units came back than are free");
  }
  return ok_status();
}

Status check_claims(const SaleState& sale) {
  if (Status status = check_state(sale); !status.ok() || sale.archived()) return status;
  if (Status status = check_sums(sale); !status.ok()) return status;
  if (Status status = check_owners(sale); !status.ok()) return status;
  return check_buyers(sale);
}

void check_step(const Totals& before, const Event& event, const SaleState& after) {
  const Totals& now = after.totals();
  CHECK(now.conserved());
  CHECK(after.sequence() == event.sequence);
  const std::uint64_t live_before = before.held + before.confirmed;
  const std::uint64_t live_now = now.held + now.confirmed;
  if (const auto* granted = std::get_if<ClaimGranted>(&event.body)) {
    const std::uint64_t quantity = granted->units.count();
    CHECK(quantity >= 1 && before.available >= quantity);
    CHECK(live_now == live_before + quantity);
  } else if (const auto* reacquired = std::get_if<ClaimReacquired>(&event.body)) {
    CHECK(live_now == live_before + reacquired->units.count());
  } else if (std::holds_alternative<ClaimReleased>(event.body)) {
    // R4: the event that ends a claim is the one that frees its units.
    CHECK(live_now < live_before);
    CHECK(now.available == before.available + (live_before - live_now));
  } else if (std::holds_alternative<SaleCancelled>(event.body)) {
    CHECK(now.held == 0 && now.confirmed == before.confirmed);
  } else {
    CHECK(live_now == live_before);
  }
  CHECK(now.stock == before.stock || before.stock == 0 ||
        std::holds_alternative<SaleUpdated>(event.body));
}

namespace {

void put_sale(std::string& bytes, const SaleState& sale) {
  const Totals& totals = sale.totals();
  const FreeUnits& free = sale.free_units();
  const auto millis = [](Time time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
  };
  std::string created;
  encode({sale.ordinal(), Sequence{1}, sale.created_at(), SaleCreated{sale.shared_definition()}},
         created);
  put_text(bytes, created);
  for (const std::uint64_t number :
       {std::uint64_t{sale.version()}, static_cast<std::uint64_t>(sale.status()),
        std::uint64_t{sale.opened()}, std::uint64_t{sale.cancelled()},
        std::uint64_t{sale.deleted()}, millis(sale.closed_at()), millis(sale.last_event_at()),
        sale.sequence().value, totals.stock, totals.available, totals.held, totals.confirmed,
        totals.burned, std::uint64_t{sale.highest_limit()}, std::uint64_t{sale.granted()}}) {
    put_varint(bytes, number);
  }
  for (const std::uint64_t count : sale.released()) put_varint(bytes, count);
  if (sale.deleted()) return;  // its claims may be kept, or not
  put_varint(bytes, free.next());
  for (const UnitRun& run : free.runs()) {
    put_varint(bytes, run.first);
    put_varint(bytes, run.count);
  }
}

void put_claim(std::string& bytes, const ClaimTable& claims, const Claim& claim) {
  put_text(bytes, claims.buyer(claim));
  put_text(bytes, claims.key(claim));
  put_text(bytes, claims.reference(claim));
  for (const std::string& reference : claims.refunds(claim)) put_text(bytes, reference);
  UnitRuns units = claims.units(claim);
  units.more.push_back(units.first);
  for (const UnitRun& run : units.more) {
    put_varint(bytes, run.first);
    put_varint(bytes, run.count);
  }
  for (const std::uint64_t number :
       {claim.sequence.value,
        static_cast<std::uint64_t>(claim.claimed_at.time_since_epoch().count()),
        static_cast<std::uint64_t>(claim.expires_at.time_since_epoch().count()),
        static_cast<std::uint64_t>(claim.status), static_cast<std::uint64_t>(claim.end_reason),
        std::uint64_t{claim.extended}, static_cast<std::uint64_t>(claim.late_payment),
        std::uint64_t{claim.previous}}) {
    put_varint(bytes, number);
  }
}

}  // namespace

std::uint64_t digest(const Catalog& catalog) {
  std::string bytes;
  std::uint64_t result = 0;
  for (std::uint32_t s = 0; s < catalog.size(); ++s) {
    const SaleState& sale = catalog[SaleOrdinal{s}];
    put_sale(bytes, sale);
    DCHECK(sale.deleted() || !sale.archived());
    const std::uint32_t claims = sale.deleted() ? 0 : sale.claims().size();
    for (std::uint32_t i = 0; i < claims; ++i) {
      put_claim(bytes, sale.claims(), sale.claims()[ClaimOrdinal{i}]);
      if (bytes.size() < std::size_t{64} * 1024) continue;
      result = siphash24(HashKey{result, s}, bytes);
      bytes.clear();
    }
    result = siphash24(HashKey{result, s}, bytes);
    bytes.clear();
  }
  return result;
}

}  // namespace doorbuster::sale
