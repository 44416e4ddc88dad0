#include "base/check.h"
#include "sale/decide.h"

namespace doorbuster::sale {
namespace {

void create(const Catalog& catalog, SharedDefinition definition, Time now,
            std::vector<Event>& events) {
  const SaleOrdinal ordinal{catalog.size()};
  const bool opens_now = !definition->opens_at || *definition->opens_at <= now;
  events.push_back({ordinal, Sequence{1}, now, SaleCreated{std::move(definition)}});
  if (opens_now) events.push_back({ordinal, Sequence{2}, now, SaleOpened{}});
}

template <typename Member>
void assign(Member& member, const std::optional<Member>& change) {
  if (change) member = *change;
}

SaleDefinition changed(const SaleDefinition& before, const SaleChanges& changes) {
  SaleDefinition after = before;
  assign(after.title, changes.title);
  assign(after.stock, changes.stock);
  assign(after.per_buyer_limit, changes.per_buyer_limit);
  assign(after.hold_seconds, changes.hold_seconds);
  assign(after.opens_at, changes.opens_at);
  assign(after.closes_at, changes.closes_at);
  assign(after.late_payment, changes.late_payment);
  assign(after.claim_attempts, changes.claim_attempts);
  assign(after.max_extension_seconds, changes.max_extension_seconds);
  assign(after.archive_after_seconds, changes.archive_after_seconds);
  assign(after.metadata, changes.metadata);
  return after;
}

// Whether the two differ in nothing but what may change at any time.
bool differ_in_words_alone(SaleDefinition before, const SaleDefinition& after) {
  before.title = after.title;
  before.metadata = after.metadata;
  before.archive_after_seconds = after.archive_after_seconds;
  return before == after;
}

// The first rule that `after` breaks; done when it breaks none.
SaleChange judge(const SaleState& sale, const SaleDefinition& after, Time now) {
  const SaleDefinition& before = sale.definition();
  const Totals& totals = sale.totals();
  if (sale.status() == SaleStatus::closed && !differ_in_words_alone(before, after)) {
    return SaleChange::closed;
  }
  const bool other_opening = after.opens_at != before.opens_at;
  const bool other_closing = after.closes_at != before.closes_at;
  if (other_opening && sale.opened()) return SaleChange::already_open;
  if (other_closing && after.closes_at && *after.closes_at <= now) {
    return SaleChange::closes_in_the_past;
  }
  if ((other_opening || other_closing) && after.opens_at && after.closes_at &&
      *after.closes_at <= *after.opens_at) {
    return SaleChange::closes_before_opening;
  }
  if (after.stock < totals.held + totals.confirmed + totals.burned) {
    return SaleChange::stock_below_claimed;
  }
  const std::uint64_t grown = after.stock > before.stock ? after.stock - before.stock : 0;
  const std::uint64_t fresh = totals.available - sale.free_units().returned() + grown;
  if (grown > 0 && sale.free_units().next() + fresh > kMaxUnit) {
    return SaleChange::stock_out_of_range;
  }
  return SaleChange::done;
}

}  // namespace

CreateOutcome decide(const Catalog& catalog, const CreateSale& command, Time now,
                     std::vector<Event>& events) {
  CHECK(command.definition != nullptr);
  if (const SaleState* sale = catalog.find_ever(command.definition->slug)) {
    const bool same = !sale->deleted() && sale->definition() == *command.definition;
    return {same ? CreateVerdict::existing : CreateVerdict::already_exists, sale->ordinal()};
  }
  if (command.definition->closes_at.value_or(kNever) <= now) {
    return {CreateVerdict::closes_in_the_past, {}};
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

SaleChange decide(const SaleState& sale, const ChangeSale& command, Time now,
                  std::vector<Event>& events) {
  CHECK(command.changes != nullptr);
  if (command.if_version && *command.if_version != sale.version()) {
    return SaleChange::version_mismatch;
  }
  SaleDefinition after = changed(sale.definition(), *command.changes);
  if (after == sale.definition()) return SaleChange::unchanged;
  const SaleChange verdict = judge(sale, after, now);
  if (verdict == SaleChange::done) {
    events.push_back(
        event_of(sale, now, SaleUpdated{std::make_shared<const SaleDefinition>(std::move(after))}));
  }
  return verdict;
}

SaleChange decide(const SaleState& sale, const SteerSale& command, Time now,
                  std::vector<Event>& events) {
  const auto happens = [&](EventBody body) {
    events.push_back(event_of(sale, now, std::move(body)));
    return SaleChange::done;
  };
  const bool closed = sale.status() == SaleStatus::closed;
  const bool paused = sale.status() == SaleStatus::paused;
  switch (command.action) {
    case SaleAction::pause:
      if (closed) return SaleChange::closed;
      return paused ? SaleChange::unchanged : happens(SalePaused{});
    case SaleAction::resume:
      if (closed) return SaleChange::closed;
      return paused ? happens(SaleResumed{}) : SaleChange::unchanged;
    case SaleAction::close:
      return closed ? SaleChange::unchanged : happens(SaleClosed{});
    case SaleAction::cancel:
      return sale.cancelled() ? SaleChange::unchanged : happens(SaleCancelled{});
  }
  return SaleChange::unchanged;
}

SaleChange decide(const SaleState& sale, const DeleteSale&, Time now, std::vector<Event>& events) {
  if (sale.opened() && now < archives_at(sale)) return SaleChange::already_open;
  events.push_back(event_of(sale, now, SaleDeleted{}));
  return SaleChange::done;
}

}  // namespace doorbuster::sale
