// A catalog that tests talk to in verbs: `open_sale(stock(10))`, `claim("ann", 2)`, `at(5s)`.
#pragma once

#include <gtest/gtest.h>

#include "sale/apply.h"
#include "sale/decide.h"
#include "sale/event_codec.h"
#include "sale/invariants.h"

namespace doorbuster::sale {

inline SaleDefinition stock(std::uint32_t units, Quantity limit = 1) {
  SaleDefinition definition;
  definition.slug = "sale";
  definition.stock = units;
  definition.per_buyer_limit = limit;
  return definition;
}

inline ClaimOutcome refused(Refusal refusal) { return ClaimOutcome::refused(refusal); }

class World {
  // Before its uses: its result is deduced.
  template <typename Decide>
  auto step(Decide decide_it) {
    std::vector<Event> events;
    const auto outcome = decide_it(events);
    for (const Event& event : events) take(event);
    return outcome;
  }
  void take(const Event& event) {
    history_.emplace_back(event.sale, "");
    encode(event, history_.back().second);
    EXPECT_TRUE(can_apply(catalog_, event).ok());
    apply(catalog_, event);
  }

 public:
  CreateOutcome create(const SaleDefinition& definition) {
    return step([&](auto& events) {
      return decide(catalog_, CreateSale{std::make_shared<SaleDefinition>(definition)}, now_,
                    events);
    });
  }
  void open_sale(const SaleDefinition& definition) {
    ASSERT_EQ(create(definition).verdict, CreateVerdict::created);
  }
  SaleOrdinal publish_round(std::uint32_t units) {
    return step([&](auto& events) { return decide(catalog_, PublishRound{units}, now_, events); });
  }
  void grant_grace(Time until) { catalog_.grant_grace(until); }
  // Lets everything happen that is due.
  void settle(std::string_view slug = "sale") {
    const SaleState* sale = catalog_.find(slug);
    while (auto due = next_due(*sale, now_)) take(*due);
  }
  ClaimOutcome claim(std::string_view buyer, Quantity quantity = 1, std::string_view key = "",
                     std::string_view slug = "sale") {
    const SaleState* sale = catalog_.find(slug);
    CHECK(sale != nullptr);
    settle(slug);
    const ClaimUnits command{Slug(slug), BuyerId(buyer), quantity, Key(key)};
    return step([&](auto& events) { return decide(*sale, command, now_, events); });
  }
  ClaimChange confirm(ClaimOutcome claimed, std::string_view reference) {
    settle();
    return step([&](auto& events) {
      return sale::confirm(sale(), claimed.claim, reference, now_, events);
    });
  }
  ClaimChange release(ClaimOutcome claimed, EndReason by) {
    settle();
    return step(
        [&](auto& events) { return sale::release(sale(), claimed.claim, by, now_, events); });
  }
  ClaimChange extend(ClaimOutcome claimed, std::uint32_t seconds = 0) {
    settle();
    return step(
        [&](auto& events) { return sale::extend(sale(), claimed.claim, seconds, now_, events); });
  }
  SaleChange change(const SaleChanges& changes, std::optional<std::uint32_t> if_version = {}) {
    settle();
    const ChangeSale command{Slug("sale"), if_version, std::make_shared<SaleChanges>(changes)};
    return step([&](auto& events) { return decide(sale(), command, now_, events); });
  }
  SaleChange steer(SaleAction action) {
    settle();
    return step([&](auto& events) {
      return decide(sale(), SteerSale{Slug("sale"), action}, now_, events);
    });
  }
  SaleChange remove() {
    settle();
    return step(
        [&](auto& events) { return decide(sale(), DeleteSale{Slug("sale")}, now_, events); });
  }
  void at(std::chrono::milliseconds since_begin) { now_ = kBegin + since_begin; }

  const SaleState& sale(std::string_view slug = "sale") const { return *catalog_.find_ever(slug); }
  const Claim& claim_of(ClaimOutcome claimed) const { return sale().claims()[claimed.claim]; }
  ClaimStatus status_of(ClaimOutcome claimed) const { return sale().status_of(claim_of(claimed)); }
  EndReason end_of(ClaimOutcome claimed) const { return sale().end_reason_of(claim_of(claimed)); }
  UnitRuns units(ClaimOutcome outcome, std::string_view slug = "sale") const {
    return sale(slug).claims().units(sale(slug).claims()[outcome.claim]);
  }
  const Catalog& catalog() const { return catalog_; }
  const std::vector<std::pair<SaleOrdinal, std::string>>& history() const { return history_; }

  static constexpr HashKey kKey{1, 2};
  static constexpr Time kBegin{std::chrono::milliseconds(1'700'000'000'000)};

 private:
  Catalog catalog_{kKey};
  Time now_ = kBegin;
  std::vector<std::pair<SaleOrdinal, std::string>> history_;
};

}  // namespace doorbuster::sale
