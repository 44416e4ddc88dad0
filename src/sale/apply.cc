#include "sale/apply.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/check.h"
#include "sale/invariants.h"

namespace doorbuster::sale {
namespace {

Error damaged(const std::string& what) { return {ErrorCode::data_damaged, what}; }

Error unsupported(std::string_view type) {
  return {ErrorCode::unsupported,
          "events of type " + std::string(type) + " are of a later version"};
}

// Whether the body of an event fits the sale it belongs to; one overload a type.
struct BodyCheck {
  const SaleState& sale;
  std::string_view type;

  Status status_is(bool fits) const {
    if (fits) return ok_status();
    return damaged(std::string(type) + " cannot follow status " +
                   std::string(to_string(sale.status())));
  }
  Status operator()(const SaleCreated&) const { return damaged("the sale is created twice"); }
  Status operator()(const SaleOpened&) const {
    return status_is(sale.status() == SaleStatus::scheduled);
  }
  Status operator()(const SaleClosed&) const {
    return status_is(sale.status() != SaleStatus::closed);
  }
  Status operator()(const SaleUpdated& event) const {
    const SaleDefinition& after = *event.definition;
    const Totals& totals = sale.totals();
    if (after.slug != sale.definition().slug) return damaged("the slug has changed");
    if (after.stock > kMaxStock) return damaged("the stock is out of range");
    if (after.stock < totals.held + totals.confirmed + totals.burned) {
      return damaged("the stock is below what is claimed");
    }
    if (after.stock != sale.definition().stock) {
      return status_is(sale.status() != SaleStatus::closed);
    }
    return ok_status();
  }
  Status operator()(const SalePaused&) const {
    return status_is(sale.status() == SaleStatus::open || sale.status() == SaleStatus::scheduled);
  }
  Status operator()(const SaleResumed&) const {
    return status_is(sale.status() == SaleStatus::paused);
  }
  Status operator()(const SaleCancelled&) const { return status_is(!sale.cancelled()); }
  Status operator()(const SaleDeleted&) const {
    return status_is(!sale.opened() ||
                     (sale.status() == SaleStatus::closed && sale.totals().held == 0));
  }

  Status operator()(const ClaimGranted& event) const {
    if (sale.status() != SaleStatus::open) return status_is(false);
    if (event.claim.value != sale.claims().size()) return damaged("the claim's number is not next");
    if (event.expires_at && *event.expires_at < sale.last_event_at()) {
      return damaged("the hold is over before it begins");
    }
    return units_are_next(event.buyer, event.units);
  }
  Status units_are_next(std::string_view buyer, const UnitRuns& units) const {
    const std::uint32_t count = units.count();
    if (count == 0 || count > kMaxQuantity) return damaged("the quantity is out of range");
    if (count > sale.totals().available) return damaged("more units are granted than are free");
    if (units != sale.free_units().first(count)) return damaged("the units are not the next ones");
    std::uint64_t has = count;
    for_each_claim(sale, buyer, [&](ClaimOrdinal, const Claim& claim) {
      if (sale.is_live(claim)) has += claim.quantity;
      return true;
    });
    if (has > sale.definition().per_buyer_limit) return damaged("a buyer has more than the limit");
    return ok_status();
  }
  // Whether there is such a claim, of this buyer and quantity, and as `fits` wants it.
  template <typename Fits>
  Status claim_is(const OfClaim& of, Fits fits) const {
    if (of.claim.value >= sale.claims().size()) return damaged("there is no claim of this number");
    const Claim& claim = sale.claims()[of.claim];
    if (sale.claims().buyer(claim) != of.buyer || claim.quantity != of.quantity) {
      return damaged("the claim of this number is another buyer's, or of another quantity");
    }
    if (fits(claim, sale.status_of(claim))) return ok_status();
    return damaged(std::string(type) + " cannot follow a claim that is " +
                   std::string(to_string(sale.status_of(claim))));
  }
  Status operator()(const ClaimConfirmed& event) const {
    return claim_is(event, [&](const Claim& claim, ClaimStatus status) {
      return status == ClaimStatus::held ||
             (status == ClaimStatus::confirmed && sale.claims().reference(claim).empty());
    });
  }
  Status operator()(const ClaimReleased& event) const {
    return claim_is(event, [&](const Claim&, ClaimStatus status) {
      switch (event.reason) {
        case EndReason::buyer:
        case EndReason::expired:
          return status == ClaimStatus::held;
        case EndReason::merchant:
          return status != ClaimStatus::released;
        case EndReason::none:
        case EndReason::cancelled:  // said by the sale's own event
          return false;
      }
      return false;
    });
  }
  Status operator()(const ClaimExtended& event) const {
    return claim_is(event, [&](const Claim& claim, ClaimStatus status) {
      return status == ClaimStatus::held && !claim.extended && event.expires_at > claim.expires_at;
    });
  }
  Status operator()(const ClaimReacquired& event) const {
    if (sale.status() == SaleStatus::closed) return status_is(false);
    if (Status s = is_late(event, event.reference); !s.ok()) return s;
    if (event.units.count() != sale.claims()[event.claim].quantity) {
      return damaged("a claim comes back with another quantity");
    }
    return units_are_next(event.buyer, event.units);
  }
  Status operator()(const RefundRequired& event) const { return is_late(event, event.reference); }
  // Whether the claim has ended by its time, and no refund is owed for this reference yet.
  Status is_late(const OfClaim& of, std::string_view reference) const {
    return claim_is(of, [&](const Claim& claim, ClaimStatus status) {
      const std::vector<std::string>& refunds = sale.claims().refunds(claim);
      return status == ClaimStatus::released && sale.end_reason_of(claim) == EndReason::expired &&
             std::ranges::find(refunds, reference) == refunds.end();
    });
  }
  template <typename Later>
  Status operator()(const Later&) const {
    return unsupported(type);
  }
};

}  // namespace

// One overload a type that can_apply() lets through.
struct Applier {
  SaleState& sale;
  const Event& event;

  static void apply_to(Catalog& catalog, const Event& event) {
    if (const auto* created = std::get_if<SaleCreated>(&event.body)) {
      add_sale(catalog, event, *created->definition);
    }
    SaleState& sale = *catalog.sales_[event.sale.value];
    const Totals before = sale.totals_;
    std::visit(Applier{sale, event}, event.body);
    sale.sequence_ = event.sequence;
    sale.last_event_at_ = event.at;
    check_step(before, event, sale);
    DCHECK(check_state(sale).ok());
    // Looking at every claim after every event would be quadratic: at the powers of two it is not.
    DCHECK(!std::has_single_bit(event.sequence.value) || check_claims(sale).ok());
  }

  static void add_sale(Catalog& catalog, const Event& event, const SaleDefinition& definition) {
    catalog.sales_.push_back(std::make_unique<SaleState>(event.sale, catalog.buyer_hash_key_));
    catalog.by_slug_.emplace(definition.slug, event.sale);
    catalog.newest_round_ = std::max(catalog.newest_round_, round_of(definition.slug));
  }

  void operator()(const SaleCreated& created) const {
    sale.definition_ = created.definition;
    sale.version_ = 1;
    sale.created_at_ = event.at;
    sale.highest_limit_ = created.definition->per_buyer_limit;
    sale.totals_.stock = created.definition->stock;
    sale.totals_.available = created.definition->stock;
  }
  void operator()(const SaleUpdated& updated) const {
    Totals& totals = sale.totals_;
    const std::uint64_t claimed = totals.held + totals.confirmed + totals.burned;
    sale.definition_ = updated.definition;
    ++sale.version_;
    sale.highest_limit_ = std::max(sale.highest_limit_, updated.definition->per_buyer_limit);
    totals.stock = updated.definition->stock;
    totals.available = totals.stock - claimed;
    // What is taken away are numbers never handed out, and then those that came back last.
    const std::uint64_t returned = sale.free_units_.returned();
    if (returned > totals.available) sale.free_units_.withdraw(returned - totals.available);
  }
  void operator()(const SaleOpened&) const {
    sale.status_ = SaleStatus::open;
    sale.opened_ = true;
  }
  void operator()(const SalePaused&) const { sale.status_ = SaleStatus::paused; }
  void operator()(const SaleResumed&) const {
    sale.status_ = sale.opened_ ? SaleStatus::open : SaleStatus::scheduled;
  }
  void operator()(const SaleClosed&) const { close(); }
  void operator()(const SaleCancelled&) const {
    close();
    sale.released_[static_cast<std::size_t>(EndReason::cancelled)] += sale.hold_ends();
    sale.cancelled_ = true;
    sale.totals_.available += sale.totals_.held;
    sale.totals_.held = 0;
  }
  void operator()(const SaleDeleted&) const {
    close();
    sale.deleted_ = true;
  }
  void close() const {
    if (sale.status_ != SaleStatus::closed) sale.closed_at_ = event.at;
    sale.status_ = SaleStatus::closed;
  }

  void operator()(const ClaimGranted& granted) const {
    const ClaimOrdinal ordinal{sale.claims_.size()};
    Claim& claim = sale.claims_.add(granted.buyer, granted.units, granted.key);
    const auto previous = sale.buyers_.put(
        siphash13(sale.buyer_hash_key_, granted.buyer), ordinal, [&](ClaimOrdinal other) {
          return sale.claims_.buyer(sale.claims_[other]) == granted.buyer;
        });
    claim.sequence = event.sequence;
    claim.claimed_at = event.at;
    claim.expires_at = granted.expires_at.value_or(kNever);
    claim.previous = previous ? previous->value + 1 : Claim::kNone;
    claim.status = granted.expires_at ? ClaimStatus::held : ClaimStatus::confirmed;
    claim.end_reason = EndReason::none;
    claim.late_payment = sale.definition_->late_payment;
    sale.free_units_.take(claim.quantity);
    sale.totals_.available -= claim.quantity;
    if (granted.expires_at) {
      sale.totals_.held += claim.quantity;
      hold(ordinal);
    } else {
      sale.totals_.confirmed += claim.quantity;
    }
  }
  void operator()(const ClaimConfirmed& confirmed) const {
    Claim& claim = sale.claims_[confirmed.claim];
    if (claim.status == ClaimStatus::held) {
      end_hold(confirmed.claim);
      sale.totals_.confirmed += claim.quantity;
      claim.status = ClaimStatus::confirmed;
    }
    sale.claims_.set_reference(claim, confirmed.reference);
  }
  void operator()(const ClaimReleased& released) const {
    Claim& claim = sale.claims_[released.claim];
    if (claim.status == ClaimStatus::held) {
      end_hold(released.claim);
    } else {
      sale.totals_.confirmed -= claim.quantity;
    }
    sale.totals_.available += claim.quantity;
    sale.free_units_.give_back(sale.claims_.units(claim));
    claim.status = ClaimStatus::released;
    claim.end_reason = released.reason;
    ++sale.released_[static_cast<std::size_t>(released.reason)];
  }
  void operator()(const ClaimExtended& extended) const {
    Claim& claim = sale.claims_[extended.claim];
    sale.hold_ends_.erase({sale.hold_end(extended.claim), extended.claim});
    claim.expires_at = extended.expires_at;
    claim.extended = true;
    hold(extended.claim);
  }
  void operator()(const ClaimReacquired& reacquired) const {
    Claim& claim = sale.claims_[reacquired.claim];
    sale.free_units_.take(claim.quantity);
    sale.totals_.available -= claim.quantity;
    sale.totals_.confirmed += claim.quantity;
    sale.claims_.set_units(claim, reacquired.units);
    sale.claims_.set_reference(claim, reacquired.reference);
    --sale.released_[static_cast<std::size_t>(EndReason::expired)];
    claim.status = ClaimStatus::confirmed;
    claim.end_reason = EndReason::none;
  }
  void operator()(const RefundRequired& refund) const {
    sale.claims_.add_refund(sale.claims_[refund.claim], refund.reference);
  }

  // Nearly every hold ends after all others, for which the hint makes this cheap.
  void hold(ClaimOrdinal claim) const {
    sale.hold_ends_.insert(sale.hold_ends_.end(), {sale.hold_end(claim), claim});
  }
  void end_hold(ClaimOrdinal claim) const {
    sale.hold_ends_.erase({sale.hold_end(claim), claim});
    sale.totals_.held -= sale.claims_[claim].quantity;
  }

  template <typename Later>
  void operator()(const Later&) const {
    const bool can_apply_let_it_through = false;
    CHECK(can_apply_let_it_through);
  }
};

Status can_apply(const Catalog& catalog, const Event& event) {
  const bool is_new = event.sale.value == catalog.size();
  if (event.sale.value > catalog.size()) return damaged("an event of a sale that was not created");
  const auto* created = std::get_if<SaleCreated>(&event.body);
  if (is_new) {
    if (created == nullptr) return damaged("a sale's first event is not its creation");
    if (event.sequence.value != 1) return damaged("a sale's first sequence is not 1");
    if (created->definition->stock > kMaxStock) return damaged("the stock is out of range");
    if (catalog.find_ever(created->definition->slug) != nullptr) {
      return damaged("a slug is used twice");
    }
    return ok_status();
  }
  const SaleState& sale = catalog[event.sale];
  if (event.sequence != sale.sequence().next()) {
    return damaged("sequence " + std::to_string(event.sequence.value) + " follows " +
                   std::to_string(sale.sequence().value));
  }
  if (event.at < sale.last_event_at()) return damaged("time runs back");
  if (sale.deleted()) return damaged("an event follows the deletion of its sale");
  if (sale.archived() && !std::holds_alternative<SaleDeleted>(event.body)) {
    return damaged("the sale's claims are not at hand");
  }
  return std::visit(BodyCheck{sale, type_name(event)}, event.body);
}

void expect(const Catalog& catalog, const Event& event) {
  const auto* granted = std::get_if<ClaimGranted>(&event.body);
  if (granted == nullptr || event.sale.value >= catalog.size()) return;
  catalog[event.sale].expect(granted->buyer);
}

void apply(Catalog& catalog, const Event& event) {
  DCHECK(can_apply(catalog, event).ok());
  Applier::apply_to(catalog, event);
}

}  // namespace doorbuster::sale
