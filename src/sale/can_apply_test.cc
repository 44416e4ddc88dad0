// What recovery asks before it applies an event: each way in which one cannot follow, by its words.
#include <gtest/gtest.h>

#include "sale/sale_image.h"
#include "sale/sale_test_world.h"

namespace doorbuster::sale {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = World::kBegin + 5s;

// A sale of ten units, in which ann holds two, bob has confirmed one, and cid's two have expired.
class CanApply : public testing::Test, public World {
 protected:
  CanApply() {
    SaleDefinition definition = stock(10, 4);
    definition.hold_seconds = 2;
    open_sale(definition);
    cid_ = claim("cid", 2);
    at(5s);
    settle();
    ann_ = claim("ann", 2);
    bob_ = claim("bob", 1);
    confirm(bob_, "order-bob");
  }

  // What is wrong with this body as the sale's next event; empty: nothing is.
  std::string next(const EventBody& body, Time at = kNow) const {
    return words(event_of(sale(), at, body));
  }
  std::string words(const Event& event) const {
    const Status status = can_apply(catalog(), event);
    return status.ok() ? "" : status.error().message;
  }
  OfClaim of(ClaimOutcome claimed) const { return of_claim(sale(), claimed.claim); }
  SharedDefinition changed(const std::function<void(SaleDefinition&)>& change) const {
    auto definition = std::make_shared<SaleDefinition>(sale().definition());
    change(*definition);
    return definition;
  }
  ClaimGranted granted(UnitRuns units) const {
    return {{sale().claims().size()}, "dan", std::move(units), std::nullopt, ""};
  }
  UnitRuns units_next(std::uint32_t count) const { return sale().free_units().first(count); }

  ClaimOutcome ann_;
  ClaimOutcome bob_;
  ClaimOutcome cid_;
};

TEST_F(CanApply, ASaleBeginsWithItsCreationAndOnce) {
  const auto first = [&](std::uint32_t sale, std::uint64_t sequence, const EventBody& body) {
    return words({{sale}, {sequence}, kNow, body});
  };
  const auto another = changed([](auto& it) { it.slug = "another"; });
  EXPECT_EQ(first(1, 1, SaleCreated{another}), "");
  EXPECT_EQ(first(2, 1, SaleCreated{another}), "an event of a sale that was not created");
  EXPECT_EQ(first(1, 1, SaleOpened{}), "a sale's first event is not its creation");
  EXPECT_EQ(first(1, 2, SaleCreated{another}), "a sale's first sequence is not 1");
  EXPECT_EQ(first(1, 1, SaleCreated{changed([](auto&) {})}), "a slug is used twice");
  const auto too_large = changed([](auto& it) { it.slug = "large", it.stock = kMaxStock + 1; });
  EXPECT_EQ(first(1, 1, SaleCreated{too_large}), "the stock is out of range");
  EXPECT_EQ(next(SaleCreated{another}), "the sale is created twice");
}

TEST_F(CanApply, EventsOfASaleFollowEachOther) {
  Event event = event_of(sale(), kNow, SalePaused{});
  EXPECT_EQ(words(event), "");
  event.at = kNow - 1ms;
  EXPECT_EQ(words(event), "time runs back");
  const std::uint64_t last = sale().sequence().value;
  for (const std::uint64_t wrong : {last, last + 2}) {
    event.sequence = {wrong};
    EXPECT_EQ(words(event),
              "sequence " + std::to_string(wrong) + " follows " + std::to_string(last));
  }
}

TEST_F(CanApply, AChangeKeepsTheSlugAndWhatIsClaimed) {
  const auto update = [&](const std::function<void(SaleDefinition&)>& change) {
    return next(SaleUpdated{changed(change)});
  };
  EXPECT_EQ(update([](auto& it) { it.stock = 3; }), "");
  EXPECT_EQ(update([](auto& it) { it.stock = 2; }), "the stock is below what is claimed");
  EXPECT_EQ(update([](auto& it) { it.stock = kMaxStock + 1; }), "the stock is out of range");
  EXPECT_EQ(update([](auto& it) { it.slug = "other"; }), "the slug has changed");
  steer(SaleAction::close);
  EXPECT_EQ(update([](auto& it) { it.per_buyer_limit = 9; }), "");
  EXPECT_EQ(update([](auto& it) { it.stock = 11; }),
            "doorbuster.sale.updated cannot follow status closed");
}

TEST_F(CanApply, ASaleGoesFromStatusToStatus) {
  const auto follows = [&](const EventBody& body) { return next(body).empty(); };
  EXPECT_FALSE(follows(SaleOpened{}));
  EXPECT_FALSE(follows(SaleResumed{}));
  EXPECT_FALSE(follows(SaleDeleted{})) << "it has been open";
  steer(SaleAction::pause);
  EXPECT_FALSE(follows(SalePaused{}));
  EXPECT_TRUE(follows(SaleResumed{}));
  EXPECT_FALSE(follows(granted(units_next(1)))) << "it is paused";
  steer(SaleAction::close);
  EXPECT_FALSE(follows(SaleClosed{}));
  EXPECT_FALSE(follows(SaleDeleted{})) << "something is held";
  EXPECT_TRUE(follows(SaleCancelled{}));
  steer(SaleAction::cancel);
  EXPECT_FALSE(follows(SaleCancelled{}));
  EXPECT_TRUE(follows(SaleDeleted{}));
}

TEST_F(CanApply, NothingHappensToADeletedSale) {
  SaleChanges changes;
  changes.archive_after_seconds = 1;
  change(changes);
  steer(SaleAction::cancel);
  at(6s);
  ASSERT_EQ(remove(), SaleChange::done);
  EXPECT_EQ(next(SaleOpened{}, kNow + 1s), "an event follows the deletion of its sale");
}

TEST_F(CanApply, AClaimHasTheNextNumberAndTheNextUnits) {
  EXPECT_EQ(next(granted(units_next(3))), "");
  ClaimGranted wrong = granted(units_next(3));
  ++wrong.claim.value;
  EXPECT_EQ(next(wrong), "the claim's number is not next");
  wrong = granted(units_next(3));
  wrong.expires_at = kNow - 1ms;
  EXPECT_EQ(next(wrong), "the hold is over before it begins");
  wrong.expires_at = kNow;
  EXPECT_EQ(next(wrong), "");
  EXPECT_EQ(next(granted({{4, 0}, {}})), "the quantity is out of range");
  EXPECT_EQ(next(granted({{4, kMaxQuantity + 1}, {}})), "the quantity is out of range");
  EXPECT_EQ(next(granted({{4, 8}, {}})), "more units are granted than are free");
  EXPECT_EQ(next(granted({{7, 2}, {}})), "the units are not the next ones");
}

TEST_F(CanApply, NobodyGetsMoreThanTheLimit) {
  const auto to = [&](std::string_view buyer, std::uint32_t count) {
    ClaimGranted event = granted(units_next(count));
    event.buyer = buyer;
    return next(event);
  };
  const std::string refused = "a buyer has more than the limit";  // which is four
  EXPECT_EQ(to("dan", 4), "");
  EXPECT_EQ(to("dan", 5), refused);
  EXPECT_EQ(to("ann", 2), "");  // who holds two
  EXPECT_EQ(to("ann", 3), refused);
  EXPECT_EQ(to("bob", 3), "");  // who has confirmed one
  EXPECT_EQ(to("bob", 4), refused);
  EXPECT_EQ(to("cid", 4), "");  // whose two have expired
  SaleChanges changes;
  changes.per_buyer_limit = 1;
  ASSERT_EQ(change(changes), SaleChange::done);
  EXPECT_EQ(to("ann", 1), refused);
  EXPECT_EQ(to("dan", 1), "");
  EXPECT_EQ(next(ClaimReacquired{of(cid_), units_next(2), "late"}), refused);
}

TEST_F(CanApply, WhatHappensToAClaimFitsWhatBecameOfIt) {
  const auto follows = [&](const EventBody& body) { return next(body).empty(); };
  OfClaim unknown = of(ann_);
  unknown.claim = {sale().claims().size()};
  EXPECT_EQ(next(ClaimConfirmed{unknown, "order"}), "there is no claim of this number");

  EXPECT_TRUE(follows(ClaimConfirmed{of(ann_), "order"}));
  EXPECT_EQ(next(ClaimConfirmed{of(bob_), "order"}),
            "doorbuster.claim.confirmed cannot follow a claim that is confirmed");
  EXPECT_FALSE(follows(ClaimConfirmed{of(cid_), "order"}));

  for (const auto reason : {EndReason::buyer, EndReason::expired}) {
    EXPECT_TRUE(follows(ClaimReleased{of(ann_), reason}));
    EXPECT_FALSE(follows(ClaimReleased{of(bob_), reason}));
  }
  EXPECT_TRUE(follows(ClaimReleased{of(bob_), EndReason::merchant}));
  EXPECT_FALSE(follows(ClaimReleased{of(cid_), EndReason::merchant}));
  EXPECT_FALSE(follows(ClaimReleased{of(ann_), EndReason::none}));
  EXPECT_FALSE(follows(ClaimReleased{of(ann_), EndReason::cancelled}));
}

TEST_F(CanApply, AHoldIsExtendedOnceAndToALaterTime) {
  SaleChanges changes;
  changes.max_extension_seconds = 10;
  ASSERT_EQ(change(changes), SaleChange::done);
  const Time end = claim_of(ann_).expires_at;
  EXPECT_EQ(next(ClaimExtended{of(ann_), end + 1ms}), "");
  EXPECT_NE(next(ClaimExtended{of(ann_), end}), "");
  EXPECT_NE(next(ClaimExtended{of(bob_), end + 1s}), "");
  ASSERT_EQ(extend(ann_), ClaimChange::done);
  EXPECT_NE(next(ClaimExtended{of(ann_), end + 20s}), "");
}

TEST_F(CanApply, OnlyAnExpiredClaimIsReacquiredOrOwedARefund) {
  const auto back = [&](ClaimOutcome claimed, UnitRuns units) {
    return next(ClaimReacquired{of(claimed), std::move(units), "late"});
  };
  EXPECT_EQ(back(cid_, units_next(2)), "");
  EXPECT_EQ(back(cid_, units_next(3)), "a claim comes back with another quantity");
  EXPECT_EQ(back(cid_, {{8, 2}, {}}), "the units are not the next ones");
  EXPECT_NE(back(ann_, units_next(2)), "") << "it is held";
  EXPECT_NE(next(RefundRequired{of(bob_), "late"}), "") << "it is confirmed";
  release(ann_, EndReason::buyer);
  EXPECT_NE(next(RefundRequired{of(ann_), "late"}), "") << "its buyer gave it back";

  ASSERT_EQ(confirm(cid_, "late"), ClaimChange::expired);
  EXPECT_NE(next(RefundRequired{of(cid_), "late"}), "") << "that one is owed already";
  EXPECT_NE(back(cid_, units_next(2)), "");
  EXPECT_EQ(next(RefundRequired{of(cid_), "another"}), "");
  steer(SaleAction::close);
  EXPECT_EQ(next(ClaimReacquired{of(cid_), units_next(2), "another"}),
            "doorbuster.claim.reacquired cannot follow status closed");
}

TEST_F(CanApply, AnArchivedSaleCanOnlyBeDeleted) {
  steer(SaleAction::cancel);
  Catalog left(kKey);
  const std::string head = head_of(sale());
  auto archived = read_archived(kKey, std::as_bytes(std::span(head)));
  ASSERT_TRUE(archived.ok());
  ASSERT_TRUE(put_sale(left, std::move(*archived)).ok());
  EXPECT_TRUE(can_apply(left, event_of(left[{0}], kNow, SaleDeleted{})).ok());
  const Status refund =
      can_apply(left, event_of(left[{0}], kNow, RefundRequired{of(cid_), "late"}));
  ASSERT_FALSE(refund.ok());
  EXPECT_EQ(refund.error().message, "the sale's claims are not at hand");
}

TEST_F(CanApply, TypesOfALaterVersionAreUnsupported) {
  for (const EventBody& body : {EventBody(CodesAdded{}), EventBody(WaitlistJoined{"dan"})}) {
    const Status status = can_apply(catalog(), event_of(sale(), kNow, body));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::unsupported);
  }
}

TEST_F(CanApply, WhatIsExpectedOfAnEventThatDoesNotFitIsNothing) {
  const auto before = digest(catalog());
  expect(catalog(), event_of(sale(), kNow, granted(units_next(1))));
  expect(catalog(), event_of(sale(), kNow, SalePaused{}));
  expect(catalog(), {{7}, {1}, kNow, granted(units_next(1))});
  EXPECT_EQ(digest(catalog()), before);
}

}  // namespace
}  // namespace doorbuster::sale
