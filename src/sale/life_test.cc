// The life of holds and sales, each test named by the sentence it holds the core to.
#include <gtest/gtest.h>

#include "sale/sale_test_world.h"

namespace doorbuster::sale {
namespace {

using namespace std::chrono_literals;

SaleDefinition holding(std::uint32_t units, std::uint32_t hold_seconds = 10, Quantity limit = 1) {
  SaleDefinition definition = stock(units, limit);
  definition.hold_seconds = hold_seconds;
  return definition;
}

class LifeTest : public testing::Test, public World {
 protected:
  void TearDown() override {
    for (std::uint32_t i = 0; i < catalog().size(); ++i) {
      const Status status = check_claims(catalog()[{i}]);
      EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    }
    Catalog replayed(kKey);
    for (const auto& [sale, bytes] : history()) {
      const auto event = decode(sale, std::as_bytes(std::span(bytes)));
      ASSERT_TRUE(event.ok());
      apply(replayed, *event);
    }
    EXPECT_EQ(digest(replayed), digest(catalog())) << "R10";
  }

  SaleChanges changes_;
};
using Holding = LifeTest;
using Confirming = LifeTest;
using Releasing = LifeTest;
using Extending = LifeTest;
using LateMoney = LifeTest;
using Steering = LifeTest;
using Changing = LifeTest;

TEST_F(Holding, AHoldIsOverAtItsTimeAndNotBefore) {
  open_sale(holding(1));
  const auto ann = claim("ann");
  EXPECT_EQ(status_of(ann), ClaimStatus::held);
  EXPECT_EQ(sale().availability(), Availability::all_held);
  EXPECT_EQ(sale().first_hold_end()->at, kBegin + 10s);
  at(9999ms);
  EXPECT_EQ(claim("bob"), refused(Refusal::sold_out));
  at(10s);
  const auto bob = claim("bob");
  EXPECT_EQ(bob.verdict, ClaimVerdict::granted);
  EXPECT_EQ(units(bob).first, (UnitRun{1, 1}));
  EXPECT_EQ(end_of(ann), EndReason::expired);
}

TEST_F(Holding, UnitsThatComeBackAreHandedOutFirstInTheOrderOfTheirReturn) {
  open_sale(holding(10, 10, 3));
  const auto ann = claim("ann", 2);
  const auto bob = claim("bob", 3);
  release(bob, EndReason::buyer);
  release(ann, EndReason::buyer);
  const UnitRuns cid = units(claim("cid", 3));
  EXPECT_EQ(cid.first, (UnitRun{3, 3}));
  const UnitRuns dan = units(claim("dan", 3));
  EXPECT_EQ(dan.first, (UnitRun{1, 2}));
  EXPECT_EQ(dan.more, (std::vector<UnitRun>{{6, 1}}));
}

TEST_F(Holding, HoldsEndInTheOrderOfTheirTimesAndBeforeAClosingAtTheSameTime) {
  auto definition = holding(3, 10);
  definition.closes_at = kBegin + 20s;
  open_sale(definition);
  at(5s);
  const auto late = claim("late");
  changes_.hold_seconds = 2;
  change(changes_);
  const auto early = claim("early");
  at(10s);
  changes_.hold_seconds = 10;
  change(changes_);
  const auto last = claim("last");
  at(20s);
  settle();
  EXPECT_EQ(end_of(early), EndReason::expired);
  EXPECT_EQ(end_of(late), EndReason::expired);
  EXPECT_EQ(end_of(last), EndReason::expired);
  EXPECT_EQ(sale().status(), SaleStatus::closed);
  std::vector<std::string_view> types;
  for (const auto& [ordinal, bytes] : history()) {
    types.push_back(type_name(*decode(ordinal, std::as_bytes(std::span(bytes)))));
  }
  EXPECT_EQ(types.back(), "doorbuster.sale.closed");
}

TEST_F(Holding, ABuyerWhoseClaimsEndedMayClaimAgainAsOftenAsTheSaleAllows) {
  auto definition = holding(5);
  definition.claim_attempts = 2;
  open_sale(definition);
  release(claim("ann"), EndReason::buyer);
  const auto second = claim("ann");
  EXPECT_EQ(second.verdict, ClaimVerdict::granted);
  at(10s);
  EXPECT_EQ(claim("ann"), refused(Refusal::attempts_exhausted));
  EXPECT_EQ(claim("bob").verdict, ClaimVerdict::granted);
}

TEST_F(Holding, TheLateDuplicateOfAReleasedClaimDoesNotBuyAgain) {
  open_sale(holding(5));
  const auto first = claim("ann", 1, "k1");
  release(first, EndReason::buyer);
  EXPECT_EQ(claim("ann", 1, "k1"), ClaimOutcome::existing(first.claim));
  EXPECT_EQ(sale().totals().available, 5U);
  EXPECT_EQ(claim("ann", 1, "k2").verdict, ClaimVerdict::granted);
}

TEST_F(Holding, GraceKeepsTheHoldsThatExistAndNoLaterOnes) {
  open_sale(holding(5));
  const auto old = claim("old");
  grant_grace(kBegin + 30s);
  at(11s);
  const auto young = claim("young");
  EXPECT_EQ(status_of(old), ClaimStatus::held);
  at(21s);
  settle();
  EXPECT_EQ(end_of(young), EndReason::expired);
  EXPECT_EQ(confirm(old, "order"), ClaimChange::done);
}

TEST_F(Confirming, IsDoneBeforeTheEndAndTheSameReferenceIsTheSameAnswer) {
  open_sale(holding(1));
  const auto ann = claim("ann");
  at(9999ms);
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::done);
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::unchanged);
  EXPECT_EQ(confirm(ann, "order-2"), ClaimChange::reference_mismatch);
  at(60s);
  settle();
  EXPECT_EQ(status_of(ann), ClaimStatus::confirmed);
  EXPECT_EQ(sale().availability(), Availability::gone);
}

TEST_F(Confirming, ComesTooLateAtTheEndItself) {
  open_sale(holding(1));
  const auto ann = claim("ann");
  at(10s);
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::expired);
  EXPECT_EQ(sale().claims().refunds(claim_of(ann)), std::vector<std::string>{"order-1"});
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::expired);
  EXPECT_EQ(sale().claims().refunds(claim_of(ann)).size(), 1U);
}

TEST_F(Confirming, SetsTheReferenceOfAClaimThatNeedsNoHold) {
  open_sale(stock(1));
  const auto ann = claim("ann");
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::done);
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::unchanged);
  EXPECT_EQ(confirm(ann, "order-2"), ClaimChange::reference_mismatch);
  EXPECT_EQ(sale().claims().reference(claim_of(ann)), "order-1");
}

TEST_F(Confirming, AReleasedClaimStaysReleased) {
  open_sale(holding(1));
  const auto ann = claim("ann");
  release(ann, EndReason::merchant);
  EXPECT_EQ(confirm(ann, "order-1"), ClaimChange::released);
}

TEST_F(Releasing, TwiceIsOnce) {
  open_sale(holding(2));
  const auto ann = claim("ann");
  EXPECT_EQ(release(ann, EndReason::buyer), ClaimChange::done);
  EXPECT_EQ(release(ann, EndReason::buyer), ClaimChange::unchanged);
  EXPECT_EQ(release(ann, EndReason::merchant), ClaimChange::unchanged);
  EXPECT_EQ(end_of(ann), EndReason::buyer);
  EXPECT_EQ(sale().totals().available, 2U);
  EXPECT_EQ(sale().released()[static_cast<std::size_t>(EndReason::buyer)], 1U);
}

TEST_F(Releasing, WhatIsConfirmedTheMerchantAloneTakesBack) {
  open_sale(holding(1));
  const auto ann = claim("ann");
  confirm(ann, "order");
  EXPECT_EQ(release(ann, EndReason::buyer), ClaimChange::confirmed);
  EXPECT_EQ(release(ann, EndReason::merchant), ClaimChange::done);
  EXPECT_EQ(claim("bob").verdict, ClaimVerdict::granted);
}

// TigerBeetle's state_machine_tests.zig, "create_transfers/lookup_transfers: two-phase: expired":
// pending transfers of 10, 11, 12, 13 with time-outs of none, 1, 2, 3 s.
TEST_F(Holding, HeldFallsAsOneHoldAfterTheOtherEnds) {
  open_sale(holding(100, kMaxHoldSeconds, 100));
  const auto lasting = claim("ten", 10);
  std::vector<ClaimOutcome> ending;
  for (std::uint32_t seconds = 1; seconds <= 3; ++seconds) {
    changes_.hold_seconds = seconds;
    change(changes_);
    ending.push_back(
        claim("ends after " + std::to_string(seconds), static_cast<Quantity>(10 + seconds)));
  }
  std::vector<std::uint64_t> held{sale().totals().held};
  for (int second = 1; second <= 3; ++second) {
    at(std::chrono::seconds(second));
    settle();
    held.push_back(sale().totals().held);
  }
  EXPECT_EQ(held, (std::vector<std::uint64_t>{46, 35, 23, 10}));
  EXPECT_EQ(confirm(lasting, "order"), ClaimChange::done);
  for (const ClaimOutcome& claimed : ending) {
    EXPECT_EQ(confirm(claimed, "order"), ClaimChange::expired);
  }
  EXPECT_EQ(sale().totals().confirmed, 10U);
}

TEST_F(Extending, HappensOnceAndNoLongerThanTheSaleAllows) {
  auto definition = holding(1);
  definition.max_extension_seconds = 5;
  open_sale(definition);
  const auto ann = claim("ann");
  EXPECT_EQ(extend(ann, 6), ClaimChange::not_extendable);
  EXPECT_EQ(extend(ann), ClaimChange::done);
  EXPECT_EQ(extend(ann), ClaimChange::unchanged);
  at(14999ms);
  settle();
  EXPECT_EQ(status_of(ann), ClaimStatus::held);
  at(15s);
  EXPECT_EQ(extend(ann), ClaimChange::expired);
}

TEST_F(Extending, IsByAsMuchAsIsAskedFor) {
  auto definition = holding(2);
  open_sale(definition);
  const auto ann = claim("ann");
  EXPECT_EQ(extend(ann, 1), ClaimChange::not_extendable) << "the sale extends nothing";
  EXPECT_EQ(extend(ann), ClaimChange::not_extendable);
  changes_.max_extension_seconds = 5;
  EXPECT_EQ(change(changes_), SaleChange::done);
  EXPECT_EQ(extend(ann, 3), ClaimChange::done);
  EXPECT_EQ(claim_of(ann).expires_at, kBegin + 13s);
}

TEST_F(LateMoney, OneOwnerAndOneRefundWhereAnotherBuyerTookTheUnit) {
  auto definition = holding(1, 15 * 60);
  definition.late_payment = LatePayment::reacquire;
  open_sale(definition);
  const auto ann = claim("ann");
  at(15min);
  const auto bob = claim("bob");
  EXPECT_EQ(bob.verdict, ClaimVerdict::granted);
  at(16min);
  EXPECT_EQ(confirm(ann, "order-ann"), ClaimChange::expired);
  EXPECT_EQ(confirm(ann, "order-ann"), ClaimChange::expired);
  EXPECT_EQ(sale().claims().refunds(claim_of(ann)).size(), 1U);
  EXPECT_EQ(confirm(bob, "order-bob"), ClaimChange::done);
  EXPECT_EQ(sale().totals().confirmed, 1U);
}

TEST_F(LateMoney, TakesTheClaimBackWhereUnitsAndLimitAllowIt) {
  auto definition = holding(2);
  definition.late_payment = LatePayment::reacquire;
  open_sale(definition);
  const auto ann = claim("ann");
  const auto bob = claim("bob");
  at(10s);
  EXPECT_EQ(confirm(bob, "order-bob"), ClaimChange::done);
  EXPECT_EQ(units(bob).first, (UnitRun{1, 1})) << "the unit that came back first";
  EXPECT_EQ(confirm(bob, "order-bob"), ClaimChange::unchanged);
  EXPECT_EQ(claim("ann").verdict, ClaimVerdict::granted);
  EXPECT_EQ(confirm(ann, "order-ann"), ClaimChange::expired) << "he has another claim";
}

TEST_F(LateMoney, ARefundThatIsOwedStaysOwedWhateverBecomesFree) {
  auto definition = holding(1);
  definition.late_payment = LatePayment::reacquire;
  open_sale(definition);
  const auto ann = claim("ann");
  at(10s);
  const auto bob = claim("bob");
  EXPECT_EQ(confirm(ann, "order"), ClaimChange::expired);
  release(bob, EndReason::buyer);
  EXPECT_EQ(confirm(ann, "order"), ClaimChange::expired);
  EXPECT_EQ(confirm(ann, "another order"), ClaimChange::done);
}

TEST_F(LateMoney, BringsNothingBackOnceTheSaleHasClosed) {
  auto definition = holding(2);
  definition.late_payment = LatePayment::reacquire;
  open_sale(definition);
  const auto ann = claim("ann");
  at(10s);
  settle();
  steer(SaleAction::close);
  EXPECT_EQ(confirm(ann, "order"), ClaimChange::expired);
  EXPECT_EQ(sale().claims().refunds(claim_of(ann)).size(), 1U);
}

TEST_F(LateMoney, IsJudgedByWhatTheSaleSaidWhenTheClaimWasGranted) {
  open_sale(holding(1));
  const auto ann = claim("ann");
  changes_.late_payment = LatePayment::reacquire;
  EXPECT_EQ(change(changes_), SaleChange::done);
  at(10s);
  EXPECT_EQ(confirm(ann, "order"), ClaimChange::expired);
}

TEST_F(Steering, APausedSaleRefusesClaimsAndLetsHoldsGoOn) {
  open_sale(holding(3));
  const auto ann = claim("ann");
  const auto bob = claim("bob");
  EXPECT_EQ(steer(SaleAction::pause), SaleChange::done);
  EXPECT_EQ(steer(SaleAction::pause), SaleChange::unchanged);
  EXPECT_EQ(claim("cid"), refused(Refusal::paused));
  EXPECT_EQ(claim("ann"), ClaimOutcome::existing(ann.claim));
  EXPECT_EQ(confirm(ann, "order"), ClaimChange::done);
  at(10s);
  settle();
  EXPECT_EQ(end_of(bob), EndReason::expired);
  EXPECT_EQ(steer(SaleAction::resume), SaleChange::done);
  EXPECT_EQ(claim("cid").verdict, ClaimVerdict::granted);
}

TEST_F(Steering, AScheduledSaleThatIsPausedOpensOnlyWhenItIsResumed) {
  auto definition = stock(1);
  definition.opens_at = kBegin + 5s;
  open_sale(definition);
  EXPECT_EQ(steer(SaleAction::pause), SaleChange::done);
  at(6s);
  EXPECT_EQ(claim("ann"), refused(Refusal::paused));
  EXPECT_FALSE(sale().opened());
  steer(SaleAction::resume);
  EXPECT_EQ(claim("ann").verdict, ClaimVerdict::granted);
}

TEST_F(Steering, AClosedSaleKeepsItsHoldsUntilTheyEnd) {
  open_sale(holding(3));
  const auto ann = claim("ann");
  const auto bob = claim("bob");
  EXPECT_EQ(steer(SaleAction::close), SaleChange::done);
  EXPECT_EQ(steer(SaleAction::close), SaleChange::unchanged);
  EXPECT_EQ(steer(SaleAction::resume), SaleChange::closed);
  EXPECT_EQ(claim("cid"), refused(Refusal::closed));
  EXPECT_EQ(confirm(ann, "order"), ClaimChange::done);
  at(10s);
  EXPECT_EQ(confirm(bob, "order"), ClaimChange::expired);
  EXPECT_EQ(sale().totals().available, 2U);
}

TEST_F(Steering, AClosedSaleIsNeitherPausedNorResumed) {
  open_sale(stock(1));
  EXPECT_EQ(steer(SaleAction::close), SaleChange::done);
  EXPECT_EQ(steer(SaleAction::close), SaleChange::unchanged);
  EXPECT_EQ(steer(SaleAction::pause), SaleChange::closed);
  EXPECT_EQ(steer(SaleAction::resume), SaleChange::closed);
  EXPECT_EQ(sale().sequence().value, 3U);  // created, opened, closed
}

TEST_F(Steering, CancellingReleasesTheHoldsAndKeepsWhatIsConfirmed) {
  open_sale(holding(3));
  const auto ann = claim("ann");
  const auto bob = claim("bob");
  confirm(ann, "order");
  const auto before = sale().sequence();
  EXPECT_EQ(steer(SaleAction::cancel), SaleChange::done);
  EXPECT_EQ(sale().sequence(), before.next()) << "one event";
  EXPECT_EQ(end_of(bob), EndReason::cancelled);
  EXPECT_EQ(status_of(ann), ClaimStatus::confirmed);
  EXPECT_EQ(sale().totals().held, 0U);
  EXPECT_EQ(confirm(bob, "order"), ClaimChange::released);
  at(60s);
  settle();
  EXPECT_EQ(sale().sequence(), before.next());
  EXPECT_EQ(release(ann, EndReason::merchant), ClaimChange::done) << "the refund";
  EXPECT_EQ(steer(SaleAction::cancel), SaleChange::unchanged);
}

TEST_F(Steering, DeletingIsForSalesThatNeverOpenedAndTheSlugStaysUsed) {
  auto definition = stock(1);
  definition.opens_at = kBegin + 5s;
  open_sale(definition);
  EXPECT_EQ(remove(), SaleChange::done);
  EXPECT_EQ(catalog().find("sale"), nullptr);
  EXPECT_EQ(create(definition).verdict, CreateVerdict::already_exists);
  EXPECT_EQ(next_due_at(sale()), kNever);
}

TEST_F(Steering, AClosedSaleIsDeletedOnceItIsArchived) {
  auto definition = holding(3, 100);
  definition.archive_after_seconds = 60;
  open_sale(definition);
  claim("ann");
  EXPECT_EQ(archives_at(sale()), kNever) << "it is open";
  at(1s);
  steer(SaleAction::close);
  EXPECT_EQ(archives_at(sale()), kNever) << "something is held";
  const Time closed_at = sale().closed_at();
  at(62s);
  EXPECT_EQ(remove(), SaleChange::already_open);
  at(100s);
  settle();
  EXPECT_EQ(archives_at(sale()), closed_at + 60s);
  EXPECT_EQ(remove(), SaleChange::done);
  EXPECT_EQ(catalog().find("sale"), nullptr);
}

TEST_F(Steering, AClosedSaleIsNotDeletedBeforeItsTimeNorEverWithoutOne) {
  auto definition = stock(3);
  definition.archive_after_seconds = 60;
  open_sale(definition);
  steer(SaleAction::close);
  at(60s - 1ms);
  EXPECT_EQ(remove(), SaleChange::already_open);
  at(60s);
  changes_.archive_after_seconds = 0;
  EXPECT_EQ(change(changes_), SaleChange::done);
  at(1000h);
  EXPECT_EQ(remove(), SaleChange::already_open);
}

TEST_F(Steering, AnOpenSaleIsNotDeleted) {
  open_sale(stock(1));
  EXPECT_EQ(remove(), SaleChange::already_open);
  steer(SaleAction::close);
  EXPECT_EQ(remove(), SaleChange::already_open);
}

TEST_F(Steering, ASaleThatClosesBeforeItsOpeningNeverOpens) {
  auto definition = stock(1);
  definition.opens_at = kBegin + 10s;
  definition.closes_at = kBegin + 5s;
  open_sale(definition);
  at(20s);
  EXPECT_EQ(claim("ann"), refused(Refusal::closed));
  EXPECT_FALSE(sale().opened());
  EXPECT_EQ(sale().sequence().value, 2U);  // created, closed
}

TEST_F(Changing, StockGrowsAndShrinksByWhatIsFree) {
  open_sale(holding(4, 10, 4));
  claim("ann", 2);
  changes_.stock = 1;
  EXPECT_EQ(change(changes_), SaleChange::stock_below_claimed);
  changes_.stock = 2;
  EXPECT_EQ(change(changes_), SaleChange::done);
  EXPECT_EQ(claim("bob"), refused(Refusal::sold_out));
  changes_.stock = 5;
  EXPECT_EQ(change(changes_), SaleChange::done);
  EXPECT_EQ(units(claim("bob", 3)).first, (UnitRun{3, 3}));
}

TEST_F(Changing, ShrinkingTakesFreshNumbersBeforeThoseThatCameBack) {
  open_sale(holding(5, 10, 4));
  const auto ann = claim("ann", 4);
  release(ann, EndReason::buyer);
  changes_.stock = 2;
  EXPECT_EQ(change(changes_), SaleChange::done);
  EXPECT_EQ(sale().free_units().returned(), 2U);
  changes_.stock = 3;
  EXPECT_EQ(change(changes_), SaleChange::done);
  const UnitRuns bob = units(claim("bob", 3));
  EXPECT_EQ(bob.first, (UnitRun{1, 2}));
  EXPECT_EQ(bob.more, (std::vector<UnitRun>{{5, 1}})) << "numbers are never used again";
}

TEST_F(Changing, NeedsTheVersionThatWasRead) {
  open_sale(stock(1));
  changes_.stock = 2;
  EXPECT_EQ(change(changes_, 1), SaleChange::done);
  changes_.stock = 3;
  EXPECT_EQ(change(changes_, 1), SaleChange::version_mismatch);
  EXPECT_EQ(sale().version(), 2U);
  changes_.stock = 2;
  EXPECT_EQ(change(changes_, 2), SaleChange::unchanged);
  EXPECT_EQ(sale().version(), 2U);
}

TEST_F(Changing, ASaleThatIsOverIsNotCreatedAndOneThatIsKnownMayBeGivenAgain) {
  SaleDefinition definition = stock(1);
  definition.closes_at = kBegin;
  EXPECT_EQ(create(definition).verdict, CreateVerdict::closes_in_the_past);
  EXPECT_EQ(catalog().size(), 0U);
  definition.closes_at = kBegin + 5s;
  open_sale(definition);
  at(6s);
  EXPECT_EQ(create(definition).verdict, CreateVerdict::existing);
}

TEST_F(Changing, ALowerLimitBindsLaterClaimsAlone) {
  open_sale(stock(10, 3));
  claim("ann", 3);
  changes_.per_buyer_limit = 1;
  EXPECT_EQ(change(changes_), SaleChange::done);
  EXPECT_EQ(claim("bob", 2), refused(Refusal::limit_exceeded));
  EXPECT_EQ(sale().totals().confirmed, 3U);
}

}  // namespace
}  // namespace doorbuster::sale
