#include "sim/sale_model.h"

#include <algorithm>

namespace doorbuster::simulation {

using sale::ClaimStatus;
using sale::ClaimVerdict;
using sale::EndReason;
using sale::Refusal;
using sale::SaleStatus;
using Broken = SaleModel::Broken;

namespace {

std::vector<sale::Unit> units_of(const sale::UnitRuns& runs) {
  std::vector<sale::Unit> units;
  const auto add = [&](const sale::UnitRun& run) {
    for (std::uint32_t i = 0; i < run.count; ++i) units.push_back(run.first + i);
  };
  add(runs.first);
  for (const sale::UnitRun& run : runs.more) add(run);
  return units;
}

bool same_but_for_words(sale::SaleDefinition a, const sale::SaleDefinition& b) {
  a.title = b.title;
  a.metadata = b.metadata;
  a.archive_after_seconds = b.archive_after_seconds;
  return a == b;
}

}  // namespace

std::uint64_t SaleModel::units_in(ClaimStatus status) const {
  std::uint64_t units = 0;
  for (const ModelClaim& claim : claims_) {
    if (claim.status == status) units += claim.quantity;
  }
  return units;
}

sale::Totals SaleModel::totals() const {
  sale::Totals totals;
  totals.stock = definition_->stock;
  totals.held = units_in(ClaimStatus::held);
  totals.confirmed = units_in(ClaimStatus::confirmed);
  totals.available = totals.stock - totals.held - totals.confirmed;
  return totals;
}

sale::Availability SaleModel::availability() const {
  const sale::Totals now = totals();
  if (now.available > 0) return sale::Availability::available;
  return now.held > 0 ? sale::Availability::all_held : sale::Availability::gone;
}

std::uint64_t SaleModel::released(EndReason reason) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(claims_, [&](const ModelClaim& claim) {
    return !claim.live() && claim.end_reason == reason;
  }));
}

const ModelClaim* SaleModel::claim_at(std::uint64_t sequence) const {
  const auto found = std::ranges::lower_bound(claims_, sequence, {}, &ModelClaim::sequence);
  return found == claims_.end() || found->sequence != sequence ? nullptr : &*found;
}

const std::vector<std::size_t>& SaleModel::claims_of(const std::string& buyer) const {
  static const std::vector<std::size_t> none;
  const auto found = by_buyer_.find(buyer);
  return found == by_buyer_.end() ? none : found->second;
}

std::uint64_t SaleModel::live_quantity(const std::string& buyer) const {
  std::uint64_t quantity = 0;
  for (const std::size_t i : claims_of(buyer)) {
    if (claims_[i].live()) quantity += claims_[i].quantity;
  }
  return quantity;
}

Time SaleModel::first_end() const {
  Time first = kNever;
  for (const ModelClaim& claim : claims_) {
    if (claim.held()) first = std::min(first, claim.end());
  }
  return first;
}

Time SaleModel::archives_at() const {
  const bool done = status_ == SaleStatus::closed && first_end() == kNever;
  if (!done || definition_->archive_after_seconds == 0) return kNever;
  return closed_at_ + std::chrono::seconds(definition_->archive_after_seconds);
}

Time SaleModel::next_change() const {
  const Time closes_at = definition_->closes_at.value_or(kNever);
  switch (status_) {
    case SaleStatus::scheduled:
      return std::min(closes_at, definition_->opens_at.value_or(Time{}));
    case SaleStatus::open:
    case SaleStatus::paused:
      return closes_at;
    case SaleStatus::closed:
      return kNever;
  }
  return kNever;
}

void SaleModel::grant_grace(Time until) {
  for (ModelClaim& claim : claims_) claim.grace_until = until;
}

std::vector<sale::Unit> SaleModel::take_units(std::uint32_t count) {
  std::vector<sale::Unit> units;
  for (; count > 0; --count) {
    if (returned_.empty()) {
      units.push_back(next_unit_++);
    } else {
      units.push_back(returned_.front());
      returned_.pop_front();
    }
  }
  return units;
}

SaleModel::Answer SaleModel::answer_to(const std::string& buyer, std::uint32_t quantity,
                                       const std::string& key) const {
  const auto existing = [](const ModelClaim& claim) {
    return Answer{ClaimVerdict::existing, claim.sequence, {}};
  };
  const auto refused = [](Refusal refusal) { return Answer{ClaimVerdict::refused, 0, refusal}; };
  const ModelClaim* newest_live = nullptr;
  std::uint32_t ended = 0;
  for (const std::size_t i : claims_of(buyer)) {
    const ModelClaim& claim = claims_[i];
    if (!key.empty() && claim.key == key) {
      return claim.quantity == quantity ? existing(claim) : refused(Refusal::key_reused);
    }
    if (claim.live()) newest_live = &claim;
    if (!claim.live()) ++ended;
  }
  const bool has_room = live_quantity(buyer) + quantity <= definition_->per_buyer_limit;
  if (newest_live != nullptr) {
    if (key.empty()) return existing(*newest_live);
    if (!has_room && definition_->per_buyer_limit == 1) return existing(*newest_live);
  }
  if (status_ == SaleStatus::scheduled) return refused(Refusal::not_open);
  if (status_ == SaleStatus::paused) return refused(Refusal::paused);
  if (status_ == SaleStatus::closed) return refused(Refusal::closed);
  if (ended >= definition_->claim_attempts) return refused(Refusal::attempts_exhausted);
  if (!has_room) return refused(Refusal::limit_exceeded);
  const std::uint64_t available = totals().available;
  if (available == 0) return refused(Refusal::sold_out);
  if (available < quantity) return refused(Refusal::insufficient_stock);
  return {};
}

// Nothing happens while something is due that has not happened, and what is due happens in the
// order of its times: at one time an opening, ends of holds, a closing (R13).
Broken SaleModel::settled_before(const sale::Event& event) const {
  const Time end = first_end();
  const Time change = next_change();
  if (const auto* released = std::get_if<sale::ClaimReleased>(&event.body)) {
    if (released->reason == EndReason::expired) {
      if (end > event.at) return "R16: a hold ended before its time";
      return rule(end <= change, "R13: a hold ended before the sale closed, which came first");
    }
  }
  const bool opens = std::holds_alternative<sale::SaleOpened>(event.body);
  const bool closes = std::holds_alternative<sale::SaleClosed>(event.body);
  if ((opens || closes) && change <= event.at) {
    return rule(opens || end > change, "R13: the sale closed before a hold ended that came first");
  }
  return rule(end > event.at && change > event.at, "R13: something was due that came first");
}

// One overload a type of event.
struct Follower {
  SaleModel& sale;
  const sale::Event& event;

  Broken operator()(const sale::SaleCreated& created) const {
    if (sale.definition_) return "S7: a sale was created twice";
    sale.definition_ = created.definition;
    sale.version_ = 1;
    sale.created_at_ = event.at;
    return rule(created.definition->closes_at.value_or(kNever) > event.at,
                "a sale was made whose end was past");
  }
  Broken operator()(const sale::SaleUpdated& updated) const {
    const sale::SaleDefinition& before = *sale.definition_;
    const sale::SaleDefinition& after = *updated.definition;
    const sale::Totals totals = sale.totals();
    if (after == before) return "a change changed nothing";
    if (after.slug != before.slug) return "a slug was changed";
    if (after.stock < totals.held + totals.confirmed) return "R6: stock below what is claimed";
    if (sale.status_ == SaleStatus::closed && !same_but_for_words(before, after)) {
      return "a closed sale was changed";
    }
    if (after.opens_at != before.opens_at && sale.opened_) return "opens_at changed after opening";
    if (after.closes_at != before.closes_at && after.closes_at && *after.closes_at <= event.at) {
      return "closes_at was set into the past";
    }
    sale.definition_ = updated.definition;
    ++sale.version_;
    while (sale.returned_.size() > sale.totals().available) sale.returned_.pop_back();
    return {};
  }
  Broken operator()(const sale::SaleOpened&) const {
    if (sale.status_ != SaleStatus::scheduled) return "R12: opened, and was not scheduled";
    if (sale.definition_->opens_at.value_or(Time{}) > event.at) return "R12: opened too early";
    sale.status_ = SaleStatus::open;
    sale.opened_ = true;
    return {};
  }
  Broken operator()(const sale::SalePaused&) const {
    const bool may = sale.status_ == SaleStatus::open || sale.status_ == SaleStatus::scheduled;
    sale.status_ = SaleStatus::paused;
    return rule(may, "R12: paused, and was neither open nor scheduled");
  }
  Broken operator()(const sale::SaleResumed&) const {
    const bool may = sale.status_ == SaleStatus::paused;
    sale.status_ = sale.opened_ ? SaleStatus::open : SaleStatus::scheduled;
    return rule(may, "R12: resumed, and was not paused");
  }
  Broken operator()(const sale::SaleClosed&) const {
    const bool may = sale.status_ != SaleStatus::closed;
    close();
    return rule(may, "R12: closed twice");
  }
  Broken operator()(const sale::SaleCancelled&) const {
    if (sale.cancelled_) return "cancelled twice";
    close();
    sale.cancelled_ = true;
    for (ModelClaim& claim : sale.claims_) {
      if (!claim.held()) continue;
      claim.status = ClaimStatus::released;
      claim.end_reason = EndReason::cancelled;
    }
    return {};
  }
  Broken operator()(const sale::SaleDeleted&) const {
    const bool may = !sale.opened_ || event.at >= sale.archives_at();
    close();
    sale.deleted_ = true;
    return rule(may, "a sale was deleted that has been open, and is not archived");
  }
  void close() const {
    if (sale.status_ != SaleStatus::closed) sale.closed_at_ = event.at;
    sale.status_ = SaleStatus::closed;
  }

  Broken operator()(const sale::ClaimGranted& granted) const {
    const std::string buyer(granted.buyer);
    const std::uint32_t quantity = granted.units.count();
    const auto answer = sale.answer_to(buyer, quantity, std::string(granted.key));
    if (answer.verdict == ClaimVerdict::existing) return "R9: granted to somebody who has a claim";
    if (answer.verdict == ClaimVerdict::refused) {
      return "R1, R2, R12, R18: granted where it had to be refused as " +
             std::string(sale::to_string(answer.refusal));
    }
    const sale::SaleDefinition& definition = *sale.definition_;
    const Time expires_at = definition.hold_seconds == 0
                                ? kNever
                                : event.at + std::chrono::seconds(definition.hold_seconds);
    if (granted.expires_at.value_or(kNever) != expires_at) return "a hold of a wrong length";
    if (granted.claim.value != sale.claims_.size()) return "a claim's number is not the next";
    if (sale.take_units(quantity) != units_of(granted.units)) return "R5: not the next units";
    ModelClaim claim;
    claim.buyer = buyer;
    claim.key = granted.key;
    claim.quantity = quantity;
    claim.units = granted.units;
    claim.status = granted.expires_at ? ClaimStatus::held : ClaimStatus::confirmed;
    claim.sequence = event.sequence.value;
    claim.claimed_at = event.at;
    claim.expires_at = expires_at;
    claim.late_payment = definition.late_payment;
    sale.by_buyer_[buyer].push_back(sale.claims_.size());
    sale.claims_.push_back(std::move(claim));
    sale.last_claim_ = &sale.claims_.back();
    return {};
  }
  Broken operator()(const sale::ClaimConfirmed& confirmed) const {
    ModelClaim& claim = about(confirmed.claim);
    if (auto broken = not_of(claim, confirmed)) return broken;
    if (!claim.live()) return "S5: confirmed, and had ended";
    if (claim.held() && claim.end() <= event.at) return "R16: confirmed at or after its end";
    if (!claim.reference.empty()) return "R16: confirmed twice";
    claim.status = ClaimStatus::confirmed;
    claim.reference = confirmed.reference;
    return {};
  }
  Broken operator()(const sale::ClaimReleased& released) const {
    ModelClaim& claim = about(released.claim);
    if (auto broken = not_of(claim, released)) return broken;
    if (!claim.live()) return "S5: released, and had ended";
    switch (released.reason) {
      case EndReason::expired:
        if (!claim.held()) return "S5: what is confirmed ended by its time";
        if (claim.end() > event.at) return "R16: a hold ended before its time";
        if (claim.end() != sale.first_end()) return "R13: holds ended in the wrong order";
        break;
      case EndReason::buyer:
        if (!claim.held()) return "R17: a buyer gave back what is confirmed";
        break;
      case EndReason::merchant:
        break;
      case EndReason::none:
      case EndReason::cancelled:
        return "R17: released for no reason of its own";
    }
    claim.status = ClaimStatus::released;
    claim.end_reason = released.reason;
    for (const sale::Unit unit : units_of(claim.units)) sale.returned_.push_back(unit);
    return {};
  }
  Broken operator()(const sale::ClaimExtended& extended) const {
    ModelClaim& claim = about(extended.claim);
    if (auto broken = not_of(claim, extended)) return broken;
    const auto most = std::chrono::seconds(sale.definition_->max_extension_seconds);
    if (!claim.held() || claim.end() <= event.at) return "R16: extended, and had ended";
    if (claim.extended) return "a hold was extended twice";
    if (extended.expires_at <= claim.end()) return "a hold was made shorter";
    if (extended.expires_at > claim.end() + most) return "extended by more than the sale allows";
    claim.extended = true;
    claim.expires_at = extended.expires_at;
    return {};
  }
  Broken operator()(const sale::ClaimReacquired& reacquired) const {
    ModelClaim& claim = about(reacquired.claim);
    if (auto broken = not_of(claim, reacquired)) return broken;
    if (auto broken = late(claim, reacquired.reference)) return broken;
    if (!may_come_back(claim)) return "R20: a claim came back that could not";
    if (sale.take_units(claim.quantity) != units_of(reacquired.units)) {
      return "R5: not the next units";
    }
    claim.units = reacquired.units;
    claim.status = ClaimStatus::confirmed;
    claim.end_reason = EndReason::none;
    claim.reference = reacquired.reference;
    return {};
  }
  Broken operator()(const sale::RefundRequired& refund) const {
    ModelClaim& claim = about(refund.claim);
    if (auto broken = not_of(claim, refund)) return broken;
    if (auto broken = late(claim, refund.reference)) return broken;
    claim.refunds.emplace_back(refund.reference);
    return rule(!may_come_back(claim), "R20: a refund for a claim that could come back");
  }
  template <typename Later>
  Broken operator()(const Later&) const {
    return "an event of a type that nobody asked for";
  }

  // An event names the buyer and the quantity of its claim.
  static Broken not_of(const ModelClaim& claim, const sale::OfClaim& of) {
    return rule(claim.buyer == of.buyer && claim.quantity == of.quantity,
                "an event names another buyer or quantity than its claim has");
  }
  ModelClaim& about(sale::ClaimOrdinal ordinal) const {
    ModelClaim& claim = sale.claims_.at(ordinal.value);
    sale.last_claim_ = &claim;
    return claim;
  }
  static Broken late(const ModelClaim& claim, std::string_view reference) {
    if (claim.live() || claim.end_reason != EndReason::expired) {
      return "R20: late money for a claim that did not end by its time";
    }
    return rule(std::ranges::find(claim.refunds, reference) == claim.refunds.end(),
                "R20: two ends for one claim and reference");
  }
  bool may_come_back(const ModelClaim& claim) const {
    return claim.late_payment == sale::LatePayment::reacquire &&
           sale.status_ != SaleStatus::closed && sale.totals().available >= claim.quantity &&
           sale.live_quantity(claim.buyer) + claim.quantity <= sale.definition_->per_buyer_limit;
  }
};

Broken SaleModel::follow(const sale::Event& event) {
  if (event.sequence.value != sequence_ + 1) return "S7: a sequence is missing or comes twice";
  if (deleted_) return "S7: something happened to a sale that was deleted";
  if (sequence_ > 0) {
    if (auto broken = settled_before(event)) return broken;
  }
  sequence_ = event.sequence.value;
  last_type_ = event.body.index();
  last_claim_ = nullptr;
  return std::visit(Follower{*this, event}, event.body);
}

}  // namespace doorbuster::simulation
