// Archived sales: their claims leave memory when a snapshot has them, and come back when they are
// asked for; nothing that can be told differs.
#include "store/embedded/archive.h"

#include <gtest/gtest.h>

#include "sale/invariants.h"
#include "sim/simulated_engine.h"
#include "store/embedded/verify.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::SimulatedEngine;
using simulation::SimulatedFileSystem;
using store::ClaimReply;
using store::ClaimsPage;
using store::SaleChangeReply;
using store::SaleView;

// An engine that archives what may be archived as soon as it can.
class Archiving : public testing::Test {
 protected:
  static constexpr SimulatedEngine::Options kOptions{
      .segment_bytes = 208 * 1024,
      .max_group_bytes = 192 * 1024,
      .snapshots = {.segments = 100, .archive_pause = 1s}};

  Archiving() : engine_(7, kOptions) { EXPECT_TRUE(engine_.start().ok()); }

  // A sale of ten claims, the last of them given back, that is closed and archived after a minute.
  void closed_sale(const std::string& slug) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = 20;
    definition->archive_after_seconds = 60;
    engine_.ask(sale::CreateSale{definition});
    for (int i = 0; i < 10; ++i) claim(slug, i);
    release(slug, 9);
    engine_.ask(sale::SteerSale{sale::Slug(slug), sale::SaleAction::close});
  }
  static sale::BuyerId buyer(int number) {
    return sale::BuyerId("buyer-" + std::to_string(number));
  }
  ClaimReply claim(const std::string& slug, int number) {
    return std::get<ClaimReply>(
        engine_.ask(sale::ClaimUnits{sale::Slug(slug), buyer(number), 1, sale::Key("key")}));
  }
  store::Reply release(const std::string& slug, int number) {
    const auto page =
        std::get<ClaimsPage>(engine_.ask(store::ReadBuyerClaims{sale::Slug(slug), buyer(number)}));
    return engine_.ask(store::ReleaseClaim{sale::Slug(slug), page.claims.front().id, {}});
  }
  SaleView look(const std::string& slug) {
    return std::get<SaleView>(engine_.ask(store::ReadSale{sale::Slug(slug)}));
  }
  const sale::SaleState& state(const std::string& slug) {
    return *engine_.engine().catalog().find_ever(slug);
  }
  // Lets a minute pass, and whatever follows from it happen.
  void let_archive() {
    engine_.clock().advance(61s);
    engine_.settle();
    engine_.settle();
  }
  // All that a merchant can be told of a sale.
  std::string told(const std::string& slug) {
    std::string words;
    const auto page = std::get<ClaimsPage>(engine_.ask(store::ListClaims{sale::Slug(slug)}));
    for (const store::ClaimView& claim : page.claims) {
      words += std::string(claim.buyer.view()) + " " + std::to_string(claim.units.first.first) +
               " " + std::string(to_string(claim.status)) + " " +
               std::to_string(claim.sequence.value) + "; ";
    }
    return words + std::to_string(page.sale.sequence.value) + " " +
           std::to_string(page.sale.totals.confirmed) + " " + std::to_string(page.sale.claims);
  }
  void expect_sound() {
    const auto report = verify_directory(engine_.files(), "data");
    ASSERT_TRUE(report.ok()) << report.error().message;
  }

  SimulatedEngine engine_;
};

TEST_F(Archiving, AClosedSaleLeavesMemoryInItsTime) {
  closed_sale("old");
  engine_.clock().advance(59s);
  engine_.settle();
  EXPECT_FALSE(state("old").archived());
  let_archive();
  EXPECT_TRUE(state("old").archived());
  EXPECT_EQ(state("old").claims().size(), 0U);
  const SaleView view = look("old");
  EXPECT_EQ(view.claims, 10U);
  EXPECT_EQ(view.totals.confirmed, 9U);
  EXPECT_TRUE(state("old").archived()) << "looking at the sale needs no claims";
  expect_sound();
}

TEST_F(Archiving, ASaleThatIsOpenOrHoldsSomethingStays) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "held";
  definition->stock = 1;
  definition->hold_seconds = 3600;
  definition->archive_after_seconds = 60;
  engine_.ask(sale::CreateSale{definition});
  definition = std::make_shared<sale::SaleDefinition>(*definition);
  definition->slug = "open";
  engine_.ask(sale::CreateSale{definition});
  claim("held", 1);
  engine_.ask(sale::SteerSale{sale::Slug("held"), sale::SaleAction::close});
  let_archive();
  EXPECT_FALSE(state("held").archived());
  EXPECT_FALSE(state("open").archived());
  engine_.clock().advance(1h);
  engine_.settle();
  let_archive();
  EXPECT_TRUE(state("held").archived());
  EXPECT_FALSE(state("open").archived());
}

TEST_F(Archiving, TheClaimsComeBackWhenAskedForAndGoAgain) {
  closed_sale("old");
  const std::string before = told("old");
  let_archive();
  ASSERT_TRUE(state("old").archived());
  EXPECT_EQ(told("old"), before);
  EXPECT_FALSE(state("old").archived());
  let_archive();
  EXPECT_TRUE(state("old").archived());
  EXPECT_EQ(told("old"), before);
}

TEST_F(Archiving, AWinnerWhoRepeatsHimselfGetsHisClaim) {
  closed_sale("old");
  let_archive();
  const ClaimReply again = claim("old", 3);
  EXPECT_EQ(again.verdict, sale::ClaimVerdict::existing);
  EXPECT_EQ(again.claim.units.first.first, 4U);
  let_archive();
  EXPECT_EQ(claim("old", 11).refusal, sale::Refusal::closed);
}

TEST_F(Archiving, CommandsThatWaitForTheClaimsKeepTheirOrder) {
  closed_sale("old");
  const auto first =
      std::get<ClaimsPage>(engine_.ask(store::ReadBuyerClaims{sale::Slug("old"), buyer(0)}))
          .claims.front();
  let_archive();
  ASSERT_TRUE(state("old").archived());
  const auto refund = engine_.submit(store::ReleaseClaim{sale::Slug("old"), first.id, {}});
  const auto list = engine_.submit(store::ReadClaim{sale::Slug("old"), first.id});
  const auto status = engine_.submit(store::ReadSale{sale::Slug("old")});
  engine_.turn();
  auto replies = engine_.take_replies();
  EXPECT_TRUE(replies.contains(*status)) << "it needs no claims";
  EXPECT_FALSE(replies.contains(*refund));
  engine_.settle();
  replies = engine_.take_replies();
  EXPECT_EQ(std::get<store::ClaimChangeReply>(replies.at(*refund)).change, sale::ClaimChange::done);
  EXPECT_EQ(std::get<ClaimsPage>(replies.at(*list)).claims[0].status, sale::ClaimStatus::released);
}

TEST_F(Archiving, WhatHappensAfterwardsIsKeptAndArchivedAgain) {
  closed_sale("old");
  let_archive();
  release("old", 2);
  EXPECT_FALSE(state("old").archived());
  const std::string before = told("old");
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(told("old"), before) << "a refund in the journal, to a sale in the archive";
  expect_sound();
  let_archive();
  EXPECT_TRUE(state("old").archived());
  engine_.kill();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_TRUE(state("old").archived());
  EXPECT_EQ(told("old"), before);
  expect_sound();
}

TEST_F(Archiving, ARestartLeavesTheClaimsWhereTheyAre) {
  closed_sale("old");
  const std::string before = told("old");
  let_archive();
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_TRUE(state("old").archived());
  EXPECT_EQ(look("old").claims, 10U);
  EXPECT_EQ(told("old"), before);
}

TEST_F(Archiving, AnArchivedSaleCanBeDeletedAndItsImageGoes) {
  closed_sale("old");
  closed_sale("older");
  let_archive();
  ASSERT_TRUE(state("old").archived());
  const auto reply = engine_.ask(sale::DeleteSale{sale::Slug("old")});
  EXPECT_EQ(std::get<SaleChangeReply>(reply).change, sale::SaleChange::done);
  EXPECT_TRUE(state("old").archived()) << "for that its claims need not come back";
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_TRUE(state("old").deleted());
  EXPECT_TRUE(
      std::holds_alternative<store::NoSuchSale>(engine_.ask(store::ListClaims{sale::Slug("old")})));
  // Another sale's turn brings the next snapshot.
  closed_sale("young");
  let_archive();
  const auto manifest = read_newest_manifest(engine_.files(), "data/snapshots",
                                             read_identity(engine_.files(), "data")->incarnation);
  ASSERT_TRUE(manifest.ok() && manifest->has_value());
  EXPECT_EQ((*manifest)->images[0].file, 0U);
  EXPECT_NE((*manifest)->images[1].file, 0U);
  expect_sound();
  engine_.kill();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_TRUE(state("old").deleted());
  EXPECT_EQ(look("older").claims, 10U);
}

TEST_F(Archiving, ADeletionWhileTheClaimsAreReadIsAnsweredRightly) {
  closed_sale("old");
  let_archive();
  const auto list = engine_.submit(store::ListClaims{sale::Slug("old")});
  const auto remove = engine_.submit(sale::DeleteSale{sale::Slug("old")});
  engine_.settle();
  auto replies = engine_.take_replies();
  EXPECT_EQ(std::get<SaleChangeReply>(replies.at(*remove)).change, sale::SaleChange::done);
  EXPECT_TRUE(std::holds_alternative<store::NoSuchSale>(replies.at(*list)));
  expect_sound();
}

TEST_F(Archiving, ASaleToldToStayComesBackForGood) {
  closed_sale("old");
  let_archive();
  auto changes = std::make_shared<sale::SaleChanges>();
  changes->archive_after_seconds = 0;
  engine_.ask(sale::ChangeSale{sale::Slug("old"), {}, changes});
  let_archive();
  EXPECT_FALSE(state("old").archived());
  expect_sound();
}

TEST_F(Archiving, ImagesThatMovedWhileTheyWereLookedForAreFound) {
  closed_sale("old");
  closed_sale("older");
  const std::string before = told("old");
  let_archive();
  ASSERT_TRUE(state("old").archived());
  // The next snapshot writes the file anew, since half of it is no longer named.
  engine_.ask(sale::DeleteSale{sale::Slug("older")});
  closed_sale("young");
  engine_.clock().advance(61s);
  while (engine_.snapshots().idle()) {
    if (!engine_.committer().idle()) engine_.committer().run_one();
    if (!engine_.preparer().idle()) engine_.preparer().run_one();
    engine_.turn();
  }
  const auto list = engine_.submit(store::ListClaims{sale::Slug("old")});
  engine_.snapshots().run_one();
  engine_.settle();
  const auto replies = engine_.take_replies();
  EXPECT_EQ(std::get<ClaimsPage>(replies.at(*list)).claims.size(), 10U);
  EXPECT_EQ(told("old"), before);
}

TEST_F(Archiving, AnImageThatCannotBeReadIsToldAndStopsNobody) {
  closed_sale("old");
  closed_sale("older");
  let_archive();
  engine_.files().faults().add({.path_part = ".images", .for_ever = true});
  const auto reply = engine_.ask(store::ListClaims{sale::Slug("old")});
  ASSERT_TRUE(std::holds_alternative<Error>(reply));
  EXPECT_EQ(std::get<Error>(reply).code, ErrorCode::storage_unavailable);
  EXPECT_NE(engine_.engine().archive_problem(), "");
  EXPECT_EQ(look("old").claims, 10U);
  engine_.files().faults().clear();
  EXPECT_NE(told("old"), "");
  EXPECT_EQ(engine_.engine().archive_problem(), "");
}

TEST_F(Archiving, ManyThatGoAgainSealNoSegmentBeforeTheNextSnapshotIsWanted) {
  SimulatedEngine::Options options = kOptions;
  options.snapshots.archive_pause = 24h;
  SimulatedEngine patient(9, options);
  ASSERT_TRUE(patient.start().ok());
  const auto closed = [&](const std::string& slug) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = 1;
    definition->archive_after_seconds = 60;
    patient.ask(sale::CreateSale{definition});
    patient.ask(sale::SteerSale{sale::Slug(slug), sale::SaleAction::close});
  };
  constexpr int kSales = 3 * static_cast<int>(kArchivedATurn);
  for (int i = 0; i < kSales; ++i) closed("sale-" + std::to_string(i));
  patient.clock().advance(61s);
  patient.settle();
  const auto groups_written = [&] { return verify_directory(patient.files(), "data")->groups; };
  int back = 0;
  for (int i = 0; i < kSales; ++i) {
    const std::string slug = "sale-" + std::to_string(i);
    if (!patient.engine().catalog().find(slug)->archived()) continue;
    patient.ask(store::ListClaims{sale::Slug(slug)});
    ++back;
  }
  ASSERT_GT(back, static_cast<int>(kArchivedATurn));
  closed("young");
  const std::uint64_t before = groups_written();
  patient.clock().advance(61s);
  patient.settle();
  EXPECT_TRUE(patient.engine().catalog().find("sale-0")->archived());
  EXPECT_FALSE(patient.engine().catalog().find("young")->archived());
  EXPECT_EQ(groups_written(), before);
}

TEST_F(Archiving, ManySalesLeaveAFewAtATime) {
  constexpr std::size_t kSales = 100;
  for (std::size_t i = 0; i < kSales; ++i) closed_sale("sale-" + std::to_string(i));
  engine_.clock().advance(61s);
  const auto count = [&] {
    std::size_t archived = 0;
    for (std::size_t i = 0; i < kSales; ++i) {
      archived += state("sale-" + std::to_string(i)).archived() ? 1 : 0;
    }
    return archived;
  };
  std::size_t most = 0;
  for (std::size_t before = 0; count() < kSales; before = count()) {
    if (!engine_.committer().idle()) engine_.committer().run_one();
    if (!engine_.preparer().idle()) engine_.preparer().run_one();
    if (!engine_.snapshots().idle()) engine_.snapshots().run_one();
    engine_.clock().advance(1s);
    engine_.turn();
    most = std::max(most, count() - before);
  }
  EXPECT_EQ(most, kArchivedATurn);
  expect_sound();
}

}  // namespace
}  // namespace doorbuster::embedded
