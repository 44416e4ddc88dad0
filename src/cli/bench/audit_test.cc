#include "cli/bench/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/bench/nanoseconds.h"

namespace doorbuster::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string answer(const std::string& id, const std::string& buyer, const std::string& units,
                   const std::string& status = "confirmed") {
  return R"({"id":")" + id + R"(","sale":"s","buyer":")" + buyer + R"(","quantity":1,"units":[)" +
         units + R"(],"status":")" + status + R"("})";
}

// Three buyers of a sale of ten, each with the unit after his number; nothing is wrong yet.
class ASale : public testing::Test {
 protected:
  void SetUp() override {
    for (BuyerNumber buyer = 0; buyer < 3; ++buyer) told(buyer);
    figures.stock = 10;
    figures.available = 7;
    figures.confirmed = 3;
  }

  static std::string id(BuyerNumber buyer) { return "clm_" + std::to_string(buyer); }
  std::string name(BuyerNumber buyer) const { return ledger.names().name(buyer); }
  std::optional<ClaimNumber> told(BuyerNumber buyer, const std::string& status = "confirmed") {
    return ledger.acknowledge(
        buyer, answer(id(buyer), name(buyer), std::to_string(buyer + 1), status), kSecond);
  }
  // As the server lists it; `names` keeps what the views stand on.
  void list(const std::string& claim, const std::string& buyer, std::vector<std::uint32_t> units,
            ClaimState state = ClaimState::confirmed) {
    claims.push_back({claim, buyer, std::move(units), state});
  }
  void list_all() {
    for (BuyerNumber buyer = 0; buyer < 3; ++buyer) list(id(buyer), name(buyer), {buyer + 1});
  }
  std::vector<std::string> verdict() {
    Audit audit(ledger, is_ours);
    for (const Row& row : claims) audit.listed({row.id, row.buyer, row.units, row.state});
    audit.finish(figures, after ? *after : figures);
    found = audit.acknowledged_found();
    EXPECT_EQ(audit.adds_up(), ledger.breaches().sentences().empty());
    return ledger.breaches().sentences();
  }

  struct Row {
    std::string id;
    std::string buyer;
    std::vector<std::uint32_t> units;
    ClaimState state;
  };
  Ledger ledger{BuyerNames("t"), 10, 60 * kSecond};
  std::vector<Row> claims;
  SaleFigures figures;
  std::optional<SaleFigures> after;
  bool is_ours = true;
  std::uint64_t found = 0;
};

TEST_F(ASale, ThatAddsUpHasNothingAgainstIt) {
  list_all();
  EXPECT_THAT(verdict(), IsEmpty());
  EXPECT_EQ(found, 3U);
}

TEST_F(ASale, WithAnAcknowledgedClaimThatIsNotListedIsRefused) {
  list_all();
  claims.erase(claims.begin() + 1);
  figures.available = 8;
  figures.confirmed = 2;
  EXPECT_THAT(verdict(), ElementsAre("R7: 1 acknowledged claim is not in the list of claims: clm_1 "
                                     "of t-00000001, unit 2"));
}

TEST_F(ASale, WhoseFiguresDoNotAddUpIsRefused) {
  list_all();
  figures.available = 8;
  EXPECT_THAT(verdict(),
              ElementsAre(HasSubstr("R1: the sale's figures do not add up: 8 available")));
}

TEST_F(ASale, ThatIsOversoldIsRefused) {
  list_all();
  figures.stock = 2;
  figures.available = 0;
  EXPECT_THAT(verdict(), ElementsAre(HasSubstr("R1: the sale's figures"),
                                     HasSubstr("R1: the sale is oversold: 3 units are claimed")));
}

TEST_F(ASale, WithMoreClaimsListedThanCountedIsRefused) {
  list_all();
  list("clm_x", "somebody-else", {9});
  EXPECT_THAT(verdict(), ElementsAre(HasSubstr("R1: the sale is oversold: 4 units are claimed")));
}

TEST_F(ASale, ThatWentOnWhileItWasReadIsNotSummedUp) {
  list_all();
  list("clm_x", "somebody-else", {9});
  after = figures;
  after->sequence = 1;
  EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ASale, WithAUnitSoldTwiceIsRefused) {
  list_all();
  list("clm_x", "somebody-else", {2});
  figures.confirmed = 4;
  figures.available = 6;
  EXPECT_THAT(verdict(), ElementsAre("R5: 1 unit belongs to two claims: unit 2, also in clm_x of "
                                     "somebody-else"));
}

TEST_F(ASale, MayGiveAUnitThatCameBackToAnother) {
  told(3, "held");
  list_all();
  list(id(3), name(3), {4}, ClaimState::released);
  list("clm_x", "somebody-else", {4});
  figures.confirmed = 4;
  figures.available = 6;
  EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ASale, WithABuyerOverTheLimitIsRefused) {
  list_all();
  list("clm_x", "somebody-else", {8});
  list("clm_y", "somebody-else", {9});
  figures.confirmed = 5;
  figures.available = 5;
  EXPECT_THAT(verdict(),
              ElementsAre("R2: 1 buyer has more than the limit: somebody-else has 2 of 1"));
}

TEST_F(ASale, WithABuyerOfTheCrowdOverTheLimitIsRefused) {
  list_all();
  ledger.lose(0);  // so that the other claim may be his
  list("clm_x", name(0), {8});
  figures.confirmed = 4;
  figures.available = 6;
  EXPECT_THAT(verdict(), ElementsAre(HasSubstr("R2: 1 buyer has more than the limit: t-00000000")));
}

TEST_F(ASale, WithAClaimListedAsAnothersIsRefused) {
  list_all();
  claims[1].buyer = "somebody-else";
  EXPECT_THAT(
      verdict(),
      ElementsAre("R7: 1 acknowledged claim is listed as another buyer's: clm_1 is listed as "
                  "somebody-else's, acknowledged to t-00000001"));
}

TEST_F(ASale, WithAClaimListedWithAnotherUnitIsRefused) {
  list_all();
  claims[2].units = {7};
  EXPECT_THAT(verdict(),
              ElementsAre(HasSubstr("R7: 1 acknowledged claim is listed with another unit: "
                                    "clm_2 is listed with unit 7, acknowledged with unit 3")));
}

TEST_F(ASale, WithAClaimListedTwiceIsRefused) {
  list_all();
  list(id(0), name(0), {1}, ClaimState::released);
  EXPECT_THAT(verdict(), ElementsAre(HasSubstr("no claim or stands there twice: clm_0")));
}

TEST_F(ASale, WithAnEntryThatIsNoClaimIsRefused) {
  list_all();
  list("", "b", {1});
  EXPECT_THAT(verdict(), ElementsAre(HasSubstr("R7: 1 entry of the list is no claim")));
}

TEST_F(ASale, ThatAcknowledgesOneClaimToTwoIsRefused) {
  ledger.acknowledge(4, answer("clm_2", name(4), "3"), kSecond);
  list_all();
  const auto found_breaches = verdict();
  EXPECT_THAT(found_breaches,
              testing::Contains("R7: 1 claim was acknowledged to two buyers: clm_2 to "
                                "t-00000002 and t-00000004"));
}

TEST_F(ASale, ThatTellsABuyerOfAnotherClaimThanBeforeIsRefused) {
  EXPECT_FALSE(ledger.acknowledge(1, answer("clm_9", name(1), "9"), 2 * kSecond));
  list_all();
  EXPECT_THAT(verdict(), ElementsAre("R9: 1 buyer who asked again was told of another claim: "
                                     "t-00000001 had clm_1, unit 2, then clm_9, unit 9"));
}

TEST_F(ASale, MayTellABuyerOfAnotherClaimOnceHisHoldIsOver) {
  ASSERT_TRUE(told(3, "held"));
  EXPECT_TRUE(ledger.acknowledge(3, answer("clm_9", name(3), "9", "held"), 61 * kSecond));
  list_all();
  list(id(3), name(3), {4}, ClaimState::released);
  list("clm_9", name(3), {9}, ClaimState::held);
  figures.held = 1;
  figures.available = 6;
  EXPECT_THAT(verdict(), IsEmpty());
  EXPECT_EQ(found, 5U);
}

TEST_F(ASale, WithAClaimOfABuyerWhoWasRefusedEachTimeIsRefused) {
  list_all();
  list("clm_x", name(5), {6});
  figures.confirmed = 4;
  figures.available = 6;
  EXPECT_THAT(verdict(),
              ElementsAre("R7: 1 buyer who was refused each time has a claim: t-00000005 "
                          "has clm_x"));
}

TEST_F(ASale, MayHoldAClaimWhoseAnswerWasLost) {
  list_all();
  ledger.lose(5);
  list("clm_x", name(5), {6});
  figures.confirmed = 4;
  figures.available = 6;
  EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ASale, WithoutAConfirmationThatWasAcknowledgedIsRefused) {
  const auto claim = told(3, "held");
  ASSERT_TRUE(claim);
  ledger.doubt(*claim);
  ledger.acknowledge_end(*claim, ClaimState::confirmed);
  list_all();
  list(id(3), name(3), {4}, ClaimState::held);
  figures.held = 1;
  figures.available = 6;
  EXPECT_THAT(verdict(),
              ElementsAre(HasSubstr("R7: 1 acknowledged confirmation or release is not in "
                                    "the list: clm_3 was acknowledged as confirmed and is "
                                    "listed as held")));
}

TEST_F(ASale, MayHaveEitherEndOfAClaimWhoseConfirmationWasNotAnswered) {
  const auto claim = told(3, "held");
  ASSERT_TRUE(claim);
  ledger.doubt(*claim);
  list_all();
  list(id(3), name(3), {4}, ClaimState::confirmed);
  figures.confirmed = 4;
  figures.available = 6;
  EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ASale, ThatSaidSoldOutWithUnitsLeftIsRefused) {
  list_all();
  ledger.told_sold_out();
  EXPECT_THAT(verdict(),
              ElementsAre("R8: buyers were told \"sold out\" though units are left: 7 are "
                          "left, and it was said 1 times"));
}

TEST_F(ASale, MaySaySoldOutBeforeUnitsComeBack) {
  told(3, "held");
  list_all();
  list(id(3), name(3), {4}, ClaimState::released);
  ledger.told_sold_out();
  EXPECT_THAT(verdict(), IsEmpty());
}

TEST_F(ASale, NamesThreeExamplesAndHowManyThereAre) {
  for (BuyerNumber buyer = 3; buyer < 9; ++buyer) told(buyer);
  EXPECT_THAT(verdict(),
              testing::Contains(testing::AllOf(HasSubstr("R7: 9 acknowledged claims are"),
                                               testing::EndsWith("; ..."))));
}

TEST(Ledger, TakesNoAnswerThatIsNoClaimOfWhoAsked) {
  Ledger ledger(BuyerNames("t"), 4, 0);
  const std::string me = ledger.names().name(1);
  for (const std::string& body :
       {std::string("nginx"), answer("clm_1", ledger.names().name(2), "1"), answer("", me, "1"),
        answer("clm_1", me, ""), answer("clm_1", me, "1,2"), answer("clm_1", me, "1", "released"),
        answer("clm_1", me, "1", "sold"), answer(std::string(41, 'x'), me, "1")}) {
    EXPECT_FALSE(ledger.acknowledge(1, body, 0)) << body;
  }
  EXPECT_EQ(ledger.breaches().count(BreachKind::wrong_answer), 8U);
  EXPECT_TRUE(ledger.claims().empty());
}

TEST(Ledger, KnowsAClaimThatItIsToldOfAgain) {
  Ledger ledger(BuyerNames("t"), 4, kSecond);
  const std::string me = ledger.names().name(1);
  EXPECT_EQ(ledger.acknowledge(1, answer("clm_1", me, "1", "held"), 0), 0U);
  EXPECT_EQ(ledger.acknowledge(1, answer("clm_1", me, "1", "held"), 1), 0U);
  EXPECT_EQ(ledger.acknowledge(1, answer("clm_1", me, "1", "confirmed"), 2), 0U);
  EXPECT_EQ(ledger.claim(0).state, ClaimState::confirmed);
  EXPECT_EQ(ledger.claims().size(), 1U);
  EXPECT_TRUE(ledger.breaches().none());
}

TEST(BuyerNames, AreReadBack) {
  const BuyerNames names("k3");
  EXPECT_EQ(names.name(17), "k3-00000017");
  EXPECT_EQ(names.number("k3-00000017"), 17U);
  EXPECT_EQ(names.number(names.name(99'999'999)), 99'999'999U);
  for (const char* other : {"", "k3-17", "k4-00000017", "k3-0000001x", "k3-000000017", "alice"}) {
    EXPECT_FALSE(names.number(other)) << other;
  }
}

}  // namespace
}  // namespace doorbuster::bench
