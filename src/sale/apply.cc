#include "sale/apply.h"

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
  Status operator()(const ClaimGranted& event) const {
    if (event.expires_at || !event.units.more.empty()) return unsupported("doorbuster.claim.held");
    if (sale.status() != SaleStatus::open) return status_is(false);
    if (event.claim.value != sale.claims().size()) return damaged("the claim's number is not next");
    if (event.units.first.first != sale.next_unit()) return damaged("the unit is not the next one");
    const std::uint32_t count = event.units.first.count;
    if (count > kMaxQuantity) return damaged("the quantity is out of range");
    if (count > sale.totals().available) return damaged("more units are granted than are free");
    return ok_status();
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
    sale.totals_.stock = created.definition->stock;
    sale.totals_.available = created.definition->stock;
  }
  void operator()(const SaleOpened&) const { sale.status_ = SaleStatus::open; }
  void operator()(const SaleClosed&) const { sale.status_ = SaleStatus::closed; }

  void operator()(const ClaimGranted& granted) const {
    const ClaimOrdinal ordinal{sale.claims_.size()};
    const auto previous = sale.newest_claim(granted.buyer);
    Claim& claim = sale.claims_.add(granted.buyer, granted.units, granted.key);
    claim.sequence = event.sequence;
    claim.claimed_at = event.at;
    claim.expires_at = granted.expires_at.value_or(kNever);
    claim.previous = previous ? previous->value + 1 : Claim::kNone;
    claim.status = ClaimStatus::confirmed;
    claim.end_reason = EndReason::none;
    sale.buyers_.put(siphash13(sale.buyer_hash_key_, granted.buyer), ordinal,
                     [&](ClaimOrdinal other) { return previous && other == *previous; });
    sale.totals_.available -= claim.quantity;
    sale.totals_.confirmed += claim.quantity;
    sale.next_unit_ += claim.quantity;
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
    if (catalog.find(created->definition->slug) != nullptr) return damaged("a slug is used twice");
    return ok_status();
  }
  const SaleState& sale = catalog[event.sale];
  if (event.sequence != sale.sequence().next()) {
    return damaged("sequence " + std::to_string(event.sequence.value) + " follows " +
                   std::to_string(sale.sequence().value));
  }
  if (event.at < sale.last_event_at()) return damaged("time runs back");
  return std::visit(BodyCheck{sale, type_name(event)}, event.body);
}

void apply(Catalog& catalog, const Event& event) {
  DCHECK(can_apply(catalog, event).ok());
  Applier::apply_to(catalog, event);
}

}  // namespace doorbuster::sale
