// The contract's rules about the life of a sale: states, changes, versions, deletion.
#include "store/contract_suite.h"

namespace doorbuster::store {

using sale::ClaimChange;
using sale::ClaimStatus;
using sale::ClaimVerdict;
using sale::CreateVerdict;
using sale::EndReason;
using sale::Refusal;
using sale::SaleAction;
using sale::SaleChange;
using sale::SaleChanges;
using sale::SaleStatus;
using sale::UnitRun;
using namespace std::chrono_literals;

namespace {

SaleChanges stock(std::uint32_t units) {
  SaleChanges changes;
  changes.stock = units;
  return changes;
}

}  // namespace

TEST_P(Contract, R2ALowerLimitBindsLaterClaimsAlone) {
  open_sale("s", 10, 3);
  claimed("ann", 3);
  SaleChanges changes;
  changes.per_buyer_limit = 1;
  EXPECT_EQ(change(changes).change, SaleChange::done);
  across_restarts([&] {
    EXPECT_EQ(claim("s", "bob", 2).refusal, Refusal::limit_exceeded);
    EXPECT_EQ(look().totals.confirmed, 3U);
  });
}

TEST_P(Contract, R6StockGrowsAndShrinksByWhatIsAvailableAlone) {
  create(holding(4, 10, 4));
  const ClaimView ann = claimed("ann", 2);
  confirm(ann, "order");
  claimed("bob", 1);
  SaleChanges below = stock(2);
  below.metadata = "{\"refused\":\"whole\"}";
  EXPECT_EQ(change(below).change, SaleChange::stock_below_claimed);
  EXPECT_EQ(look().version, 1U);
  EXPECT_EQ(look().definition->metadata, "{}");
  EXPECT_EQ(change(stock(3)).change, SaleChange::done);
  EXPECT_EQ(claim("s", "cid").refusal, Refusal::sold_out);
  EXPECT_EQ(change(stock(6)).change, SaleChange::done);
  across_restarts([&] {
    EXPECT_EQ(look().totals, (sale::Totals{6, 3, 1, 2, 0}));
    EXPECT_EQ(look().version, 3U);
  });
  EXPECT_EQ(claimed("cid", 3).units.first, (UnitRun{4, 3}));
}

TEST_P(Contract, R6NumbersOfUnitsThatWereTakenAwayAreNeverUsedAgain) {
  create(holding(5, 10, 4));
  release(claimed("ann", 4));
  EXPECT_EQ(change(stock(2)).change, SaleChange::done);
  EXPECT_EQ(change(stock(3)).change, SaleChange::done);
  subject().restart(false);
  const ClaimView bob = claimed("bob", 3);
  EXPECT_EQ(bob.units.first, (UnitRun{1, 2}));
  EXPECT_EQ(bob.units.more, (std::vector<UnitRun>{{5, 1}}));
}

TEST_P(Contract, R12APausedSaleRefusesClaimsAndLetsHoldsGoOn) {
  create(holding(4));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  const ClaimView cid = claimed("cid");
  EXPECT_EQ(steer(SaleAction::pause).sale.status, SaleStatus::paused);
  EXPECT_EQ(steer(SaleAction::pause).change, SaleChange::unchanged);
  EXPECT_EQ(confirm(ann, "order").change, ClaimChange::done);
  EXPECT_EQ(release(bob, "bob").change, ClaimChange::done);
  subject().advance(10s);
  across_restarts([&] {
    EXPECT_EQ(claim("s", "dan").refusal, Refusal::paused);
    EXPECT_EQ(claim_now(cid).end_reason, EndReason::expired);
    EXPECT_EQ(look().totals, (sale::Totals{4, 3, 0, 1, 0}));
  });
  EXPECT_EQ(steer(SaleAction::resume).sale.status, SaleStatus::open);
  EXPECT_EQ(steer(SaleAction::resume).change, SaleChange::unchanged);
  claimed("dan");
}

TEST_P(Contract, R12AScheduledSaleThatIsPausedOpensOnlyWhenItIsResumed) {
  sale::SaleDefinition definition = holding(1);
  definition.opens_at = look_time() + 5s;
  create(definition);
  steer(SaleAction::pause);
  subject().advance(6s);
  across_restarts([&] {
    EXPECT_EQ(claim("s", "ann").refusal, Refusal::paused);
    EXPECT_FALSE(look().opened);
  });
  EXPECT_EQ(steer(SaleAction::resume).sale.status, SaleStatus::open);
  claimed("ann");
}

TEST_P(Contract, R12AClosedSaleKeepsItsHoldsUntilTheyEnd) {
  create(holding(4));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  EXPECT_EQ(steer(SaleAction::close).sale.status, SaleStatus::closed);
  EXPECT_EQ(steer(SaleAction::close).change, SaleChange::unchanged);
  EXPECT_EQ(steer(SaleAction::pause).change, SaleChange::closed);
  EXPECT_EQ(steer(SaleAction::resume).change, SaleChange::closed);
  EXPECT_EQ(confirm(ann, "order").change, ClaimChange::done);
  subject().advance(10s);
  across_restarts([&] {
    EXPECT_EQ(claim("s", "cid").refusal, Refusal::closed);
    EXPECT_EQ(claim_now(bob).end_reason, EndReason::expired);
    EXPECT_EQ(look().totals, (sale::Totals{4, 3, 0, 1, 0}));
    EXPECT_EQ(look().next_return_at, kNever) << "what comes back is not sold again";
  });
}

TEST_P(Contract, CancellingIsOneEventThatReleasesTheHoldsAndOwesTheConfirmedARefund) {
  create(holding(4));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  confirm(ann, "order");
  const auto before = look().sequence;
  const SaleChangeReply cancelled = steer(SaleAction::cancel);
  EXPECT_EQ(cancelled.sale.sequence, before.next());
  EXPECT_TRUE(cancelled.sale.cancelled);
  subject().advance(60s);
  across_restarts([&] {
    const SaleView sale = look();
    EXPECT_EQ(sale.status, SaleStatus::closed);
    EXPECT_EQ(sale.sequence, before.next()) << "nothing expires any more";
    EXPECT_EQ(sale.totals, (sale::Totals{4, 3, 0, 1, 0}));
    EXPECT_EQ(sale.released[static_cast<std::size_t>(EndReason::cancelled)], 1U);
    EXPECT_EQ(claim_now(bob).status, ClaimStatus::released);
    EXPECT_EQ(claim_now(bob).end_reason, EndReason::cancelled);
    EXPECT_FALSE(claim_now(bob).refund_owed);
    EXPECT_EQ(claim_now(ann).status, ClaimStatus::confirmed);
    EXPECT_TRUE(claim_now(ann).refund_owed);
    EXPECT_EQ(confirm(bob, "order").change, ClaimChange::released);
    EXPECT_EQ(extend(bob).change, ClaimChange::released);
    EXPECT_EQ(claim("s", "cid").refusal, Refusal::closed);
    EXPECT_EQ(steer(SaleAction::cancel).change, SaleChange::unchanged);
  });
  EXPECT_EQ(release(ann).change, ClaimChange::done) << "the refund";
  EXPECT_EQ(look().totals, (sale::Totals{4, 4, 0, 0, 0}));
}

TEST_P(Contract, AClosedSaleCanStillBeCancelled) {
  create(holding(1));
  const ClaimView ann = claimed("ann");
  steer(SaleAction::close);
  EXPECT_EQ(steer(SaleAction::cancel).change, SaleChange::done);
  across_restarts([&] { EXPECT_EQ(claim_now(ann).end_reason, EndReason::cancelled); });
}

TEST_P(Contract, AChangeNeedsTheVersionThatWasRead) {
  open_sale("s", 1);
  EXPECT_EQ(change(stock(2), 1).sale.version, 2U);
  across_restarts([&] {
    const SaleChangeReply stale = change(stock(3), 1);
    EXPECT_EQ(stale.change, SaleChange::version_mismatch);
    EXPECT_EQ(stale.sale.version, 2U);
    EXPECT_EQ(stale.sale.totals.stock, 2U);
    const SaleChangeReply same = change(stock(2), 2);
    EXPECT_EQ(same.change, SaleChange::unchanged);
    EXPECT_EQ(same.sale.version, 2U);
  });
  claimed("ann");
  EXPECT_EQ(change(stock(3), 2).change, SaleChange::done) << "claims are no versions";
}

TEST_P(Contract, TimesChangeUntilTheyHavePassed) {
  const Time now = look_time();
  sale::SaleDefinition definition = holding(1);
  definition.opens_at = now + 20s;
  create(definition);
  SaleChanges changes;
  changes.closes_at = now + 20s;
  EXPECT_EQ(change(changes).change, SaleChange::closes_before_opening);
  changes.closes_at = now;
  EXPECT_EQ(change(changes).change, SaleChange::closes_in_the_past);
  changes.closes_at = now + 30s;
  changes.opens_at = now + 10s;
  EXPECT_EQ(change(changes).change, SaleChange::done);
  subject().advance(10s);
  across_restarts([&] { EXPECT_EQ(look().status, SaleStatus::open); });
  changes = {};
  changes.opens_at = now + 15s;
  EXPECT_EQ(change(changes).change, SaleChange::already_open);
  changes = {};
  changes.closes_at = now + 12s;
  EXPECT_EQ(change(changes).change, SaleChange::done);
  subject().advance(2s);
  across_restarts([&] { EXPECT_EQ(look().status, SaleStatus::closed); });
  changes.closes_at = std::optional<Time>();
  EXPECT_EQ(change(changes).change, SaleChange::closed);
}

TEST_P(Contract, ASaleThatIsMadeToOpenAtOnceIsOpenInTheSameAnswer) {
  sale::SaleDefinition definition = holding(1);
  definition.opens_at = look_time() + 20s;
  create(definition);
  SaleChanges changes;
  changes.opens_at = std::optional<Time>();
  EXPECT_EQ(change(changes).sale.status, SaleStatus::open);
  across_restarts([&] { EXPECT_TRUE(look().opened); });
}

TEST_P(Contract, ASaleWhoseEndIsPastIsNotMadeAndItsSlugStaysFree) {
  sale::SaleDefinition definition = holding(1);
  definition.closes_at = look_time();
  EXPECT_EQ(create(definition).verdict, CreateVerdict::closes_in_the_past);
  across_restarts([&] {
    EXPECT_TRUE(std::holds_alternative<NoSuchSale>(subject().ask(ReadSale{sale::Slug("s")})));
  });
  *definition.closes_at += 1s;
  EXPECT_EQ(create(definition).verdict, CreateVerdict::created);
}

TEST_P(Contract, ChangedRulesAreForLaterClaims) {
  sale::SaleDefinition definition = holding(4);
  create(definition);
  const ClaimView ann = claimed("ann");
  SaleChanges changes;
  changes.hold_seconds = 20;
  changes.late_payment = sale::LatePayment::reacquire;
  changes.max_extension_seconds = 5;
  EXPECT_EQ(change(changes).change, SaleChange::done);
  const ClaimView bob = claimed("bob");
  across_restarts([&] {
    EXPECT_EQ(claim_now(ann).expires_at, ann.claimed_at + 10s);
    EXPECT_EQ(claim_now(bob).expires_at, bob.claimed_at + 20s);
  });
  subject().advance(20s);
  EXPECT_EQ(confirm(ann, "order-ann").change, ClaimChange::expired);
  EXPECT_EQ(confirm(bob, "order-bob").change, ClaimChange::done);
}

TEST_P(Contract, OfAClosedSaleOnlyWordsChange) {
  open_sale("s", 2);
  steer(SaleAction::close);
  EXPECT_EQ(change(stock(3)).change, SaleChange::closed);
  SaleChanges words;
  words.title = {{{"", "A title"}}};
  words.metadata = "{\"a\":1}";
  words.archive_after_seconds = 60;
  EXPECT_EQ(change(words).change, SaleChange::done);
  across_restarts([&] {
    EXPECT_EQ(look().definition->title, *words.title);
    EXPECT_EQ(look().definition->metadata, *words.metadata);
    EXPECT_EQ(look().definition->archive_after_seconds, 60U);
    EXPECT_EQ(look().totals.stock, 2U);
  });
}

TEST_P(Contract, ASaleThatNeverOpenedIsDeletedAndItsSlugNeverUsedAgain) {
  sale::SaleDefinition definition = holding(1);
  definition.opens_at = look_time() + 5s;
  create(definition);
  EXPECT_EQ(std::get<SaleChangeReply>(remove()).change, SaleChange::done);
  subject().advance(10s);
  across_restarts([&] {
    EXPECT_TRUE(std::holds_alternative<NoSuchSale>(subject().ask(ReadSale{sale::Slug("s")})));
    EXPECT_TRUE(std::holds_alternative<NoSuchSale>(
        subject().ask(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId("ann"), 1, {}})));
    EXPECT_TRUE(std::holds_alternative<NoSuchSale>(remove()));
    EXPECT_EQ(create(definition).verdict, CreateVerdict::already_exists);
    const auto page = std::get<SalesPage>(subject().ask(ListSales{}));
    ASSERT_EQ(page.sales.size(), 1U);
    EXPECT_EQ(page.sales[0].definition->slug, "clock");
    EXPECT_FALSE(page.has_more);
  });
}

TEST_P(Contract, AnArchivedSaleAnswersAsItDidAndIsDeletedForGood) {
  sale::SaleDefinition definition = holding(3);
  definition.hold_seconds = 0;
  definition.archive_after_seconds = 60;
  create(definition);
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  steer(SaleAction::close);
  subject().advance(61s);
  across_restarts([&] {
    EXPECT_EQ(look().status, SaleStatus::closed);
    EXPECT_EQ(look().claims, 2U);
    EXPECT_EQ(claim("s", "bob").claim.id, bob.id);
    EXPECT_EQ(claim("s", "cid").refusal, Refusal::closed);
    EXPECT_EQ(list("s").claims.size(), 2U);
  });
  EXPECT_EQ(release(ann).change, ClaimChange::done) << "a refund";
  EXPECT_EQ(look().totals.confirmed, 1U);
  EXPECT_EQ(std::get<SaleChangeReply>(remove()).change, SaleChange::done);
  across_restarts([&] {
    EXPECT_TRUE(std::holds_alternative<NoSuchSale>(subject().ask(ReadSale{sale::Slug("s")})));
    EXPECT_TRUE(std::holds_alternative<NoSuchSale>(
        subject().ask(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId("bob"), 1, {}})));
    EXPECT_EQ(create(definition).verdict, CreateVerdict::already_exists);
  });
}

TEST_P(Contract, ASaleThatHasBeenOpenIsNotDeleted) {
  open_sale("s", 1);
  EXPECT_EQ(std::get<SaleChangeReply>(remove()).change, SaleChange::already_open);
  steer(SaleAction::close);
  EXPECT_EQ(std::get<SaleChangeReply>(remove()).change, SaleChange::already_open);
  EXPECT_EQ(look().status, SaleStatus::closed);
  EXPECT_TRUE(std::holds_alternative<NoSuchSale>(remove("none")));
}

}  // namespace doorbuster::store
