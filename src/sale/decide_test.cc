// The rules of a sale, each test named by the sentence it holds the core to.
#include <gtest/gtest.h>

#include "sale/sale_test_world.h"

namespace doorbuster::sale {
namespace {

using namespace std::chrono_literals;

class SaleTest : public testing::Test, public World {
 protected:
  void TearDown() override {
    for (std::uint32_t i = 0; i < catalog().size(); ++i) {
      const Status status = check_claims(catalog()[{i}]);
      EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    }
  }
};
using Claiming = SaleTest;
using Publishing = SaleTest;

TEST_F(Claiming, LastUnitGoesToTheFirstBuyerOnly) {
  open_sale(stock(1));
  EXPECT_EQ(claim("ann"), ClaimOutcome::granted({0}));
  EXPECT_EQ(claim("bob"), refused(Refusal::sold_out));
  EXPECT_EQ(sale().totals().available, 0U);
  EXPECT_EQ(sale().availability(), Availability::gone);
}

TEST_F(Claiming, UnitsAreNumberedFromOneInOrder) {
  open_sale(stock(10, 5));
  EXPECT_EQ(units(claim("ann", 2)).first, (UnitRun{1, 2}));
  EXPECT_EQ(units(claim("bob", 1)).first, (UnitRun{3, 1}));
  EXPECT_EQ(units(claim("cid", 5)).first, (UnitRun{4, 5}));
  EXPECT_NE(claim("bob"), claim("cid"));
}

TEST_F(Claiming, EachClaimCarriesTheSequenceOfItsDecision) {
  open_sale(stock(10));
  const auto first = claim("ann");
  const auto second = claim("bob");
  EXPECT_EQ(sale().claims()[first.claim].sequence.value, 3U);  // after created and opened
  EXPECT_EQ(sale().claims()[second.claim].sequence.value, 4U);
}

TEST_F(Claiming, AllOrNothing) {
  open_sale(stock(5, 4));
  claim("ann", 3);
  EXPECT_EQ(claim("bob", 4), refused(Refusal::insufficient_stock));
  EXPECT_EQ(sale().totals().available, 2U);
  EXPECT_EQ(claim("bob", 2).verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("cid", 1), refused(Refusal::sold_out));
}

TEST_F(Claiming, ARefusedClaimChangesNothing) {
  open_sale(stock(1));
  claim("ann");
  const auto before = digest(catalog());
  claim("bob");
  claim("ann", 2, "other-key");
  EXPECT_EQ(digest(catalog()), before);
}

TEST_F(Claiming, WithoutAKeyTheLiveClaimIsTheAnswerWhateverTheQuantity) {
  open_sale(stock(10, 3));
  const auto first = claim("ann", 2);
  EXPECT_EQ(claim("ann", 1), ClaimOutcome::existing(first.claim));
  EXPECT_EQ(claim("ann", 3), ClaimOutcome::existing(first.claim));
}

TEST_F(Claiming, AKnownKeyIsItsClaim) {
  open_sale(stock(10, 3));
  const auto first = claim("ann", 1, "k1");
  const auto second = claim("ann", 2, "k2");
  EXPECT_EQ(second.verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("ann", 1, "k1"), ClaimOutcome::existing(first.claim));
  EXPECT_EQ(claim("ann", 2, "k2"), ClaimOutcome::existing(second.claim));
}

TEST_F(Claiming, AKnownKeyWithAnotherQuantityIsRefused) {
  open_sale(stock(10, 3));
  claim("ann", 1, "k1");
  EXPECT_EQ(claim("ann", 2, "k1"), refused(Refusal::key_reused));
}

TEST_F(Claiming, AKeyBelongsToItsBuyerAndItsSale) {
  open_sale(stock(10, 3));
  auto other = stock(10, 3);
  other.slug = "other";
  open_sale(other);
  claim("ann", 1, "k1");
  EXPECT_EQ(claim("bob", 1, "k1").verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("ann", 2, "k1", "other").verdict, ClaimVerdict::granted);
}

TEST_F(Claiming, AnUnknownKeyIsDecidedAnew) {
  open_sale(stock(10, 2));
  EXPECT_EQ(claim("ann", 1, "k1").verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("ann", 1, "k2").verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim("ann", 1, "k3"), refused(Refusal::limit_exceeded));
}

TEST_F(Claiming, AnUnknownKeyWithoutRoomIsTheLiveClaimWhereTheLimitIsOne) {
  open_sale(stock(10));
  const auto first = claim("ann", 1, "k1");
  EXPECT_EQ(claim("ann", 1, "k2"), ClaimOutcome::existing(first.claim));
}

TEST_F(Claiming, MoreThanTheLimitAtOnceIsRefusedBeforeStockIsLookedAt) {
  open_sale(stock(1, 2));
  EXPECT_EQ(claim("ann", 3), refused(Refusal::limit_exceeded));
  claim("bob");
  EXPECT_EQ(claim("ann", 3), refused(Refusal::limit_exceeded));
}

TEST_F(Claiming, AWinnerGetsHisClaimAfterTheSaleHasSoldOut) {
  open_sale(stock(1));
  const auto won = claim("ann", 1, "k");
  claim("bob");
  EXPECT_EQ(claim("ann", 1, "k"), ClaimOutcome::existing(won.claim));
  EXPECT_EQ(claim("ann"), ClaimOutcome::existing(won.claim));
}

TEST_F(Claiming, AWinnerGetsHisClaimAfterTheSaleHasClosed) {
  auto definition = stock(5, 2);
  definition.closes_at = kBegin + 10s;
  open_sale(definition);
  const auto won = claim("ann", 1, "k");
  at(10s);
  EXPECT_EQ(claim("ann", 1, "k"), ClaimOutcome::existing(won.claim));
  EXPECT_EQ(claim("ann"), ClaimOutcome::existing(won.claim));
  EXPECT_EQ(claim("ann", 1, "k2"), refused(Refusal::closed));
  EXPECT_EQ(claim("bob"), refused(Refusal::closed));
}

TEST_F(Claiming, NothingIsGrantedBeforeTheOpeningAndAllFromItsMillisecondOn) {
  auto definition = stock(5);
  definition.opens_at = kBegin + 10s;
  open_sale(definition);
  EXPECT_EQ(sale().status(), SaleStatus::scheduled);
  EXPECT_EQ(claim("ann"), refused(Refusal::not_open));
  at(9999ms);
  EXPECT_EQ(claim("ann"), refused(Refusal::not_open));
  at(10000ms);
  EXPECT_EQ(claim("ann").verdict, ClaimVerdict::granted);
  EXPECT_EQ(sale().sequence().value, 3U);
}

TEST_F(Claiming, OpeningAndClosingThatAreBothDueHappenInTheirOrder) {
  auto definition = stock(5);
  definition.opens_at = kBegin + 1s;
  definition.closes_at = kBegin + 2s;
  open_sale(definition);
  at(3s);
  EXPECT_EQ(claim("ann"), refused(Refusal::closed));
  EXPECT_EQ(sale().sequence().value, 3U);  // created, opened, closed
  EXPECT_EQ(next_due_at(sale()), kNever);
}

TEST_F(Claiming, LongAndShortBuyersAreToldApart) {
  open_sale(stock(10));
  const std::string long_one(128, 'x');
  std::string another = long_one;
  another.back() = 'y';
  EXPECT_EQ(claim(long_one).verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim(another).verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim(std::string(24, 'x')).verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim(std::string(25, 'x')).verdict, ClaimVerdict::granted);
  EXPECT_EQ(claim(long_one), ClaimOutcome::existing({0}));
}

TEST_F(Publishing, TheSameDefinitionAgainIsTheSameSale) {
  open_sale(stock(5));
  EXPECT_EQ(create(stock(5)).verdict, CreateVerdict::existing);
  EXPECT_EQ(create(stock(6)).verdict, CreateVerdict::already_exists);
  EXPECT_EQ(catalog().size(), 1U);
}

TEST_F(Publishing, ASaleWhoseOpeningHasPassedIsOpenAtOnce) {
  auto definition = stock(5);
  definition.opens_at = kBegin;
  open_sale(definition);
  EXPECT_EQ(sale().status(), SaleStatus::open);
  EXPECT_EQ(sale().last_event_at(), kBegin);
}

TEST_F(Publishing, AHundredMillionUnitsTakeNoMemory) {
  open_sale(stock(kMaxStock));
  EXPECT_LT(sale().memory(), 1024U);
  EXPECT_EQ(sale().totals().available, kMaxStock);
}

TEST_F(Publishing, ARoundClosesTheOneBeforeAndErasesNoWinner) {
  publish_round(2);
  const auto won = claim("ann", 1, "", "goods");
  publish_round(3);
  EXPECT_EQ(catalog().size(), 2U);
  EXPECT_EQ(sale("goods-1").status(), SaleStatus::closed);
  EXPECT_EQ(sale("goods").definition().slug, "goods-2");
  EXPECT_EQ(claim("ann", 1, "", "goods-1"), ClaimOutcome::existing(won.claim));
  EXPECT_EQ(claim("bob", 1, "", "goods-1"), refused(Refusal::closed));
  EXPECT_EQ(claim("ann", 1, "", "goods").verdict, ClaimVerdict::granted);
}

TEST_F(Publishing, ARoundThatWasClosedByHandIsNotClosedAgain) {
  auto definition = stock(2);
  definition.slug = "goods-1";
  definition.closes_at = kBegin + 1s;
  open_sale(definition);
  at(2s);
  settle("goods-1");
  const Sequence closed = sale("goods-1").sequence();
  publish_round(3);
  EXPECT_EQ(sale("goods-1").sequence(), closed);
  EXPECT_EQ(sale("goods").definition().slug, "goods-2");
}

}  // namespace
}  // namespace doorbuster::sale
