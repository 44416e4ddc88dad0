#include "sale/decide.h"

#include "base/check.h"

namespace doorbuster::sale {
namespace {

struct BuyerStanding {
  std::uint64_t live_quantity = 0;
  std::optional<ClaimOrdinal> newest_live;
  std::optional<ClaimOrdinal> with_key;
};

BuyerStanding standing_of(const SaleState& sale, const ClaimUnits& command) {
  BuyerStanding standing;
  for_each_claim(sale, command.buyer.view(), [&](ClaimOrdinal ordinal, const Claim& claim) {
    if (is_live(claim)) {
      standing.live_quantity += claim.quantity;
      if (!standing.newest_live) standing.newest_live = ordinal;
    }
    if (!command.key.empty() && sale.claims().key(claim) == command.key.view()) {
      standing.with_key = ordinal;
      return false;
    }
    return true;
  });
  return standing;
}

// The answer to a buyer who has been answered before (R9); nothing when he has to be decided anew.
std::optional<ClaimOutcome> known_claim(const SaleState& sale, const ClaimUnits& command,
                                        const BuyerStanding& standing) {
  if (standing.with_key) {
    if (sale.claims()[*standing.with_key].quantity != command.quantity) {
      return ClaimOutcome::refused(Refusal::key_reused);
    }
    return ClaimOutcome::existing(*standing.with_key);
  }
  if (!standing.newest_live) return std::nullopt;
  const std::uint64_t limit = sale.definition().per_buyer_limit;
  const bool no_room = standing.live_quantity + command.quantity > limit;
  if (command.key.empty() || (limit == 1 && no_room)) {
    return ClaimOutcome::existing(*standing.newest_live);
  }
  return std::nullopt;
}

std::optional<Refusal> refusal_by_status(SaleStatus status) {
  switch (status) {
    case SaleStatus::scheduled:
      return Refusal::not_open;
    case SaleStatus::open:
      return std::nullopt;
    case SaleStatus::paused:
      return Refusal::paused;
    case SaleStatus::closed:
      return Refusal::closed;
  }
  return Refusal::closed;
}

Event event_of(const SaleState& sale, Time now, EventBody body) {
  return {sale.ordinal(), sale.sequence().next(), now, std::move(body)};
}

void create(const Catalog& catalog, SharedDefinition definition, Time now,
            std::vector<Event>& events) {
  const SaleOrdinal ordinal{catalog.size()};
  const bool opens_now = !definition->opens_at || *definition->opens_at <= now;
  events.push_back({ordinal, Sequence{1}, now, SaleCreated{std::move(definition)}});
  if (opens_now) events.push_back({ordinal, Sequence{2}, now, SaleOpened{}});
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_open:
      return "not-open";
    case Refusal::paused:
      return "paused";
    case Refusal::closed:
      return "closed";
    case Refusal::limit_exceeded:
      return "limit-exceeded";
    case Refusal::key_reused:
      return "idempotency-key-reused";
    case Refusal::sold_out:
      return "sold-out";
    case Refusal::insufficient_stock:
      return "insufficient-stock";
  }
  return {};
}

std::optional<Event> next_due(const SaleState& sale, Time now) {
  const SaleDefinition& definition = sale.definition();
  if (sale.status() == SaleStatus::closed) return std::nullopt;
  if (sale.status() == SaleStatus::scheduled && definition.opens_at.value_or(Time{}) <= now) {
    return event_of(sale, now, SaleOpened{});
  }
  if (definition.closes_at && *definition.closes_at <= now) {
    return event_of(sale, now, SaleClosed{});
  }
  return std::nullopt;
}

Time next_due_at(const SaleState& sale) {
  const SaleDefinition& definition = sale.definition();
  if (sale.status() == SaleStatus::closed) return kNever;
  if (sale.status() == SaleStatus::scheduled) return definition.opens_at.value_or(Time{});
  return definition.closes_at.value_or(kNever);
}

CreateOutcome decide(const Catalog& catalog, const CreateSale& command, Time now,
                     std::vector<Event>& events) {
  CHECK(command.definition != nullptr);
  if (const SaleState* sale = catalog.find(command.definition->slug)) {
    const bool same = sale->definition() == *command.definition;
    return {same ? CreateVerdict::existing : CreateVerdict::already_exists, sale->ordinal()};
  }
  create(catalog, command.definition, now, events);
  return {CreateVerdict::created, SaleOrdinal{catalog.size()}};
}

SaleOrdinal decide(const Catalog& catalog, const PublishRound& command, Time now,
                   std::vector<Event>& events) {
  const SaleState* before = catalog.find(kRoundsSlug);
  if (before != nullptr && before->status() != SaleStatus::closed) {
    events.push_back(event_of(*before, now, SaleClosed{}));
  }
  auto definition = std::make_shared<SaleDefinition>();
  definition->slug = round_slug(catalog.newest_round() + 1);
  definition->title.emplace_back("", "Goods");
  definition->stock = command.stock;
  create(catalog, std::move(definition), now, events);
  return SaleOrdinal{catalog.size()};
}

// In the order of "Order of checks for a claim": known claim; state; limit; stock.
ClaimOutcome decide(const SaleState& sale, const ClaimUnits& command, Time now,
                    std::vector<Event>& events) {
  CHECK(command.quantity >= 1 && command.quantity <= kMaxQuantity);
  CHECK(!command.buyer.empty());
  DCHECK(!next_due(sale, now));
  const BuyerStanding standing = standing_of(sale, command);
  if (const auto known = known_claim(sale, command, standing)) return *known;
  if (const auto refusal = refusal_by_status(sale.status())) {
    return ClaimOutcome::refused(*refusal);
  }
  if (standing.live_quantity + command.quantity > sale.definition().per_buyer_limit) {
    return ClaimOutcome::refused(Refusal::limit_exceeded);
  }
  const std::uint64_t available = sale.totals().available;
  if (available == 0) return ClaimOutcome::refused(Refusal::sold_out);
  if (available < command.quantity) return ClaimOutcome::refused(Refusal::insufficient_stock);

  const ClaimOrdinal claim{sale.claims().size()};
  events.push_back(event_of(
      sale, now,
      ClaimGranted{claim, command.buyer.view(), UnitRuns{{sale.next_unit(), command.quantity}, {}},
                   std::nullopt, command.key.view()}));
  return ClaimOutcome::granted(claim);
}

}  // namespace doorbuster::sale
