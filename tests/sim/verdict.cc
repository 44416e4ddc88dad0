#include "sim/verdict.h"

#include <algorithm>

namespace doorbuster::simulation {

using sale::ClaimChange;
using sale::ClaimStatus;
using sale::ClaimVerdict;
using sale::EndReason;
using sale::Refusal;
using sale::SaleAction;
using sale::SaleChange;
using sale::SaleStatus;
using store::ClaimView;
using Broken = SaleModel::Broken;

namespace {

template <typename Member>
void assign(Member& member, const std::optional<Member>& change) {
  if (change) member = *change;
}

bool owes(const ModelClaim& claim, std::string_view reference) {
  return std::ranges::find(claim.refunds, reference) != claim.refunds.end();
}

// The number of the alternative `Event` in sale::EventBody.
template <typename Event>
std::size_t type_of() {
  return sale::EventBody(Event{}).index();
}

}  // namespace

sale::SaleDefinition with_changes(sale::SaleDefinition definition,
                                  const sale::SaleChanges& changes) {
  assign(definition.title, changes.title);
  assign(definition.stock, changes.stock);
  assign(definition.per_buyer_limit, changes.per_buyer_limit);
  assign(definition.hold_seconds, changes.hold_seconds);
  assign(definition.opens_at, changes.opens_at);
  assign(definition.closes_at, changes.closes_at);
  assign(definition.late_payment, changes.late_payment);
  assign(definition.claim_attempts, changes.claim_attempts);
  assign(definition.max_extension_seconds, changes.max_extension_seconds);
  assign(definition.archive_after_seconds, changes.archive_after_seconds);
  assign(definition.metadata, changes.metadata);
  return definition;
}

template <typename Event>
bool Verdict::last_is(const ModelClaim* about) const {
  return sale_.last_type() == type_of<Event>() && (about == nullptr || sale_.last_claim() == about);
}

Time Verdict::next_return_at() const {
  const Time end = sale_.first_end();
  const bool in_time = end < sale_.definition().closes_at.value_or(kNever);
  return in_time && sale_.status() != SaleStatus::closed ? end : kNever;
}

Broken Verdict::view(const store::SaleView& told) const {
  if (told.sequence.value != sale_.sequence()) return "a view of another sequence";
  if (!told.totals.conserved()) return "S1: a sale does not add up";
  if (told.totals != sale_.totals()) return "S1: units are not where the claims say";
  if (*told.definition != sale_.definition()) return "a sale's definition is not as it was set";
  if (told.version != sale_.version()) return "a sale's version does not count its changes";
  if (told.status != sale_.status() || told.opened != sale_.opened()) return "R12: a wrong status";
  if (told.cancelled != sale_.cancelled()) return "cancelled, or not";
  if (sale_.deleted()) return rule(last_is<sale::SaleDeleted>(), "a deleted sale is shown");
  if (told.availability != sale_.availability()) return "R1: a wrong availability";
  if (told.created_at != sale_.created_at()) return "a wrong time of creation";
  if (told.claims != sale_.claims().size()) return "a wrong number of claims";
  for (std::size_t i = 0; i < sale::kEndReasons; ++i) {
    const auto reason = static_cast<EndReason>(i);
    if (reason != EndReason::none && told.released[i] != sale_.released(reason)) {
      return "a wrong number of claims that have ended";
    }
  }
  if (told.next_return_at != next_return_at()) return "a wrong time of the next return";
  return rule(sale_.first_end() > told.now && sale_.next_change() > told.now,
              "R13: a view in which something is due");
}

Broken Verdict::claim(const ClaimView& told) const {
  const ModelClaim* claim = sale_.claim_at(told.sequence.value);
  if (claim == nullptr) return "S4: a claim that was never granted was told";
  if (told.buyer.view() != claim->buyer || told.quantity != claim->quantity ||
      told.units != claim->units || told.claimed_at != claim->claimed_at) {
    return "S6: a claim is not as it was granted";
  }
  if (told.status != claim->status || told.end_reason != claim->end_reason) {
    return "S5: a claim's status is not what has happened to it";
  }
  const Time expires_at = claim->held() ? claim->end() : claim->expires_at;
  if (told.expires_at != expires_at || told.extended != claim->extended) {
    return "R16: a claim's end is not as it was set";
  }
  if (told.reference != claim->reference) return "R16: a claim has another reference";
  if (told.refunds != claim->refunds) return "R20: refunds are not as they were required";
  const bool owed = sale_.cancelled() && claim->status == ClaimStatus::confirmed;
  return rule(told.refund_owed == owed, "a cancelled sale owes refunds for confirmed claims alone");
}

Broken Verdict::claims(const std::vector<ClaimView>& told) const {
  for (const ClaimView& each : told) {
    if (auto broken = claim(each)) return broken;
  }
  return {};
}

Broken Verdict::operator()(const sale::ClaimUnits& asked, const store::ClaimReply& told) const {
  if (told.verdict == ClaimVerdict::refused) return refusal(asked, told);
  if (told.claim.buyer != asked.buyer) return "S4: another buyer's claim was told";
  if (auto broken = claim(told.claim)) return broken;
  const ModelClaim* claim = sale_.claim_at(told.claim.sequence.value);
  if (told.verdict == ClaimVerdict::granted) {
    return rule(last_is<sale::ClaimGranted>(claim) && claim->quantity == asked.quantity &&
                    claim->key == asked.key.view(),
                "R19: a grant that did not happen at its sequence");
  }
  const auto answer = sale_.answer_to(std::string(asked.buyer.view()), asked.quantity,
                                      std::string(asked.key.view()));
  return rule(answer.verdict == ClaimVerdict::existing && answer.claim == claim->sequence,
              "R9: a claim was told to somebody who had to be told something else");
}

Broken Verdict::refusal(const sale::ClaimUnits& asked, const store::ClaimReply& told) const {
  const std::string buyer(asked.buyer.view());
  const auto answer = sale_.answer_to(buyer, asked.quantity, std::string(asked.key.view()));
  if (answer.verdict != ClaimVerdict::refused || answer.refusal != told.refusal) {
    return "refused as " + std::string(sale::to_string(told.refusal)) + ", and had to be " +
           (answer.verdict == ClaimVerdict::refused
                ? "refused as " + std::string(sale::to_string(answer.refusal))
                : std::string(answer.verdict == ClaimVerdict::granted ? "granted" : "known"));
  }
  if (told.available != sale_.totals().available) return "R3: a wrong number of free units";
  if (told.availability != sale_.availability()) return "R1: a wrong availability";
  if (told.opens_at != sale_.definition().opens_at) return "R12: a wrong time of opening";
  if (told.claim_attempts != sale_.definition().claim_attempts) return "R18: wrong attempts";
  if (told.next_return_at != next_return_at()) return "a wrong time of the next return";
  return rule(sale_.first_end() > told.now && sale_.next_change() > told.now,
              "R13: refused while something was due");
}

Broken Verdict::operator()(const store::ConfirmClaim& asked,
                           const store::ClaimChangeReply& told) const {
  if (auto broken = claim(told.claim)) return broken;
  const ModelClaim& claim = *sale_.claim_at(told.claim.sequence.value);
  const std::string_view reference = asked.reference.view();
  const bool confirmed = claim.status == ClaimStatus::confirmed;
  const bool expired = !claim.live() && claim.end_reason == EndReason::expired;
  switch (told.change) {
    case ClaimChange::done:
      return rule(
          (last_is<sale::ClaimConfirmed>(&claim) || last_is<sale::ClaimReacquired>(&claim)) &&
              claim.reference == reference,
          "R16: confirmed, and it did not happen");
    case ClaimChange::unchanged:
      return rule(confirmed && claim.reference == reference, "R16: confirmed, and it is not so");
    case ClaimChange::reference_mismatch:
      return rule(confirmed && claim.reference != reference && !claim.reference.empty(),
                  "R16: a mismatch of what does match");
    case ClaimChange::expired:
      return rule(expired && owes(claim, reference), "R20: too late, and no refund is required");
    case ClaimChange::released:
      return rule(!claim.live() && !expired, "R16: called released, and it is not");
    case ClaimChange::confirmed:
    case ClaimChange::not_extendable:
      return "an answer that a confirm never gets";
  }
  return {};
}

Broken Verdict::operator()(const store::ReleaseClaim& asked,
                           const store::ClaimChangeReply& told) const {
  if (auto broken = claim(told.claim)) return broken;
  const ModelClaim& claim = *sale_.claim_at(told.claim.sequence.value);
  if (!asked.buyer.empty() && asked.buyer.view() != claim.buyer) {
    return "R17: a buyer was answered about another one's claim";
  }
  switch (told.change) {
    case ClaimChange::done:
      return rule(
          last_is<sale::ClaimReleased>(&claim) &&
              claim.end_reason == (asked.buyer.empty() ? EndReason::merchant : EndReason::buyer),
          "R17: released, and it did not happen");
    case ClaimChange::unchanged:
      return rule(!claim.live(), "R17: released, and it is not so");
    case ClaimChange::confirmed:
      return rule(claim.status == ClaimStatus::confirmed && !asked.buyer.empty(),
                  "R17: called confirmed, and it is not");
    case ClaimChange::expired:
    case ClaimChange::released:
    case ClaimChange::reference_mismatch:
    case ClaimChange::not_extendable:
      return "an answer that a release never gets";
  }
  return {};
}

Broken Verdict::operator()(const store::ExtendClaim& asked,
                           const store::ClaimChangeReply& told) const {
  if (auto broken = claim(told.claim)) return broken;
  const ModelClaim& claim = *sale_.claim_at(told.claim.sequence.value);
  const std::uint32_t most = sale_.definition().max_extension_seconds;
  switch (told.change) {
    case ClaimChange::done:
      return rule(last_is<sale::ClaimExtended>(&claim), "extended, and it did not happen");
    case ClaimChange::unchanged:
      return rule(claim.held() && claim.extended, "extended before, and it is not so");
    case ClaimChange::not_extendable:
      return rule(claim.held() && !claim.extended && (most == 0 || asked.seconds > most) &&
                      told.max_extension_seconds == most,
                  "not extended, and it had to be");
    case ClaimChange::confirmed:
      return rule(claim.status == ClaimStatus::confirmed, "called confirmed, and it is not");
    case ClaimChange::expired:
      return rule(!claim.live() && claim.end_reason == EndReason::expired,
                  "called expired, and it is not");
    case ClaimChange::released:
      return rule(!claim.live() && claim.end_reason != EndReason::expired,
                  "called released, and it is not");
    case ClaimChange::reference_mismatch:
      return "an answer that an extension never gets";
  }
  return {};
}

Broken Verdict::operator()(const sale::CreateSale& asked, const store::CreateReply& told) const {
  const bool same = !sale_.deleted() && sale_.definition() == *asked.definition;
  switch (told.verdict) {
    case sale::CreateVerdict::created:
      if (sale_.version() != 1 || !sale_.claims().empty()) return "created, and it did not happen";
      break;
    case sale::CreateVerdict::existing:
      if (!same) return "called the same sale, and it is another";
      break;
    case sale::CreateVerdict::already_exists:
      if (same) return "the same sale was called another";
      break;
    case sale::CreateVerdict::closes_in_the_past:
      return "a sale is shown that was not made";
  }
  // What a deleted sale was like is nobody's business.
  return sale_.deleted() ? Broken() : view(told.sale);
}

Broken Verdict::operator()(const sale::PublishRound& asked, const store::CreateReply& told) const {
  if (sale_.definition().stock != asked.stock) return "R14: a round with another stock";
  return view(told.sale);
}

Broken Verdict::change(const sale::ChangeSale& asked, const store::SaleChangeReply& told) const {
  const sale::SaleDefinition& before = sale_.definition();
  const sale::SaleDefinition after = with_changes(before, *asked.changes);
  const sale::Totals totals = sale_.totals();
  switch (told.change) {
    case SaleChange::done:
      return rule(after == before && (last_is<sale::SaleUpdated>() || last_is<sale::SaleOpened>()),
                  "changed, and it did not happen");
    case SaleChange::unchanged:
      return rule(after == before, "called unchanged, and it is not");
    case SaleChange::version_mismatch:
      return "a mismatch of a version that does match";
    case SaleChange::closed:
      return rule(sale_.status() == SaleStatus::closed, "called closed, and it is not");
    case SaleChange::already_open:
      return rule(sale_.opened() && after.opens_at != before.opens_at,
                  "called open, and has never been");
    case SaleChange::stock_below_claimed:
      return rule(after.stock < totals.held + totals.confirmed, "R6: refused, and there was room");
    case SaleChange::closes_in_the_past:
      return rule(after.closes_at && *after.closes_at <= told.sale.now, "closes_at is no past");
    case SaleChange::closes_before_opening:
      return rule(after.closes_at && after.opens_at && *after.closes_at <= *after.opens_at,
                  "closes_at is after opening");
    case SaleChange::stock_out_of_range:
      return "out of range, with so few units";
  }
  return {};
}

Broken Verdict::operator()(const sale::ChangeSale& asked,
                           const store::SaleChangeReply& told) const {
  if (auto broken = view(told.sale)) return broken;
  const bool done = told.change == SaleChange::done;
  const bool matches = !asked.if_version || *asked.if_version + (done ? 1U : 0U) == sale_.version();
  if (told.change == SaleChange::version_mismatch) {
    return rule(!matches, "a mismatch of a version that does match");
  }
  if (!matches) return "a change went by a version that was not the sale's";
  return change(asked, told);
}

Broken Verdict::operator()(const sale::SteerSale& asked, const store::SaleChangeReply& told) const {
  if (auto broken = view(told.sale)) return broken;
  const SaleStatus status = sale_.status();
  if (told.change == SaleChange::closed) {
    return rule(status == SaleStatus::closed &&
                    (asked.action == SaleAction::pause || asked.action == SaleAction::resume),
                "called closed, and it is not");
  }
  const bool done = told.change == SaleChange::done;
  if (!done && told.change != SaleChange::unchanged) return "an answer that a button never gets";
  switch (asked.action) {
    case SaleAction::pause:
      return rule(status == SaleStatus::paused && (!done || last_is<sale::SalePaused>()),
                  "R12: paused, and it is not");
    case SaleAction::resume:
      return rule(status != SaleStatus::paused && status != SaleStatus::closed &&
                      (!done || last_is<sale::SaleResumed>() || last_is<sale::SaleOpened>()),
                  "R12: resumed, and it is not");
    case SaleAction::close:
      return rule(status == SaleStatus::closed && (!done || last_is<sale::SaleClosed>()),
                  "R12: closed, and it is not");
    case SaleAction::cancel:
      return rule(sale_.cancelled() && (!done || last_is<sale::SaleCancelled>()),
                  "cancelled, and it is not");
  }
  return {};
}

Broken Verdict::operator()(const sale::DeleteSale&, const store::SaleChangeReply& told) const {
  if (auto broken = view(told.sale)) return broken;
  if (told.change == SaleChange::already_open) {
    return rule(sale_.opened() && told.sale.now < sale_.archives_at(),
                "not deleted, and has never been open or is archived");
  }
  return rule(told.change == SaleChange::done && sale_.deleted(), "deleted, and it is not");
}

Broken Verdict::operator()(const store::ReadBuyerClaims& asked,
                           const store::ClaimsPage& told) const {
  if (auto broken = view(told.sale)) return broken;
  const auto& his = sale_.claims_of(std::string(asked.buyer.view()));
  const bool all =
      std::ranges::equal(told.claims, std::vector<std::size_t>(his.rbegin(), his.rend()),
                         [&](const ClaimView& each, std::size_t i) {
                           return each.sequence.value == sale_.claims()[i].sequence;
                         });
  return all ? claims(told.claims) : Broken("a buyer's claims are not all of them, newest first");
}

Broken Verdict::operator()(const store::ReadClaim&, const store::ClaimsPage& told) const {
  if (auto broken = view(told.sale)) return broken;
  return told.claims.size() == 1 ? claims(told.claims) : Broken("one claim is not one");
}

Broken Verdict::operator()(const store::ListClaims& asked, const store::ClaimsPage& told) const {
  if (auto broken = view(told.sale)) return broken;
  const std::size_t all = sale_.claims().size();
  const std::size_t left = all > asked.from ? all - asked.from : 0;
  if (told.claims.size() != std::min<std::size_t>(left, asked.limit) ||
      told.has_more != (left > asked.limit)) {
    return "S6: not every claim is listed";
  }
  for (std::size_t i = 0; i < told.claims.size(); ++i) {
    if (told.claims[i].sequence.value != sale_.claims()[asked.from + i].sequence) {
      return "R19: claims are not listed in their order";
    }
  }
  return claims(told.claims);
}

}  // namespace doorbuster::simulation
