#include "cli/bench/audit.h"

#include <algorithm>
#include <numeric>

namespace doorbuster::bench {
namespace {

constexpr std::uint32_t kMostUnits = 200'000'000;  // more than a sale can have

std::string text(std::string_view view) { return std::string(view); }

std::string sum_of(const SaleFigures& figures) {
  return std::to_string(figures.available) + " available + " + std::to_string(figures.held) +
         " held + " + std::to_string(figures.confirmed) + " confirmed + " +
         std::to_string(figures.burned) + " burned of a stock of " + std::to_string(figures.stock);
}

}  // namespace

Audit::Audit(Ledger& ledger, bool is_ours)
    : ledger_(ledger),
      is_ours_(is_ours),
      by_id_(ledger.claims().size()),
      was_found_(ledger.claims().size()),
      units_of_(ledger.buyers()) {
  std::iota(by_id_.begin(), by_id_.end(), 0U);
  const auto id_of = [&](ClaimNumber claim) { return ledger_.claim(claim).id.view(); };
  std::sort(by_id_.begin(), by_id_.end(),
            [&](ClaimNumber a, ClaimNumber b) { return id_of(a) < id_of(b); });
  for (std::size_t i = 1; i < by_id_.size(); ++i) {
    if (id_of(by_id_[i - 1]) != id_of(by_id_[i])) continue;
    const auto buyer_of = [&](std::size_t at) {
      return ledger_.names().name(ledger_.claim(by_id_[at]).buyer);
    };
    ledger_.breaches().add(
        BreachKind::acknowledged_to_two,
        text(id_of(by_id_[i])) + " to " + buyer_of(i - 1) + " and " + buyer_of(i));
  }
}

std::vector<ClaimNumber>::const_iterator Audit::find(std::string_view id) const {
  const auto at = std::lower_bound(by_id_.begin(), by_id_.end(), id,
                                   [&](ClaimNumber claim, std::string_view wanted) {
                                     return ledger_.claim(claim).id.view() < wanted;
                                   });
  const bool is_it = at != by_id_.end() && ledger_.claim(*at).id.view() == id;
  return is_it ? at : by_id_.end();
}

void Audit::listed(const ListedClaim& claim) {
  ++listed_;
  if (claim.id.empty() || claim.buyer.empty() || claim.units.empty()) {
    ledger_.breaches().add(BreachKind::listed_twice,
                           "\"" + text(claim.id) + "\" of buyer \"" + text(claim.buyer) + "\"");
    return;
  }
  compare(claim);
  if (claim.state == ClaimState::released) {
    some_ended_ = true;
    return;
  }
  take_units(claim);
  count_for_buyer(claim);
}

void Audit::compare(const ListedClaim& claim) {
  const auto at = find(claim.id);
  const auto buyer = ledger_.names().number(claim.buyer);
  const bool is_of_crowd = buyer && *buyer < ledger_.buyers();
  if (at == by_id_.end()) {
    if (is_of_crowd) check_told(claim, *buyer);
    return;
  }
  const Acknowledged& told = ledger_.claim(*at);
  if (was_found_[*at]) {
    ledger_.breaches().add(BreachKind::listed_twice, text(claim.id));
    return;
  }
  was_found_[*at] = true;
  ++found_;
  if (!is_of_crowd || *buyer != told.buyer) {
    ledger_.breaches().add(BreachKind::other_buyer, text(claim.id) + " is listed as " +
                                                        text(claim.buyer) + "'s, acknowledged to " +
                                                        ledger_.names().name(told.buyer));
  }
  if (claim.units.size() != 1 || claim.units.front() != told.unit) {
    ledger_.breaches().add(BreachKind::other_units, text(claim.id) + " is listed with unit " +
                                                        std::to_string(claim.units.front()) +
                                                        ", acknowledged with unit " +
                                                        std::to_string(told.unit));
  }
  // What was held may have ended since. A merchant may take back what was confirmed, but nobody but
  // this crowd knows its own sale.
  const bool is_back =
      claim.state != told.state && told.state != ClaimState::held &&
      !(told.state == ClaimState::confirmed && !is_ours_ && claim.state == ClaimState::released);
  if (is_back && !told.is_in_doubt) {
    const char* was = told.state == ClaimState::confirmed ? "confirmed" : "released";
    const char* is = claim.state == ClaimState::held        ? "held"
                     : claim.state == ClaimState::confirmed ? "confirmed"
                                                            : "released";
    ledger_.breaches().add(BreachKind::end_not_found, text(claim.id) + " was acknowledged as " +
                                                          was + " and is listed as " + is);
  }
}

// A claim that nobody was told of: its buyer must have lost an answer, or have had an earlier
// claim.
void Audit::check_told(const ListedClaim& claim, BuyerNumber buyer) {
  if (ledger_.answer_was_lost(buyer)) return;
  ledger_.breaches().add(BreachKind::claim_of_the_refused,
                         text(claim.buyer) + " has " + text(claim.id));
}

void Audit::take_units(const ListedClaim& claim) {
  for (const std::uint32_t unit : claim.units) {
    ++live_units_;
    if (unit == 0 || unit > kMostUnits) continue;  // no number
    if (unit >= taken_.size()) taken_.resize(std::max<std::size_t>(unit + 1, 2 * taken_.size()));
    if (taken_[unit]) {
      ledger_.breaches().add(BreachKind::unit_twice, "unit " + std::to_string(unit) + ", also in " +
                                                         text(claim.id) + " of " +
                                                         text(claim.buyer));
    }
    taken_[unit] = true;
  }
}

void Audit::count_for_buyer(const ListedClaim& claim) {
  const auto buyer = ledger_.names().number(claim.buyer);
  if (buyer && *buyer < units_of_.size()) {
    units_of_[*buyer] += static_cast<std::uint32_t>(claim.units.size());
  } else {
    units_of_strangers_[text(claim.buyer)] += claim.units.size();
  }
}

void Audit::check_limit(std::uint64_t limit) {
  const auto check = [&](std::uint64_t units, const std::string& buyer) {
    ledger_.breaches().add(BreachKind::over_limit, buyer + " has " + std::to_string(units) +
                                                       " of " + std::to_string(limit));
  };
  for (BuyerNumber buyer = 0; buyer < units_of_.size(); ++buyer) {
    if (units_of_[buyer] > limit) check(units_of_[buyer], ledger_.names().name(buyer));
  }
  for (const auto& [buyer, units] : units_of_strangers_) {
    if (units > limit) check(units, buyer);
  }
}

void Audit::check_figures(const SaleFigures& figures) {
  const std::uint64_t sum = figures.available + figures.claimed() + figures.burned;
  if (sum != figures.stock) ledger_.breaches().add(BreachKind::not_conserved, sum_of(figures));
}

void Audit::finish(const SaleFigures& before, const SaleFigures& after) {
  check_figures(before);
  check_figures(after);
  check_limit(after.per_buyer_limit);
  stood_still_ = before.sequence == after.sequence;
  const bool is_listed_apart = stood_still_ && live_units_ != after.claimed();
  if (is_listed_apart || live_units_ > after.stock) {
    ledger_.breaches().add(
        BreachKind::oversold,
        std::to_string(live_units_) + " units are claimed in the list; " + sum_of(after));
  }
  // Where nothing ever came back, a unit that is free now was free all the time.
  if (ledger_.times_told_sold_out() > 0 && after.available > 0 && is_ours_ && !some_ended_) {
    ledger_.breaches().add(BreachKind::undersold,
                           std::to_string(after.available) + " are left, and it was said " +
                               std::to_string(ledger_.times_told_sold_out()) + " times");
  }
  for (ClaimNumber claim = 0; claim < was_found_.size(); ++claim) {
    if (was_found_[claim]) continue;
    const Acknowledged& told = ledger_.claim(claim);
    ledger_.breaches().add(BreachKind::not_found, text(told.id.view()) + " of " +
                                                      ledger_.names().name(told.buyer) + ", unit " +
                                                      std::to_string(told.unit));
  }
}

}  // namespace doorbuster::bench
