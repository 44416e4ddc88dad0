// The contract's rules about the life of a claim: held, confirmed, released, and late money.
#include <set>

#include "store/contract_suite.h"

namespace doorbuster::store {

using sale::ClaimChange;
using sale::ClaimStatus;
using sale::ClaimVerdict;
using sale::EndReason;
using sale::Refusal;
using sale::SaleAction;
using sale::UnitRun;
using namespace std::chrono_literals;

TEST_P(Contract, R4AUnitIsFreeByTheEventThatEndsItsClaim) {
  create(holding(4));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  claimed("cid");
  claimed("dan");
  confirm(bob, "order");
  const std::uint64_t before = look().sequence.value;
  EXPECT_EQ(release(ann, "ann").sequence.value, before + 1);
  EXPECT_EQ(look().totals, (sale::Totals{4, 1, 2, 1, 0}));
  EXPECT_EQ(release(bob).sequence.value, before + 2) << "the refund";
  EXPECT_EQ(look().totals, (sale::Totals{4, 2, 2, 0, 0}));
  subject().advance(10s);
  across_restarts([&] {
    const SaleView sale = look();
    EXPECT_EQ(sale.sequence.value, before + 4) << "one event for each hold that ended";
    EXPECT_EQ(sale.totals, (sale::Totals{4, 4, 0, 0, 0}));
    EXPECT_EQ(sale.availability, sale::Availability::available);
    EXPECT_EQ(sale.released[static_cast<std::size_t>(EndReason::buyer)], 1U);
    EXPECT_EQ(sale.released[static_cast<std::size_t>(EndReason::merchant)], 1U);
    EXPECT_EQ(sale.released[static_cast<std::size_t>(EndReason::expired)], 2U);
  });
}

TEST_P(Contract, R4WhatIsHeldIsNotGone) {
  create(holding(1));
  const ClaimView ann = claimed("ann");
  across_restarts([&] {
    const ClaimReply refused = claim("s", "bob");
    EXPECT_EQ(refused.refusal, Refusal::sold_out);
    EXPECT_EQ(refused.availability, sale::Availability::all_held);
    EXPECT_EQ(refused.next_return_at, ann.expires_at);
    EXPECT_EQ(look().availability, sale::Availability::all_held);
    EXPECT_EQ(look().next_return_at, ann.expires_at);
  });
  confirm(ann, "order");
  EXPECT_EQ(claim("s", "bob").availability, sale::Availability::gone);
  EXPECT_EQ(look().next_return_at, kNever);
}

TEST_P(Contract, R5UnitsThatCameBackAreHandedOutFirstInTheOrderOfTheirReturn) {
  for (const bool in_good_order : {true, false}) {
    SCOPED_TRACE(in_good_order);
    sale::SaleDefinition definition = holding(10, 10, 3);
    definition.slug = in_good_order ? "one" : "two";
    create(definition);
    const std::string slug = definition.slug;
    const auto give_back = [&](const ClaimReply& reply) {
      subject().ask(ReleaseClaim{sale::Slug(slug), reply.claim.id, {}});
    };
    const ClaimReply ann = claim(slug, "ann", 2);
    const ClaimReply bob = claim(slug, "bob", 3);
    give_back(bob);
    give_back(ann);
    subject().restart(in_good_order);
    EXPECT_EQ(claim(slug, "cid", 3).claim.units.first, (UnitRun{3, 3}));
    const ClaimView dan = claim(slug, "dan", 3).claim;
    EXPECT_EQ(dan.units.first, (UnitRun{1, 2}));
    EXPECT_EQ(dan.units.more, (std::vector<UnitRun>{{6, 1}}));
  }
}

TEST_P(Contract, R9TheLateDuplicateOfAClaimThatEndedDoesNotBuyAgain) {
  create(holding(5));
  const ClaimView first = claimed("ann", 1, "k1");
  release(first, "ann");
  across_restarts([&] {
    const ClaimReply again = claim("s", "ann", 1, "k1");
    EXPECT_EQ(again.verdict, ClaimVerdict::existing);
    EXPECT_EQ(again.claim.id, first.id);
    EXPECT_EQ(again.claim.status, ClaimStatus::released);
    EXPECT_EQ(again.claim.end_reason, EndReason::buyer);
    EXPECT_EQ(look().totals.available, 5U);
  });
  const ClaimView second = claimed("ann", 1, "k2");
  EXPECT_EQ(claim("s", "ann").claim.id, second.id) << "without a key: the newest live claim";
  subject().advance(10s);
  EXPECT_EQ(claim("s", "ann", 1, "k2").claim.end_reason, EndReason::expired);
  EXPECT_EQ(claim("s", "ann").verdict, ClaimVerdict::granted) << "none is live: decided anew";
}

TEST_P(Contract, R9AWinnerGetsHisClaimFromASaleThatIsPausedOrClosed) {
  create(holding(2));
  const ClaimView ann = claimed("ann", 1, "k");
  confirm(ann, "order");
  for (const SaleAction action : {SaleAction::pause, SaleAction::close, SaleAction::cancel}) {
    steer(action);
    for (const char* key : {"k", "", "another"}) {
      const ClaimReply again = claim("s", "ann", 1, key);
      EXPECT_EQ(again.verdict, ClaimVerdict::existing) << key;
      EXPECT_EQ(again.claim.id, ann.id) << key;
      EXPECT_EQ(again.claim.reference, "order") << key;
    }
  }
}

TEST_P(Contract, R16AHoldIsConfirmedStrictlyBeforeItsEnd) {
  create(holding(3));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  EXPECT_EQ(ann.status, ClaimStatus::held);
  EXPECT_EQ(ann.expires_at, ann.claimed_at + 10s);
  subject().advance(9999ms);
  EXPECT_EQ(confirm(ann, "order-ann").change, ClaimChange::done);
  subject().advance(1ms);
  const ClaimChangeReply late = confirm(bob, "order-bob");
  EXPECT_EQ(late.change, ClaimChange::expired);
  EXPECT_EQ(late.claim.end_reason, EndReason::expired);
  // Both sides are told the same for ever.
  across_restarts([&] {
    EXPECT_EQ(confirm(ann, "order-ann").change, ClaimChange::unchanged);
    EXPECT_EQ(claim_now(ann).status, ClaimStatus::confirmed);
    EXPECT_EQ(claim_now(ann).reference, "order-ann");
    EXPECT_EQ(confirm(bob, "order-bob").change, ClaimChange::expired);
    EXPECT_EQ(claim_now(bob).status, ClaimStatus::released);
    EXPECT_EQ(look().totals, (sale::Totals{3, 2, 0, 1, 0}));
  });
}

TEST_P(Contract, R16TheSameReferenceIsTheSameAnswerAndAnotherOneAMismatch) {
  create(holding(1));
  const ClaimView ann = claimed("ann");
  confirm(ann, "order-1");
  const auto sequence = look().sequence;
  across_restarts([&] {
    EXPECT_EQ(confirm(ann, "order-1").change, ClaimChange::unchanged);
    const ClaimChangeReply other = confirm(ann, "order-2");
    EXPECT_EQ(other.change, ClaimChange::reference_mismatch);
    EXPECT_EQ(other.claim.reference, "order-1");
    EXPECT_EQ(look().sequence, sequence);
  });
}

TEST_P(Contract, R16WithoutHoldsTheFirstConfirmSetsTheReference) {
  open_sale("s", 1);
  const ClaimView ann = claimed("ann");
  EXPECT_EQ(ann.status, ClaimStatus::confirmed);
  EXPECT_EQ(ann.expires_at, kNever);
  EXPECT_EQ(confirm(ann, "order-1").change, ClaimChange::done);
  across_restarts([&] {
    EXPECT_EQ(confirm(ann, "order-1").change, ClaimChange::unchanged);
    EXPECT_EQ(confirm(ann, "order-2").change, ClaimChange::reference_mismatch);
  });
}

TEST_P(Contract, R16AClaimThatWasReleasedIsNotConfirmed) {
  create(holding(2));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  release(ann, "ann");
  release(bob);
  across_restarts([&] {
    EXPECT_EQ(confirm(ann, "order").change, ClaimChange::released);
    EXPECT_EQ(confirm(bob, "order").change, ClaimChange::released);
    EXPECT_TRUE(claim_now(ann).refunds.empty());
    EXPECT_EQ(look().totals.available, 2U);
  });
}

TEST_P(Contract, R17ABuyerGivesBackWhatIsHeldAndTheMerchantAlsoWhatIsConfirmed) {
  create(holding(3));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  confirm(bob, "order");
  EXPECT_EQ(release(ann, "ann").change, ClaimChange::done);
  EXPECT_EQ(release(bob, "bob").change, ClaimChange::confirmed);
  EXPECT_EQ(claim_now(bob).status, ClaimStatus::confirmed);
  EXPECT_EQ(release(bob).change, ClaimChange::done);
  const auto sequence = look().sequence;
  across_restarts([&] {
    EXPECT_EQ(release(ann, "ann").change, ClaimChange::unchanged) << "twice is once";
    EXPECT_EQ(release(ann).change, ClaimChange::unchanged);
    EXPECT_EQ(release(bob).change, ClaimChange::unchanged);
    EXPECT_EQ(claim_now(ann).end_reason, EndReason::buyer);
    EXPECT_EQ(claim_now(bob).end_reason, EndReason::merchant);
    EXPECT_EQ(look().sequence, sequence);
    EXPECT_EQ(look().totals, (sale::Totals{3, 3, 0, 0, 0}));
  });
}

TEST_P(Contract, R17AnotherBuyersClaimIsNoClaimToHim) {
  create(holding(1));
  open_sale("t", 1);
  const ClaimView ann = claimed("ann");
  EXPECT_TRUE(std::holds_alternative<NoSuchClaim>(
      subject().ask(ReleaseClaim{sale::Slug("s"), ann.id, sale::BuyerId("bob")})));
  EXPECT_TRUE(std::holds_alternative<NoSuchClaim>(
      subject().ask(ConfirmClaim{sale::Slug("t"), ann.id, sale::Reference("order")})));
  EXPECT_TRUE(std::holds_alternative<NoSuchSale>(
      subject().ask(ExtendClaim{sale::Slug("none"), ann.id, 0})));
  EXPECT_EQ(claim_now(ann).status, ClaimStatus::held);
}

TEST_P(Contract, R18ABuyerClaimsAgainAsOftenAsTheSaleAllows) {
  sale::SaleDefinition definition = holding(5);
  definition.claim_attempts = 3;
  create(definition);
  release(claimed("ann"), "ann");
  claimed("ann");
  subject().advance(10s);
  const ClaimView third = claimed("ann", 1, "k3");
  confirm(third, "order");
  EXPECT_EQ(claim("s", "ann", 1, "k4").claim.id, third.id) << "a live claim is told, not counted";
  release(third);
  across_restarts([&] {
    const ClaimReply refused = claim("s", "ann");
    EXPECT_EQ(refused.refusal, Refusal::attempts_exhausted);
    EXPECT_EQ(refused.claim_attempts, 3U);
    EXPECT_EQ(claim("s", "ann", 1, "k3").verdict, ClaimVerdict::existing);
    EXPECT_EQ(look().totals.available, 5U);
  });
  claimed("bob");
}

TEST_P(Contract, R20LateMoneyIsOwedBackOnceForEachReference) {
  create(holding(1));
  const ClaimView ann = claimed("ann");
  subject().advance(10s);
  const std::uint64_t before = look().sequence.value;
  EXPECT_EQ(confirm(ann, "order-1").change, ClaimChange::expired);
  EXPECT_EQ(confirm(ann, "order-2").change, ClaimChange::expired);
  across_restarts([&] {
    EXPECT_EQ(confirm(ann, "order-1").change, ClaimChange::expired);
    const ClaimView now = confirm(ann, "order-2").claim;
    EXPECT_EQ(now.refunds, (std::vector<std::string>{"order-1", "order-2"}));
    EXPECT_EQ(now.status, ClaimStatus::released);
    EXPECT_EQ(look().sequence.value, before + 2) << "one refund_required for each";
    EXPECT_EQ(look().totals.available, 1U);
  });
}

TEST_P(Contract, R20LateMoneyTakesTheClaimBackWhereTheSaleSaysSo) {
  sale::SaleDefinition definition = holding(2);
  definition.late_payment = sale::LatePayment::reacquire;
  create(definition);
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  subject().advance(10s);
  steer(SaleAction::pause);
  const ClaimChangeReply back = confirm(bob, "order-bob");
  EXPECT_EQ(back.change, ClaimChange::done) << "paused is not closed";
  EXPECT_EQ(back.claim.units.first, (UnitRun{1, 1})) << "the unit that came back first";
  across_restarts([&] {
    EXPECT_EQ(confirm(bob, "order-bob").change, ClaimChange::unchanged);
    EXPECT_EQ(confirm(bob, "order-2").change, ClaimChange::reference_mismatch);
    const ClaimView now = claim_now(bob);
    EXPECT_EQ(now.status, ClaimStatus::confirmed);
    EXPECT_EQ(now.end_reason, EndReason::none);
    EXPECT_EQ(now.sequence, bob.sequence) << "the same claim";
    EXPECT_EQ(look().totals, (sale::Totals{2, 1, 0, 1, 0}));
  });
  EXPECT_EQ(claim_now(ann).end_reason, EndReason::expired);
}

TEST_P(Contract, R20LateMoneyComesTooLateForATakenUnitAFullLimitOrAClosedSale) {
  sale::SaleDefinition definition = holding(2);
  definition.late_payment = sale::LatePayment::reacquire;
  create(definition);
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  subject().advance(10s);
  const ClaimView again = claimed("ann");
  EXPECT_EQ(confirm(ann, "limit").change, ClaimChange::expired);
  const ClaimView cid = claimed("cid");
  EXPECT_EQ(confirm(bob, "taken").change, ClaimChange::expired);
  release(cid);
  release(again);
  steer(SaleAction::close);
  EXPECT_EQ(confirm(bob, "closed").change, ClaimChange::expired);
  across_restarts([&] {
    EXPECT_EQ(claim_now(ann).refunds, (std::vector<std::string>{"limit"}));
    EXPECT_EQ(claim_now(bob).refunds, (std::vector<std::string>{"taken", "closed"}));
    EXPECT_EQ(look().totals, (sale::Totals{2, 2, 0, 0, 0}));
  });
}

TEST_P(Contract, R20ARefundThatIsOwedStaysOwed) {
  sale::SaleDefinition definition = holding(1);
  definition.late_payment = sale::LatePayment::reacquire;
  create(definition);
  const ClaimView ann = claimed("ann");
  subject().advance(10s);
  const ClaimView bob = claimed("bob");
  EXPECT_EQ(confirm(ann, "order").change, ClaimChange::expired);
  release(bob, "bob");
  across_restarts([&] { EXPECT_EQ(confirm(ann, "order").change, ClaimChange::expired); });
  EXPECT_EQ(confirm(ann, "another").change, ClaimChange::done);
  EXPECT_EQ(claim_now(ann).refunds, (std::vector<std::string>{"order"}));
}

TEST_P(Contract, AHoldIsExtendedOnceAndNoLongerThanTheSaleAllows) {
  sale::SaleDefinition definition = holding(2);
  definition.max_extension_seconds = 5;
  create(definition);
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  const ClaimChangeReply longer = extend(ann, 6);
  EXPECT_EQ(longer.change, ClaimChange::not_extendable);
  EXPECT_EQ(longer.max_extension_seconds, 5U);
  EXPECT_EQ(extend(ann).change, ClaimChange::done);
  EXPECT_EQ(extend(bob, 2).claim.expires_at, bob.expires_at + 2s);
  across_restarts([&] {
    const ClaimChangeReply twice = extend(ann, 1);
    EXPECT_EQ(twice.change, ClaimChange::unchanged);
    EXPECT_EQ(twice.claim.expires_at, ann.expires_at + 5s);
    EXPECT_TRUE(twice.claim.extended);
    EXPECT_EQ(look().next_return_at, bob.expires_at + 2s);
  });
  subject().advance(12s);
  EXPECT_EQ(extend(bob).change, ClaimChange::expired);
  subject().advance(2999ms);
  EXPECT_EQ(confirm(ann, "order").change, ClaimChange::done) << "1 ms before its new end";
  EXPECT_EQ(extend(ann).change, ClaimChange::confirmed);
  release(ann);
  EXPECT_EQ(extend(ann).change, ClaimChange::released);
}

namespace {

constexpr std::size_t kMany = 2500;  // more than an engine settles in one step

std::string holder(std::size_t number) { return "holder-" + std::to_string(number); }

Command claim_of(const std::string& buyer) {
  return sale::ClaimUnits{sale::Slug("s"), sale::BuyerId(buyer), 1, {}};
}

std::vector<Command> claims_of_many() {
  std::vector<Command> commands;
  for (std::size_t i = 0; i < kMany; ++i) commands.push_back(claim_of(holder(i)));
  return commands;
}

}  // namespace

TEST_P(Contract, R13ThousandsOfHoldsThatEndAtOnceAreFreeInEveryAnswer) {
  for (const bool restarted : {false, true}) {
    SCOPED_TRACE(restarted);
    SetUp();
    create(holding(kMany));
    const auto held = subject().ask_all(claims_of_many());
    const auto claim_id = [&](std::size_t i) { return std::get<ClaimReply>(held[i]).claim.id; };
    EXPECT_EQ(claim("s", "early").refusal, Refusal::sold_out);
    subject().advance(10s);
    if (restarted) subject().restart(false);
    const std::size_t last = kMany - 1;
    const auto replies = subject().ask_all(
        {claim_of("new"), claim_of(holder(last)), ReadSale{sale::Slug("s")},
         ReadBuyerClaims{sale::Slug("s"), sale::BuyerId(holder(last - 1))},
         ReadClaim{sale::Slug("s"), claim_id(last - 2)},
         ConfirmClaim{sale::Slug("s"), claim_id(last - 3), sale::Reference("order")},
         ReleaseClaim{sale::Slug("s"), claim_id(last - 4), sale::BuyerId(holder(last - 4))},
         ExtendClaim{sale::Slug("s"), claim_id(last - 5), 0}});
    EXPECT_EQ(std::get<ClaimReply>(replies[0]).verdict, ClaimVerdict::granted);
    EXPECT_EQ(std::get<ClaimReply>(replies[1]).verdict, ClaimVerdict::granted)
        << "his own hold is over";
    const auto& sale = std::get<SaleView>(replies[2]);
    EXPECT_EQ(sale.totals, (sale::Totals{kMany, kMany - 2, 2, 0, 0}));
    EXPECT_EQ(sale.released[static_cast<std::size_t>(EndReason::expired)], kMany);
    EXPECT_GT(sale.next_return_at, sale.now);
    const auto& page = std::get<ClaimsPage>(replies[3]);
    EXPECT_EQ(page.claims.at(0).end_reason, EndReason::expired);
    EXPECT_EQ(page.sale.totals.held, 2U);
    EXPECT_EQ(std::get<ClaimsPage>(replies[4]).claims.at(0).end_reason, EndReason::expired);
    EXPECT_EQ(std::get<ClaimChangeReply>(replies[5]).change, ClaimChange::expired);
    EXPECT_EQ(std::get<ClaimChangeReply>(replies[6]).change, ClaimChange::unchanged);
    EXPECT_EQ(std::get<ClaimChangeReply>(replies[7]).change, ClaimChange::expired);
    EXPECT_EQ(look().sequence.value, 2 + kMany + kMany + 3)
        << "each hold ended once, and besides there were two grants and a refund";
  }
}

TEST_P(Contract, R13ACrowdTakesAllUnitsOfTheHoldsThatEndAtOnce) {
  create(holding(kMany));
  subject().ask_all(claims_of_many());
  subject().advance(10s);
  std::vector<Command> crowd;
  for (std::size_t i = 0; i < kMany + 1; ++i) crowd.push_back(claim_of("new-" + holder(i)));
  const auto replies = subject().ask_all(crowd);
  std::set<sale::Unit> units;
  for (std::size_t i = 0; i < kMany; ++i) {
    const auto& reply = std::get<ClaimReply>(replies[i]);
    ASSERT_EQ(reply.verdict, ClaimVerdict::granted) << i;
    units.insert(reply.claim.units.first.first);
  }
  EXPECT_EQ(units.size(), kMany);
  EXPECT_EQ(*units.rbegin(), kMany) << "every one of them had come back";
  EXPECT_EQ(std::get<ClaimReply>(replies[kMany]).refusal, Refusal::sold_out);
}

TEST_P(Contract, R13ASaleIsClosedAtItsTimeHoweverMuchElseIsDue) {
  sale::SaleDefinition definition = holding(kMany + 1);
  definition.late_payment = sale::LatePayment::reacquire;
  definition.closes_at = look_time() + 10s;
  create(definition);
  const auto held = subject().ask_all(claims_of_many());
  const sale::ClaimId first = std::get<ClaimReply>(held[0]).claim.id;
  subject().advance(10s);
  const auto replies = subject().ask_all(
      {claim_of("late"), ConfirmClaim{sale::Slug("s"), first, sale::Reference("order")}});
  EXPECT_EQ(std::get<ClaimReply>(replies[0]).refusal, Refusal::closed);
  EXPECT_EQ(std::get<ClaimChangeReply>(replies[1]).change, ClaimChange::expired);
  EXPECT_EQ(look().totals, (sale::Totals{kMany + 1, kMany + 1, 0, 0, 0}));
}

TEST_P(Contract, R1WhatComesBackAfterTheClosingIsNoChance) {
  sale::SaleDefinition definition = holding(1);
  definition.closes_at = look_time() + 5s;
  create(definition);
  EXPECT_EQ(std::get<ClaimReply>(subject().ask(claim_of("ann"))).verdict, ClaimVerdict::granted);
  EXPECT_EQ(look().availability, sale::Availability::all_held);
  EXPECT_EQ(look().next_return_at, kNever);
}

}  // namespace doorbuster::store
