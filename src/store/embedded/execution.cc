#include "store/embedded/execution.h"

#include "base/check.h"
#include "sale/decide.h"

namespace doorbuster::embedded {
namespace {

// When a unit may come free by itself, and be sold: not what comes back to a closed sale.
Time next_return_at(const sale::SaleState& sale) {
  const sale::HoldEnd* hold = sale.first_hold_end();
  if (hold == nullptr || sale.status() == sale::SaleStatus::closed) return kNever;
  return hold->at < sale.definition().closes_at.value_or(kNever) ? hold->at : kNever;
}

}  // namespace

std::optional<store::Reply> Execution::run(const store::Command& command) {
  return std::visit(*this, command);
}

Execution::MaybeReply Execution::no_room() {
  engine_.journal_.prepare(now_);
  if (engine_.journal_.awaits_segment()) return std::nullopt;
  return Error{ErrorCode::storage_unavailable, "the disk has no room for the journal"};
}

Execution::MaybeReply Execution::no_room_to_claim(const sale::SaleState& sale) {
  MaybeReply reply = no_room();
  if (reply) ++engine_.touch(sale.ordinal())[ClaimResult::error];
  return reply;
}

void Execution::count(const sale::SaleState& sale, const store::ClaimReply& reply) {
  ++engine_.touch(sale.ordinal()).claims[store::result_index(reply)];
}

bool Execution::commit_decided() {
  const bool committed = engine_.events_.empty() || engine_.commit(engine_.events_);
  engine_.events_.clear();
  return committed;
}

bool Execution::commit_caused(const TraceParent& trace) {
  if (trace.given()) {
    for (sale::Event& event : engine_.events_) event.trace = trace.bytes();
  }
  return commit_decided();
}

bool Execution::is_settled(const sale::SaleState& sale) const {
  return sale::next_due_at(sale) > now_;
}

bool Execution::has_claims(const sale::SaleState& sale) {
  if (!sale.archived()) return true;
  engine_.lacked_claims_ = sale.ordinal();
  return false;
}

bool Execution::settle(const sale::SaleState& sale) {
  for (; engine_.due_left_ > 0; --engine_.due_left_) {
    auto due = sale::next_due(sale, now_);
    if (!due) return true;
    engine_.events_.push_back(std::move(*due));
    if (!commit_decided()) return false;
  }
  return true;
}

bool Execution::settle_for(const sale::SaleState& sale, std::uint32_t quantity) {
  while (sale.totals().available < quantity) {
    auto due = sale::next_due(sale, now_);
    if (!due) return true;
    engine_.events_.push_back(std::move(*due));
    if (!commit_decided()) return false;
  }
  return true;
}

bool Execution::settle_claim(const sale::SaleState& sale, sale::ClaimOrdinal claim) {
  auto due = sale::due_end(sale, claim, now_);
  if (!due) return true;
  engine_.events_.push_back(std::move(*due));
  return commit_decided();
}

bool Execution::settle_buyer(const sale::SaleState& sale, std::string_view buyer) {
  bool settled = true;
  for_each_claim(sale, buyer, [&](sale::ClaimOrdinal claim, const sale::Claim&) {
    settled = settle_claim(sale, claim);
    return settled;
  });
  return settled;
}

template <typename Answer>
Execution::MaybeReply Execution::with_sale(const sale::Slug& slug, Answer answer) {
  const sale::SaleState* sale = engine_.catalog_.find(slug.view());
  if (sale == nullptr) return store::NoSuchSale{};
  about_ = sale->ordinal();
  if (!settle(*sale)) return no_room();
  return answer(*sale);
}

template <typename Answer>
Execution::MaybeReply Execution::with_settled_sale(const sale::Slug& slug, Answer answer) {
  return with_sale(slug, [&](const sale::SaleState& sale) -> MaybeReply {
    if (!is_settled(sale)) return std::nullopt;
    return answer(sale);
  });
}

Execution::MaybeReply Execution::operator()(const sale::ClaimUnits& command) {
  return with_sale(command.sale, [&](const sale::SaleState& sale) -> MaybeReply {
    if (!has_claims(sale) || sale::transition_is_due(sale, now_)) return std::nullopt;
    if (!is_settled(sale) &&
        !(settle_buyer(sale, command.buyer.view()) && settle_for(sale, command.quantity))) {
      return no_room_to_claim(sale);
    }
    const sale::ClaimOutcome outcome = sale::decide(sale, command, now_, engine_.events_);
    if (!commit_caused(command.trace)) return no_room_to_claim(sale);
    MaybeReply reply;
    store::ClaimReply& answer = begin_reply(reply, sale, outcome);
    if (outcome.verdict == sale::ClaimVerdict::refused) {
      fill_refusal(sale, command, answer);
    } else {
      show(sale, outcome.claim, id_of(sale, outcome.claim), answer.claim);
    }
    count(sale, answer);
    return reply;
  });
}

store::ClaimReply& Execution::begin_reply(MaybeReply& reply, const sale::SaleState& sale,
                                          const sale::ClaimOutcome& outcome) {
  auto& answer = std::get<store::ClaimReply>(reply.emplace(std::in_place_type<store::ClaimReply>));
  answer.verdict = outcome.verdict;
  answer.sale.assign(sale.definition().slug);
  answer.sequence = sale.sequence();
  answer.refusal = outcome.refusal;
  return answer;
}

Execution::MaybeReply Execution::refusal(const sale::ClaimUnits& command) {
  const sale::SaleState* sale = engine_.catalog_.find(command.sale.view());
  if (sale == nullptr || sale->archived() || !is_settled(*sale)) return std::nullopt;
  // Most claims while units are free: not worth deciding twice.
  const bool has_units = sale->totals().available >= command.quantity;
  if (has_units && sale->status() == sale::SaleStatus::open) return std::nullopt;
  if (engine_.last_decided(sale->ordinal()) > engine_.durable_head_.position()) return std::nullopt;
  std::vector<sale::Event> events;
  const sale::ClaimOutcome outcome = sale::decide(*sale, command, now_, events);
  if (outcome.verdict != sale::ClaimVerdict::refused) return std::nullopt;
  CHECK(events.empty());
  about_ = sale->ordinal();
  MaybeReply reply;
  fill_refusal(*sale, command, begin_reply(reply, *sale, outcome));
  return reply;
}

void Execution::fill_refusal(const sale::SaleState& sale, const sale::ClaimUnits& command,
                             store::ClaimReply& reply) {
  reply.now = now_;
  reply.opens_at = sale.definition().opens_at;
  reply.available = sale.totals().available;
  reply.availability = sale.availability();
  reply.next_return_at = next_return_at(sale);
  reply.claim_attempts = sale.definition().claim_attempts;
  if (reply.refusal != sale::Refusal::limit_exceeded) return;
  for_each_claim(sale, command.buyer.view(),
                 [&](sale::ClaimOrdinal ordinal, const sale::Claim& claim) {
                   if (sale.is_live(claim)) {
                     reply.claims.push_back(id_of(sale, ordinal));
                   }
                   return true;
                 });
}

template <typename Decide>
Execution::MaybeReply Execution::change_claim(const sale::Slug& slug, sale::ClaimId id,
                                              std::string_view buyer, const TraceParent& trace,
                                              Decide decide) {
  return with_sale(slug, [&](const sale::SaleState& sale) -> MaybeReply {
    const auto place = engine_.claim_ids_.decode(id);
    if (!place || place->sale != sale.ordinal() || place->claim.value >= sale.granted()) {
      return store::NoSuchClaim{sale.sequence()};
    }
    if (!has_claims(sale)) return std::nullopt;
    const sale::Claim& claim = sale.claims()[place->claim];
    if (!buyer.empty() && sale.claims().buyer(claim) != buyer) {
      return store::NoSuchClaim{sale.sequence()};
    }
    if (!settle_claim(sale, place->claim)) return no_room();
    // A claim that may come back (R20) needs an open sale and units, as a new one does.
    if (!sale.is_live(claim)) {
      if (sale::transition_is_due(sale, now_)) return std::nullopt;
      if (!settle_for(sale, claim.quantity)) return no_room();
    }
    const sale::ClaimChange change = decide(sale, place->claim);
    if (!commit_caused(trace)) return no_room();
    MaybeReply reply;
    auto& answer = std::get<store::ClaimChangeReply>(
        reply.emplace(std::in_place_type<store::ClaimChangeReply>));
    answer.change = change;
    answer.sale.assign(sale.definition().slug);
    answer.sequence = sale.sequence();
    show(sale, place->claim, id, answer.claim);
    answer.max_extension_seconds = sale.definition().max_extension_seconds;
    return reply;
  });
}

Execution::MaybeReply Execution::operator()(const store::ConfirmClaim& command) {
  return change_claim(command.sale, command.claim, {}, command.trace,
                      [&](const sale::SaleState& sale, sale::ClaimOrdinal claim) {
                        return sale::confirm(sale, claim, command.reference.view(), now_,
                                             engine_.events_);
                      });
}

Execution::MaybeReply Execution::operator()(const store::ReleaseClaim& command) {
  const auto reason = command.buyer.empty() ? sale::EndReason::merchant : sale::EndReason::buyer;
  return change_claim(command.sale, command.claim, command.buyer.view(), command.trace,
                      [&](const sale::SaleState& sale, sale::ClaimOrdinal claim) {
                        return sale::release(sale, claim, reason, now_, engine_.events_);
                      });
}

Execution::MaybeReply Execution::operator()(const store::ExtendClaim& command) {
  return change_claim(command.sale, command.claim, {}, command.trace,
                      [&](const sale::SaleState& sale, sale::ClaimOrdinal claim) {
                        return sale::extend(sale, claim, command.seconds, now_, engine_.events_);
                      });
}

Execution::MaybeReply Execution::operator()(const sale::CreateSale& command) {
  // The sale that has the slug already is shown as it now is, so what is due there comes first.
  if (const sale::SaleState* sale = engine_.catalog_.find_ever(command.definition->slug)) {
    if (!settle(*sale)) return no_room();
    if (!is_settled(*sale)) return std::nullopt;
  }
  const sale::CreateOutcome outcome =
      sale::decide(engine_.catalog_, command, now_, engine_.events_);
  if (outcome.verdict == sale::CreateVerdict::closes_in_the_past) {
    return store::CreateReply{outcome.verdict, {}};
  }
  if (!commit_caused(command.trace)) return no_room();
  return store::CreateReply{outcome.verdict, view(engine_.catalog_[outcome.sale])};
}

Execution::MaybeReply Execution::operator()(const sale::PublishRound& command) {
  // The round that this one closes.
  if (const sale::SaleState* before = engine_.catalog_.find(sale::kRoundsSlug)) {
    if (!settle(*before)) return no_room();
    if (!is_settled(*before)) return std::nullopt;
  }
  const sale::SaleOrdinal round = sale::decide(engine_.catalog_, command, now_, engine_.events_);
  if (!commit_caused(command.trace)) return no_room();
  return store::CreateReply{sale::CreateVerdict::created, view(engine_.catalog_[round])};
}

template <typename Command>
Execution::MaybeReply Execution::change_sale(const Command& command) {
  return with_settled_sale(command.sale, [&](const sale::SaleState& sale) -> MaybeReply {
    if constexpr (!std::is_same_v<Command, sale::DeleteSale>) {
      if (!has_claims(sale)) return std::nullopt;
    }
    store::SaleChangeReply reply;
    reply.change = sale::decide(sale, command, now_, engine_.events_);
    if (!commit_caused(command.trace)) return no_room();
    // Another opening time, or a resumed sale, may be due to open; that is one event. Without room
    // for it the change stands all the same, and the sale opens when it is next looked at.
    if (auto due = sale::next_due(sale, now_)) {
      engine_.events_.push_back(std::move(*due));
      static_cast<void>(commit_decided());
    }
    reply.sale = view(sale);
    return reply;
  });
}

Execution::MaybeReply Execution::operator()(const sale::ChangeSale& command) {
  return change_sale(command);
}

Execution::MaybeReply Execution::operator()(const sale::SteerSale& command) {
  return change_sale(command);
}

Execution::MaybeReply Execution::operator()(const sale::DeleteSale& command) {
  return change_sale(command);
}

Execution::MaybeReply Execution::operator()(const store::ReadSale& command) {
  return with_settled_sale(command.sale,
                           [&](const sale::SaleState& sale) -> MaybeReply { return view(sale); });
}

Execution::MaybeReply Execution::operator()(const store::ListSales& command) {
  store::SalesPage page;
  std::uint32_t at = command.from;
  for (; at < engine_.catalog_.size() && page.sales.size() < command.limit; ++at) {
    const sale::SaleState& sale = engine_.catalog_[{at}];
    if (sale.deleted()) continue;
    if (!settle(sale)) return no_room();
    if (!is_settled(sale)) return std::nullopt;
    page.sales.push_back(view(sale));
  }
  page.next = at;
  page.has_more = at < engine_.catalog_.size();
  return page;
}

Execution::MaybeReply Execution::operator()(const store::ReadBuyerClaims& command) {
  return with_settled_sale(command.sale, [&](const sale::SaleState& sale) -> MaybeReply {
    if (!has_claims(sale)) return std::nullopt;
    store::ClaimsPage page;
    page.sale = view(sale);
    for_each_claim(sale, command.buyer.view(), [&](sale::ClaimOrdinal claim, const sale::Claim&) {
      page.claims.push_back(view(sale, claim));
      return true;
    });
    return page;
  });
}

Execution::MaybeReply Execution::operator()(const store::ReadClaim& command) {
  return with_settled_sale(command.sale, [&](const sale::SaleState& sale) -> MaybeReply {
    const auto place = engine_.claim_ids_.decode(command.claim);
    if (!place || place->sale != sale.ordinal() || place->claim.value >= sale.granted()) {
      return store::NoSuchClaim{sale.sequence()};
    }
    if (!has_claims(sale)) return std::nullopt;
    store::ClaimsPage page;
    page.sale = view(sale);
    page.claims.push_back(view(sale, place->claim));
    return page;
  });
}

Execution::MaybeReply Execution::operator()(const store::ListClaims& command) {
  return with_settled_sale(command.sale, [&](const sale::SaleState& sale) -> MaybeReply {
    if (!has_claims(sale)) return std::nullopt;
    store::ClaimsPage page;
    page.sale = view(sale);
    const std::uint32_t end = std::min(command.below, sale.claims().size());
    std::uint32_t at = command.from;
    for (; at < end && page.claims.size() < command.limit; ++at) {
      page.claims.push_back(view(sale, {at}));
    }
    page.has_more = at < end;
    return page;
  });
}

store::SaleView Execution::view(const sale::SaleState& sale) {
  store::SaleView view;
  view.definition = sale.shared_definition();
  view.version = sale.version();
  view.status = sale.status();
  view.availability = sale.availability();
  view.totals = sale.totals();
  view.sequence = sale.sequence();
  view.created_at = sale.created_at();
  view.now = now_;
  view.next_return_at = next_return_at(sale);
  view.opened = sale.opened();
  view.cancelled = sale.cancelled();
  view.released = sale.released();
  view.claims = sale.granted();
  view.refused = refused_of(engine_.tally(sale.ordinal()));
  return view;
}

store::ClaimView Execution::view(const sale::SaleState& sale, sale::ClaimOrdinal ordinal) const {
  store::ClaimView view;
  show(sale, ordinal, id_of(sale, ordinal), view);
  return view;
}

sale::ClaimId Execution::id_of(const sale::SaleState& sale, sale::ClaimOrdinal claim) const {
  return engine_.claim_ids_.encode({sale.ordinal(), claim});
}

void Execution::show(const sale::SaleState& sale, sale::ClaimOrdinal ordinal, sale::ClaimId id,
                     store::ClaimView& view) const {
  const sale::Claim& claim = sale.claims()[ordinal];
  view.id = id;
  view.buyer.assign(sale.claims().buyer(claim));
  view.quantity = claim.quantity;
  view.units = sale.claims().units(claim);
  view.status = sale.status_of(claim);
  view.end_reason = sale.end_reason_of(claim);
  view.sequence = claim.sequence;
  view.claimed_at = claim.claimed_at;
  view.expires_at =
      view.status == sale::ClaimStatus::held ? sale.hold_end(ordinal) : claim.expires_at;
  view.reference = sale.claims().reference(claim);
  view.extended = claim.extended;
  view.refund_owed = sale.cancelled() && claim.status == sale::ClaimStatus::confirmed;
  view.refunds = sale.claims().refunds(claim);
}

}  // namespace doorbuster::embedded
