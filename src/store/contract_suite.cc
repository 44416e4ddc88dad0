#include "store/contract_suite.h"

#include <set>

namespace doorbuster::store {

using sale::ClaimVerdict;
using sale::CreateVerdict;
using sale::Refusal;
using namespace std::chrono_literals;

// The suite is instantiated elsewhere, in the program of each engine.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Contract);

CreateReply Contract::create(sale::SaleDefinition definition) {
  return std::get<CreateReply>(subject().ask(
      sale::CreateSale{std::make_shared<sale::SaleDefinition>(std::move(definition))}));
}

SaleView Contract::open_sale(const std::string& slug, std::uint32_t stock, sale::Quantity limit) {
  sale::SaleDefinition definition;
  definition.slug = slug;
  definition.stock = stock;
  definition.per_buyer_limit = limit;
  const CreateReply reply = create(definition);
  EXPECT_EQ(reply.verdict, CreateVerdict::created);
  return reply.sale;
}

sale::SaleDefinition Contract::holding(std::uint32_t stock, std::uint32_t hold_seconds,
                                       sale::Quantity limit) {
  sale::SaleDefinition definition;
  definition.slug = "s";
  definition.stock = stock;
  definition.hold_seconds = hold_seconds;
  definition.per_buyer_limit = limit;
  return definition;
}

ClaimReply Contract::claim(const std::string& sale, const std::string& buyer,
                           sale::Quantity quantity, const std::string& key) {
  return std::get<ClaimReply>(subject().ask(
      sale::ClaimUnits{sale::Slug(sale), sale::BuyerId(buyer), quantity, sale::Key(key)}));
}

SaleView Contract::look(const std::string& sale) {
  SaleView view = std::get<SaleView>(subject().ask(ReadSale{sale::Slug(sale)}));
  EXPECT_TRUE(view.totals.conserved());
  return view;
}

ClaimsPage Contract::claims_of(const std::string& sale, const std::string& buyer) {
  return std::get<ClaimsPage>(
      subject().ask(ReadBuyerClaims{sale::Slug(sale), sale::BuyerId(buyer)}));
}

ClaimsPage Contract::list(const std::string& sale, std::uint32_t from, std::uint32_t limit,
                          std::uint32_t below) {
  return std::get<ClaimsPage>(subject().ask(ListClaims{sale::Slug(sale), from, limit, below}));
}

Time Contract::look_time() {
  open_sale("clock", 1);
  return look("clock").now;
}

SaleView Contract::publish_round(std::uint32_t stock) {
  return std::get<CreateReply>(subject().ask(sale::PublishRound{stock})).sale;
}

ClaimView Contract::claimed(const std::string& buyer, sale::Quantity quantity,
                            const std::string& key) {
  const ClaimReply reply = claim("s", buyer, quantity, key);
  EXPECT_EQ(reply.verdict, ClaimVerdict::granted) << sale::to_string(reply.refusal);
  return reply.claim;
}

ClaimView Contract::claim_now(const ClaimView& claim) {
  return std::get<ClaimsPage>(subject().ask(ReadClaim{sale::Slug("s"), claim.id})).claims.at(0);
}

ClaimChangeReply Contract::confirm(const ClaimView& claim, const std::string& reference) {
  return std::get<ClaimChangeReply>(
      subject().ask(ConfirmClaim{sale::Slug("s"), claim.id, sale::Reference(reference)}));
}

ClaimChangeReply Contract::release(const ClaimView& claim, const std::string& buyer) {
  return std::get<ClaimChangeReply>(
      subject().ask(ReleaseClaim{sale::Slug("s"), claim.id, sale::BuyerId(buyer)}));
}

ClaimChangeReply Contract::extend(const ClaimView& claim, std::uint32_t seconds) {
  return std::get<ClaimChangeReply>(subject().ask(ExtendClaim{sale::Slug("s"), claim.id, seconds}));
}

SaleChangeReply Contract::change(const sale::SaleChanges& changes,
                                 std::optional<std::uint32_t> if_version) {
  return std::get<SaleChangeReply>(subject().ask(
      sale::ChangeSale{sale::Slug("s"), if_version, std::make_shared<sale::SaleChanges>(changes)}));
}

SaleChangeReply Contract::steer(sale::SaleAction action) {
  return std::get<SaleChangeReply>(subject().ask(sale::SteerSale{sale::Slug("s"), action}));
}

Reply Contract::remove(const std::string& sale) {
  return subject().ask(sale::DeleteSale{sale::Slug(sale)});
}

void Contract::across_restarts(const std::function<void()>& check) {
  check();
  for (const bool in_good_order : {false, true}) {
    if (in_good_order && GetParam().ends_suddenly_alone) continue;
    SCOPED_TRACE(in_good_order ? "after a stop in good order" : "after a sudden end");
    subject().restart(in_good_order);
    check();
  }
}

TEST_P(Contract, R1StockIsNeverOversoldNorUndersold) {
  open_sale("s", 10);
  std::set<sale::Unit> units;
  for (int i = 0; i < 25; ++i) {
    const ClaimReply reply = claim("s", "b" + std::to_string(i));
    if (i < 10) {
      ASSERT_EQ(reply.verdict, ClaimVerdict::granted);
      EXPECT_TRUE(units.insert(reply.claim.units.first.first).second);
    } else {
      ASSERT_EQ(reply.verdict, ClaimVerdict::refused);
      EXPECT_EQ(reply.refusal, Refusal::sold_out);
      EXPECT_EQ(reply.availability, sale::Availability::gone);
    }
  }
  const SaleView sale = look("s");
  EXPECT_EQ(sale.totals.available, 0U);
  EXPECT_EQ(sale.totals.confirmed, 10U);
  EXPECT_EQ(sale.refused[static_cast<std::size_t>(Refusal::sold_out)], 15U);
}

TEST_P(Contract, R2ABuyerGetsAtMostTheLimit) {
  open_sale("s", 10, 2);
  EXPECT_EQ(claim("s", "ann", 1, "k1").verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("s", "ann", 1, "k2").verdict, ClaimVerdict::granted);
  const ClaimReply third = claim("s", "ann", 1, "k3");
  EXPECT_EQ(third.refusal, Refusal::limit_exceeded);
  EXPECT_EQ(third.claims.size(), 2U);
  EXPECT_EQ(claim("s", "bob", 3).refusal, Refusal::limit_exceeded);
  EXPECT_EQ(look("s").totals.confirmed, 2U);
}

TEST_P(Contract, R3AClaimIsAllOrNothing) {
  open_sale("s", 5, 5);
  claim("s", "ann", 3);
  const ClaimReply reply = claim("s", "bob", 4);
  EXPECT_EQ(reply.refusal, Refusal::insufficient_stock);
  EXPECT_EQ(reply.available, 2U);
  EXPECT_EQ(look("s").totals.available, 2U);
}

TEST_P(Contract, R5EveryUnitHasOneOwner) {
  open_sale("s", 30, 3);
  for (int i = 0; i < 10; ++i) claim("s", "b" + std::to_string(i), 3);
  std::set<sale::Unit> units;
  for (const ClaimView& claim : list("s").claims) {
    for (std::uint32_t i = 0; i < claim.units.first.count; ++i) {
      EXPECT_TRUE(units.insert(claim.units.first.first + i).second);
    }
  }
  EXPECT_EQ(units.size(), 30U);
  EXPECT_EQ(*units.begin(), 1U);
  EXPECT_EQ(*units.rbegin(), 30U);
}

TEST_P(Contract, R7WhatWasAcknowledgedIsThereAfterAnyEnd) {
  for (const bool in_good_order : {true, false}) {
    const std::string slug = in_good_order ? "one" : "two";
    open_sale(slug, 100, 2);
    std::vector<ClaimView> won;
    for (int i = 0; i < 20; ++i) {
      const auto quantity = static_cast<sale::Quantity>(1 + i % 2);
      won.push_back(claim(slug, "b" + std::to_string(i), quantity, "k").claim);
    }
    const SaleView before = look(slug);
    subject().restart(in_good_order);
    const SaleView after = look(slug);
    EXPECT_EQ(after.sequence, before.sequence);
    EXPECT_EQ(after.totals, before.totals);
    EXPECT_EQ(*after.definition, *before.definition);
    const ClaimsPage page = list(slug);
    ASSERT_EQ(page.claims.size(), won.size());
    for (std::size_t i = 0; i < won.size(); ++i) {
      EXPECT_EQ(page.claims[i].id, won[i].id);
      EXPECT_EQ(page.claims[i].buyer, won[i].buyer);
      EXPECT_EQ(page.claims[i].units, won[i].units);
      EXPECT_EQ(page.claims[i].sequence, won[i].sequence);
      EXPECT_EQ(page.claims[i].claimed_at, won[i].claimed_at);
    }
    EXPECT_EQ(claim(slug, "b0", 1, "k").verdict, ClaimVerdict::existing);
  }
}

TEST_P(Contract, R8ASaleThatDoesNotExistIsNoRefusal) {
  EXPECT_TRUE(std::holds_alternative<NoSuchSale>(
      subject().ask(sale::ClaimUnits{sale::Slug("none"), sale::BuyerId("ann"), 1, {}})));
  EXPECT_TRUE(std::holds_alternative<NoSuchSale>(subject().ask(ReadSale{sale::Slug("goods")})));
}

TEST_P(Contract, R9AWinnerWhoRepeatsHimselfGetsHisClaim) {
  open_sale("s", 1);
  const ClaimReply won = claim("s", "ann", 1, "k");
  EXPECT_EQ(claim("s", "bob").refusal, Refusal::sold_out);
  for (const char* key : {"k", "", "another"}) {
    const ClaimReply again = claim("s", "ann", 1, key);
    EXPECT_EQ(again.verdict, ClaimVerdict::existing) << key;
    EXPECT_EQ(again.claim.id, won.claim.id) << key;
    EXPECT_EQ(again.claim.sequence, won.claim.sequence) << key;
  }
  EXPECT_EQ(claim("s", "ann", 2, "k").refusal, Refusal::key_reused);
}

TEST_P(Contract, R9AKeyIsScopedToSaleAndBuyer) {
  open_sale("s", 10, 2);
  open_sale("t", 10, 2);
  claim("s", "ann", 1, "k");
  EXPECT_EQ(claim("s", "bob", 2, "k").verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("t", "ann", 2, "k").verdict, ClaimVerdict::granted);
}

TEST_P(Contract, R9RefusalsAreNeverStored) {
  sale::SaleDefinition definition;
  definition.slug = "s";
  definition.stock = 5;
  definition.opens_at = look_time() + 10s;
  create(definition);
  EXPECT_EQ(claim("s", "ann", 1, "k").refusal, Refusal::not_open);
  subject().advance(10s);
  EXPECT_EQ(claim("s", "ann", 1, "k").verdict, ClaimVerdict::granted);
}

TEST_P(Contract, R10RestartingTwiceChangesNothing) {
  open_sale("s", 10);
  claim("s", "ann");
  const SaleView before = look("s");
  for (int i = 0; i < 3; ++i) {
    subject().restart(i % 2 == 0);
    EXPECT_EQ(look("s").sequence, before.sequence);
    EXPECT_EQ(look("s").totals, before.totals);
  }
  EXPECT_EQ(claim("s", "bob").claim.units.first.first, 2U);
}

TEST_P(Contract, R12AClaimIsGrantedOnlyWhileTheSaleIsOpen) {
  sale::SaleDefinition definition;
  definition.slug = "s";
  definition.stock = 5;
  const Time now = look_time();
  definition.opens_at = now + 10s;
  definition.closes_at = now + 20s;
  EXPECT_EQ(create(definition).sale.status, sale::SaleStatus::scheduled);
  subject().advance(9999ms);
  const ClaimReply early = claim("s", "ann");
  EXPECT_EQ(early.refusal, Refusal::not_open);
  EXPECT_EQ(early.opens_at, definition.opens_at);
  EXPECT_EQ(early.now, *definition.opens_at - 1ms);
  subject().advance(1ms);
  EXPECT_EQ(claim("s", "ann").verdict, ClaimVerdict::granted);
  subject().advance(10s);
  EXPECT_EQ(claim("s", "bob").refusal, Refusal::closed);
  EXPECT_EQ(claim("s", "ann").verdict, ClaimVerdict::existing);
}

TEST_P(Contract, R13WhatIsDueComesFirstInReadsToo) {
  sale::SaleDefinition definition;
  definition.slug = "s";
  definition.stock = 5;
  definition.opens_at = look_time() + 10s;
  create(definition);
  EXPECT_EQ(look("s").status, sale::SaleStatus::scheduled);
  subject().advance(10s);
  EXPECT_EQ(look("s").status, sale::SaleStatus::open);
  subject().restart(false);
  EXPECT_EQ(look("s").status, sale::SaleStatus::open);
  EXPECT_EQ(look("s").sequence.value, 2U);
}

TEST_P(Contract, R14PublishingAgainNeverErasesWinners) {
  EXPECT_EQ(publish_round(3).definition->slug, "goods-1");
  const ClaimReply won = claim("goods", "ann");
  EXPECT_EQ(won.sale.view(), "goods-1");
  EXPECT_EQ(publish_round(5).definition->slug, "goods-2");
  EXPECT_EQ(look("goods-1").status, sale::SaleStatus::closed);
  EXPECT_EQ(list("goods-1").claims.at(0).id, won.claim.id);
  EXPECT_EQ(look("goods").definition->slug, "goods-2");
  EXPECT_EQ(claim("goods", "ann").verdict, ClaimVerdict::granted);
  subject().restart(false);
  EXPECT_EQ(look("goods").definition->slug, "goods-2");
  EXPECT_EQ(publish_round(1).definition->slug, "goods-3");
}

TEST_P(Contract, R19SequencesFollowTheOrderOfDecision) {
  open_sale("s", 100);
  sale::Sequence last;
  for (int i = 0; i < 50; ++i) {
    const ClaimReply reply = claim("s", "b" + std::to_string(i));
    EXPECT_GT(reply.claim.sequence, last);
    EXPECT_EQ(reply.sequence, reply.claim.sequence);
    last = reply.claim.sequence;
    EXPECT_GE(look("s").sequence, last);
  }
}

TEST_P(Contract, TheSameDefinitionAgainIsTheSameSale) {
  open_sale("s", 5);
  sale::SaleDefinition definition;
  definition.slug = "s";
  definition.stock = 5;
  EXPECT_EQ(create(definition).verdict, CreateVerdict::existing);
  definition.stock = 6;
  EXPECT_EQ(create(definition).verdict, CreateVerdict::already_exists);
  EXPECT_EQ(look("s").totals.stock, 5U);
}

TEST_P(Contract, ABuyersClaimsAreListedNewestFirst) {
  open_sale("s", 10, 3);
  claim("s", "ann", 1, "k1");
  claim("s", "bob");
  claim("s", "ann", 2, "k2");
  const ClaimsPage page = claims_of("s", "ann");
  ASSERT_EQ(page.claims.size(), 2U);
  EXPECT_EQ(page.claims[0].quantity, 2);
  EXPECT_EQ(page.claims[1].quantity, 1);
  EXPECT_TRUE(claims_of("s", "cid").claims.empty());
}

TEST_P(Contract, AClaimIsFoundByItsIdInItsOwnSaleAlone) {
  open_sale("s", 10);
  open_sale("t", 10);
  const sale::ClaimId id = claim("s", "ann").claim.id;
  const auto found = std::get<ClaimsPage>(subject().ask(ReadClaim{sale::Slug("s"), id}));
  EXPECT_EQ(found.claims.at(0).buyer.view(), "ann");
  EXPECT_TRUE(std::holds_alternative<NoSuchClaim>(subject().ask(ReadClaim{sale::Slug("t"), id})));
  EXPECT_TRUE(std::holds_alternative<NoSuchClaim>(
      subject().ask(ReadClaim{sale::Slug("s"), sale::ClaimId{id.high, id.low ^ 1}})));
}

TEST_P(Contract, ListsComeInPages) {
  open_sale("s", 100);
  for (int i = 0; i < 10; ++i) claim("s", "b" + std::to_string(i));
  const ClaimsPage first = list("s", 0, 4);
  EXPECT_EQ(first.claims.size(), 4U);
  EXPECT_TRUE(first.has_more);
  const ClaimsPage last = list("s", 8, 4);
  EXPECT_EQ(last.claims.size(), 2U);
  EXPECT_FALSE(last.has_more);
  const ClaimsPage bounded = list("s", 0, 1000, 3);
  EXPECT_EQ(bounded.claims.size(), 3U);
  EXPECT_FALSE(bounded.has_more);
  for (int i = 0; i < 5; ++i) open_sale("t" + std::to_string(i), 1);
  const auto sales = std::get<SalesPage>(subject().ask(ListSales{1, 3}));
  EXPECT_EQ(sales.sales.size(), 3U);
  EXPECT_EQ(sales.sales[0].definition->slug, "t0");
  EXPECT_TRUE(sales.has_more);
}

}  // namespace doorbuster::store
