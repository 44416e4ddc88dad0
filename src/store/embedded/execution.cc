#include "store/embedded/execution.h"

#include "sale/decide.h"

namespace doorbuster::embedded {
namespace {

store::Reply no_room() {
  return Error{ErrorCode::storage_unavailable, "the disk has no room for the journal"};
}

}  // namespace

store::Reply Execution::run(const store::Command& command) { return std::visit(*this, command); }

bool Execution::commit_decided() {
  const bool committed = engine_.events_.empty() || engine_.commit(engine_.events_);
  engine_.events_.clear();
  return committed;
}

bool Execution::settle(const sale::SaleState& sale) {
  while (auto due = sale::next_due(sale, now_)) {
    engine_.events_.push_back(std::move(*due));
    if (!commit_decided()) return false;
  }
  return true;
}

template <typename Read>
store::Reply Execution::with_sale(const sale::Slug& slug, Read read) {
  const sale::SaleState* sale = engine_.catalog_.find(slug.view());
  if (sale == nullptr) return store::NoSuchSale{};
  if (!settle(*sale)) return no_room();
  return read(*sale);
}

store::Reply Execution::operator()(const sale::ClaimUnits& command) {
  return with_sale(command.sale, [&](const sale::SaleState& sale) -> store::Reply {
    const sale::ClaimOutcome outcome = sale::decide(sale, command, now_, engine_.events_);
    if (!commit_decided()) return no_room();
    store::Reply reply(std::in_place_type<store::ClaimReply>);
    auto& answer = std::get<store::ClaimReply>(reply);
    answer.verdict = outcome.verdict;
    answer.sale.assign(sale.definition().slug);
    answer.sequence = sale.sequence();
    answer.refusal = outcome.refusal;
    if (outcome.verdict == sale::ClaimVerdict::refused) {
      fill_refusal(sale, command, answer);
    } else {
      answer.claim = view(sale, outcome.claim);
    }
    return reply;
  });
}

void Execution::fill_refusal(const sale::SaleState& sale, const sale::ClaimUnits& command,
                             store::ClaimReply& reply) {
  ++engine_.refused(sale.ordinal())[static_cast<std::size_t>(reply.refusal)];
  reply.now = now_;
  reply.opens_at = sale.definition().opens_at;
  reply.available = sale.totals().available;
  reply.availability = sale.availability();
  if (reply.refusal != sale::Refusal::limit_exceeded) return;
  for_each_claim(sale, command.buyer.view(),
                 [&](sale::ClaimOrdinal ordinal, const sale::Claim& claim) {
                   if (is_live(claim)) {
                     reply.claims.push_back(engine_.claim_ids_.encode({sale.ordinal(), ordinal}));
                   }
                   return true;
                 });
}

store::Reply Execution::operator()(const sale::CreateSale& command) {
  // The sale that has the slug already is shown as it now is, so what is due there comes first.
  if (const sale::SaleState* sale = engine_.catalog_.find(command.definition->slug)) {
    if (!settle(*sale)) return no_room();
  }
  const sale::CreateOutcome outcome =
      sale::decide(engine_.catalog_, command, now_, engine_.events_);
  if (!commit_decided()) return no_room();
  return store::CreateReply{outcome.verdict, view(engine_.catalog_[outcome.sale])};
}

store::Reply Execution::operator()(const sale::PublishRound& command) {
  const sale::SaleOrdinal round = sale::decide(engine_.catalog_, command, now_, engine_.events_);
  if (!commit_decided()) return no_room();
  return store::CreateReply{sale::CreateVerdict::created, view(engine_.catalog_[round])};
}

store::Reply Execution::operator()(const store::ReadSale& command) {
  return with_sale(command.sale,
                   [&](const sale::SaleState& sale) -> store::Reply { return view(sale); });
}

store::Reply Execution::operator()(const store::ListSales& command) {
  store::SalesPage page;
  std::uint32_t at = command.from;
  for (; at < engine_.catalog_.size() && page.sales.size() < command.limit; ++at) {
    const sale::SaleState& sale = engine_.catalog_[{at}];
    if (!settle(sale)) return no_room();
    page.sales.push_back(view(sale));
  }
  page.has_more = at < engine_.catalog_.size();
  return page;
}

store::Reply Execution::operator()(const store::ReadBuyerClaims& command) {
  return with_sale(command.sale, [&](const sale::SaleState& sale) -> store::Reply {
    store::ClaimsPage page;
    page.sale = view(sale);
    for_each_claim(sale, command.buyer.view(), [&](sale::ClaimOrdinal claim, const sale::Claim&) {
      page.claims.push_back(view(sale, claim));
      return true;
    });
    return page;
  });
}

store::Reply Execution::operator()(const store::ReadClaim& command) {
  return with_sale(command.sale, [&](const sale::SaleState& sale) -> store::Reply {
    const auto place = engine_.claim_ids_.decode(command.claim);
    if (!place || place->sale != sale.ordinal() || place->claim.value >= sale.claims().size()) {
      return store::NoSuchClaim{sale.sequence()};
    }
    store::ClaimsPage page;
    page.sale = view(sale);
    page.claims.push_back(view(sale, place->claim));
    return page;
  });
}

store::Reply Execution::operator()(const store::ListClaims& command) {
  return with_sale(command.sale, [&](const sale::SaleState& sale) -> store::Reply {
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
  view.claims = sale.claims().size();
  view.refused = engine_.refused(sale.ordinal());
  return view;
}

store::ClaimView Execution::view(const sale::SaleState& sale, sale::ClaimOrdinal ordinal) const {
  const sale::Claim& claim = sale.claims()[ordinal];
  store::ClaimView view;
  view.id = engine_.claim_ids_.encode({sale.ordinal(), ordinal});
  view.buyer.assign(sale.claims().buyer(claim));
  view.quantity = claim.quantity;
  view.units = sale.claims().units(claim);
  view.status = claim.status;
  view.end_reason = claim.end_reason;
  view.sequence = claim.sequence;
  view.claimed_at = claim.claimed_at;
  view.expires_at = claim.expires_at;
  view.reference = sale.claims().reference(claim);
  return view;
}

}  // namespace doorbuster::embedded
