// What the engine does with its disk: waits for it, ends when it fails, refuses when it is full.
#include "store/embedded/engine.h"

#include <gtest/gtest.h>

#include "sale/event_codec.h"
#include "sim/journal_history.h"
#include "sim/simulated_engine.h"
#include "store/embedded/ages.h"
#include "store/embedded/event_reader.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::Fault;
using simulation::Operation;
using simulation::SimulatedEngine;

class EngineOnADisk : public testing::Test {
 protected:
  EngineOnADisk()
      : engine_(9,
                {.segment_bytes = 208 * 1024, .max_group_bytes = 192 * 1024, .max_waiting = 100}) {
    EXPECT_TRUE(engine_.start().ok());
    open_sale("s", 3);
  }
  void open_sale(const std::string& slug, std::uint32_t stock) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = stock;
    engine_.ask(sale::CreateSale{definition});
  }
  static store::Command claim(const std::string& buyer, const std::string& slug = "s") {
    return sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}};
  }

  SimulatedEngine engine_;
};

TEST_F(EngineOnADisk, NothingIsAnsweredWhileTheDiskStalls) {
  for (const char* buyer : {"ann", "bob", "cid", "dan", "eve"}) engine_.submit(claim(buyer));
  engine_.submit(store::ReadSale{sale::Slug("s")});
  // The committer's job is never run: that is a disk that does not answer.
  for (int i = 0; i < 50; ++i) engine_.turn();
  EXPECT_TRUE(engine_.take_replies().empty());
  engine_.settle();
  const auto replies = engine_.take_replies();
  ASSERT_EQ(replies.size(), 6U);
  int granted = 0;
  for (const auto& [request, reply] : replies) {
    const auto* answer = std::get_if<store::ClaimReply>(&reply);
    if (answer != nullptr && answer->verdict == sale::ClaimVerdict::granted) ++granted;
  }
  EXPECT_EQ(granted, 3);
}

TEST_F(EngineOnADisk, ARefusalWaitsForTheClaimItRestsOn) {
  engine_.ask(claim("ann"));
  engine_.ask(claim("bob"));
  engine_.submit(claim("cid"));
  engine_.turn();
  engine_.submit(claim("dan"));
  engine_.turn();
  EXPECT_TRUE(engine_.take_replies().empty());
  engine_.settle();
  EXPECT_EQ(engine_.take_replies().size(), 2U);
}

TEST_F(EngineOnADisk, AReadOfADurableStateNeedsNoDisk) {
  engine_.submit(store::ReadSale{sale::Slug("s")});
  engine_.turn();
  EXPECT_EQ(engine_.take_replies().size(), 1U);
}

TEST_F(EngineOnADisk, WhatRestsOnDurableStateWaitsForNoOtherSale) {
  open_sale("sold", 1);
  engine_.ask(claim("ann", "sold"));
  // One claim's group is being written, another's waits behind it, and the disk does not answer.
  engine_.submit(claim("bob"));
  engine_.turn();
  engine_.submit(claim("cid"));
  engine_.turn();
  const auto refused = engine_.submit(claim("bob", "sold"));
  const auto repeated = engine_.submit(claim("ann", "sold"));
  const auto read =
      engine_.submit(store::ReadBuyerClaims{sale::Slug("sold"), sale::BuyerId("ann")});
  const auto waiting_read = engine_.submit(store::ReadSale{sale::Slug("s")});
  const auto list = engine_.submit(store::ListSales{});
  engine_.turn();
  auto replies = engine_.take_replies();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(std::get<store::ClaimReply>(replies.at(*refused)).refusal, sale::Refusal::sold_out);
  EXPECT_EQ(std::get<store::ClaimReply>(replies.at(*repeated)).verdict,
            sale::ClaimVerdict::existing);
  EXPECT_EQ(std::get<store::ClaimsPage>(replies.at(*read)).claims.size(), 1U);
  engine_.settle();
  replies = engine_.take_replies();
  EXPECT_EQ(replies.size(), 4U);
  EXPECT_TRUE(replies.contains(*waiting_read) && replies.contains(*list));
}

TEST_F(EngineOnADisk, WhatTheGroupUnderWayDecidedWaitsForThatGroupAlone) {
  open_sale("other", 1);
  engine_.submit(claim("ann"));
  engine_.turn();
  engine_.submit(claim("bob", "other"));
  const auto read = engine_.submit(store::ReadSale{sale::Slug("s")});
  engine_.turn();
  EXPECT_TRUE(engine_.take_replies().empty());
  engine_.committer().run_one();
  engine_.turn();
  const auto replies = engine_.take_replies();
  EXPECT_EQ(replies.size(), 2U);
  EXPECT_TRUE(replies.contains(*read));
}

TEST_F(EngineOnADisk, ANewRoundAndTheOneItClosesWaitForTheSameGroup) {
  engine_.ask(sale::PublishRound{1});
  engine_.submit(sale::PublishRound{1});
  engine_.turn();
  engine_.submit(store::ReadSale{sale::Slug("goods-1")});
  engine_.submit(store::ReadSale{sale::Slug("goods-2")});
  engine_.submit(claim("ann", "goods"));
  engine_.turn();
  EXPECT_TRUE(engine_.take_replies().empty());
  engine_.settle();
  EXPECT_EQ(engine_.take_replies().size(), 4U);
}

// What other threads may look at while the engine rests.
TEST_F(EngineOnADisk, ARefusalAsideIsWhatSubmitWouldSayOfADurableState) {
  const auto aside = [&](const std::string& buyer) {
    return engine_.engine().refuse_aside(claim(buyer));
  };
  EXPECT_FALSE(aside("dan")) << "units are free";
  EXPECT_FALSE(engine_.engine().refuse_aside(claim("dan", "nowhere")));
  EXPECT_FALSE(engine_.engine().refuse_aside(store::ReadSale{sale::Slug("s")}));
  const auto granted = std::get<store::ClaimReply>(engine_.ask(claim("ann"))).claim.id;
  engine_.ask(claim("bob"));
  engine_.submit(claim("cid"));
  engine_.turn();
  EXPECT_FALSE(aside("dan")) << "the last unit's claim may still be lost";
  engine_.settle();
  const auto refused = aside("dan");
  ASSERT_TRUE(refused);
  const auto& said = std::get<store::ClaimReply>(*refused);

  struct Sink : store::ReplySink {
    void on_reply(std::uint64_t, store::Reply&& each) override { reply = std::move(each); }
    store::Reply reply;
  } sink;
  ASSERT_TRUE(engine_.engine().submit({0, &sink, 1}, claim("dan")));
  engine_.settle();
  const auto& by_engine = std::get<store::ClaimReply>(sink.reply);
  EXPECT_EQ(said.refusal, sale::Refusal::sold_out);
  EXPECT_EQ(said.verdict, by_engine.verdict);
  EXPECT_EQ(said.refusal, by_engine.refusal);
  EXPECT_EQ(said.sale, by_engine.sale);
  EXPECT_EQ(said.sequence, by_engine.sequence);
  EXPECT_EQ(said.available, by_engine.available);
  EXPECT_EQ(said.availability, by_engine.availability);
  EXPECT_EQ(said.now, by_engine.now);

  EXPECT_FALSE(aside("ann")) << "who has a claim is given it again (R9)";
  const auto sale = std::get<store::SaleView>(engine_.ask(store::ReadSale{sale::Slug("s")}));
  EXPECT_EQ(sale.refused[static_cast<std::size_t>(sale::Refusal::sold_out)], 2U);
  engine_.ask(store::ReleaseClaim{sale::Slug("s"), granted, {}, {}});
  EXPECT_FALSE(aside("dan")) << "a unit is free again";
}

TEST_F(EngineOnADisk, NoRefusalAsideWhereTheClockHasSomethingToDo) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "held";
  definition->stock = 1;
  definition->hold_seconds = 10;
  engine_.ask(sale::CreateSale{definition});
  engine_.ask(claim("ann", "held"));
  const auto refused = engine_.engine().refuse_aside(claim("bob", "held"));
  ASSERT_TRUE(refused);
  EXPECT_EQ(std::get<store::ClaimReply>(*refused).availability, sale::Availability::all_held);
  engine_.clock().advance(10s);
  EXPECT_FALSE(engine_.engine().refuse_aside(claim("bob", "held")));
  EXPECT_EQ(std::get<store::ClaimReply>(engine_.ask(claim("bob", "held"))).verdict,
            sale::ClaimVerdict::granted);
}

TEST_F(EngineOnADisk, NoRefusalAsideAfterAFailedSync) {
  open_sale("sold", 1);
  engine_.ask(claim("ann", "sold"));
  EXPECT_TRUE(engine_.engine().refuse_aside(claim("bob", "sold")));
  engine_.files().faults().add({.operation = Operation::sync});
  engine_.submit(claim("ann"));
  engine_.settle();
  ASSERT_TRUE(engine_.failure());
  EXPECT_FALSE(engine_.engine().refuse_aside(claim("bob", "sold")));
}

TEST_F(EngineOnADisk, TooManyWaitingAreTurnedAway) {
  int taken = 0;
  for (int i = 0; i < 150; ++i) {
    if (engine_.submit(claim("b" + std::to_string(i)))) ++taken;
  }
  EXPECT_EQ(taken, 100);
  engine_.settle();
  EXPECT_EQ(engine_.take_replies().size(), 100U);
  EXPECT_TRUE(engine_.submit(claim("late")));
}

TEST_F(EngineOnADisk, AfterAFailedSyncNothingIsAcknowledgedAnyMore) {
  engine_.files().faults().add({.operation = Operation::sync});
  engine_.submit(claim("ann"));
  engine_.settle();
  ASSERT_TRUE(engine_.failure());
  EXPECT_TRUE(engine_.engine().failed());
  EXPECT_FALSE(engine_.submit(claim("bob")));
  engine_.settle();
  EXPECT_TRUE(engine_.take_replies().empty());
}

TEST_F(EngineOnADisk, AFailedWriteEndsItAsWell) {
  engine_.files().faults().add({.operation = Operation::write});
  engine_.submit(claim("ann"));
  engine_.settle();
  EXPECT_TRUE(engine_.failure());
  EXPECT_TRUE(engine_.take_replies().empty());
}

TEST_F(EngineOnADisk, AFullDiskRefusesClaimsAndServiceReturnsByItself) {
  open_sale("big", 1'000'000);
  engine_.settle();
  engine_.files().set_capacity(engine_.files().used_bytes());
  // The open segment and the spare one can still be filled.
  int granted = 0;
  bool refused = false;
  for (int i = 0; i < 400 && !refused; ++i) {
    const auto reply = engine_.ask(claim("b" + std::to_string(i), "big"));
    const auto* error = std::get_if<Error>(&reply);
    refused = error != nullptr;
    if (refused) {
      EXPECT_EQ(error->code, ErrorCode::storage_unavailable);
    } else {
      ++granted;
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_FALSE(engine_.failure());
  // What was granted is still told: a known claim needs no room.
  const auto again = engine_.ask(claim("b0", "big"));
  EXPECT_EQ(std::get<store::ClaimReply>(again).verdict, sale::ClaimVerdict::existing);

  engine_.files().set_capacity(1 << 30);
  engine_.clock().advance(2s);
  engine_.ask(claim("b-next", "big"));
  EXPECT_EQ(std::get<store::ClaimReply>(engine_.ask(claim("b-last", "big"))).verdict,
            sale::ClaimVerdict::granted);
}

TEST_F(EngineOnADisk, AGroupThatIsFullMakesCommandsWaitTheirTurn) {
  SimulatedEngine engine(
      3, {.segment_bytes = 400 * 1024, .max_group_bytes = 192 * 1024, .max_waiting = 10'000});
  ASSERT_TRUE(engine.start().ok());
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "s";
  definition->stock = 1'000'000;
  engine.ask(sale::CreateSale{definition});
  std::size_t submitted = 0;
  for (; submitted < 6000; ++submitted) {
    ASSERT_TRUE(engine.submit(claim("buyer-" + std::to_string(submitted))));
  }
  engine.settle();
  EXPECT_EQ(engine.take_replies().size(), submitted);
  engine.lose_power();
  ASSERT_TRUE(engine.start().ok());
  const auto reply = engine.ask(store::ReadSale{sale::Slug("s")});
  EXPECT_EQ(std::get<store::SaleView>(reply).claims, submitted);
}

TEST_F(EngineOnADisk, ASecondOneOnTheSameDirectoryIsRefused) {
  const auto lock = engine_.files().lock("data/LOCK");
  ASSERT_FALSE(lock.ok());
  EXPECT_EQ(lock.error().code, ErrorCode::in_use);
}

TEST_F(EngineOnADisk, TheTimeNeverRunsBackOverARestart) {
  engine_.clock().advance(1h);
  engine_.ask(claim("ann"));
  const auto before = std::get<store::SaleView>(engine_.ask(store::ReadSale{sale::Slug("s")})).now;
  engine_.stop_in_good_order();
  engine_.clock().step_wall(-24h);
  ASSERT_TRUE(engine_.start().ok());
  engine_.engine().time_line().accept();
  const auto after = std::get<store::SaleView>(engine_.ask(store::ReadSale{sale::Slug("s")})).now;
  EXPECT_GE(after, before);
}

TEST_F(EngineOnADisk, WhatIsDueInARoundHappensBeforeTheNextRoundClosesIt) {
  engine_.ask(sale::PublishRound{2});
  auto changes = std::make_shared<sale::SaleChanges>();
  changes->hold_seconds = 10;
  engine_.ask(sale::ChangeSale{sale::Slug("goods"), {}, changes});
  engine_.ask(claim("ann", "goods"));
  engine_.clock().advance(10s);
  engine_.submit(sale::PublishRound{2});
  engine_.settle();
  std::vector<std::string_view> types;
  simulation::JournalHistory history(journal_path("data"));
  history.read(engine_.files(), true);
  EXPECT_TRUE(history.take([&](const sale::Event& event) {
    if (event.sale.value == 1) types.push_back(sale::type_name(event));
  }));
  ASSERT_GE(types.size(), 2U);
  EXPECT_EQ(types[types.size() - 2], "doorbuster.claim.released");
  EXPECT_EQ(types.back(), "doorbuster.sale.closed");
}

// Of the simulation's judge: a group may have been seen before a failed sync lost it.
TEST_F(EngineOnADisk, TheHistoryOfAJournalForgetsAGroupThatWasLost) {
  simulation::SimulatedFileSystem& files = engine_.files();
  const std::string first = journal_path("data") + "/" + segment_name(1);
  auto bytes = *files.contents(first);
  engine_.kill();
  simulation::JournalHistory history(journal_path("data"));
  history.read(files, false);
  // A start finds it gone; then its segment is removed, and the next one has no group yet.
  std::fill(bytes.begin() + kBlockBytes, bytes.end(), std::byte{0});
  files.put_file(first, bytes);
  history.read(files, true);
  files.erase(first);
  std::fill(bytes.begin(), bytes.end(), std::byte{0});
  files.put_file(journal_path("data") + "/" + segment_name(2), bytes);
  history.read(files, true);
  EXPECT_TRUE(history.take(
      [](const sale::Event& event) { ADD_FAILURE() << sale::type_name(event) << " was lost"; }));
}

// An outage must not end the holds of buyers who could not confirm during it (R15).
class EngineWithGrace : public testing::Test {
 protected:
  EngineWithGrace() : engine_(11, {.restart_grace = 10s}) {
    EXPECT_TRUE(engine_.start().ok());
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "s";
    definition->stock = 10;
    definition->hold_seconds = 4;
    engine_.ask(sale::CreateSale{definition});
  }
  store::ClaimView claim(const std::string& buyer) {
    const auto reply = engine_.ask(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId(buyer), 1, {}});
    return std::get<store::ClaimReply>(reply).claim;
  }
  store::ClaimView now(const store::ClaimView& claim) {
    const auto reply = engine_.ask(store::ReadClaim{sale::Slug("s"), claim.id});
    return std::get<store::ClaimsPage>(reply).claims.at(0);
  }
  sale::ClaimChange confirm(const store::ClaimView& claim) {
    const auto reply =
        engine_.ask(store::ConfirmClaim{sale::Slug("s"), claim.id, sale::Reference("order")});
    return std::get<store::ClaimChangeReply>(reply).change;
  }
  Time engine_time() { return engine_.engine().now(); }
  // The process dies and is away for so long.
  void outage(std::chrono::milliseconds lasts) {
    engine_.kill();
    engine_.clock().advance(lasts);
    ASSERT_TRUE(engine_.start().ok());
  }

  SimulatedEngine engine_;
};

TEST_F(EngineWithGrace, NoHoldEndsBeforeTheGraceHasPassedAndTheClaimSaysSo) {
  const auto ann = claim("ann");
  const auto bob = claim("bob");
  outage(1h);
  const Time until = engine_time() + 10s;
  EXPECT_EQ(now(ann).expires_at, until);
  engine_.clock().advance(9999ms);
  EXPECT_EQ(now(ann).status, sale::ClaimStatus::held);
  EXPECT_EQ(confirm(ann), sale::ClaimChange::done);
  engine_.clock().advance(1ms);
  EXPECT_EQ(confirm(bob), sale::ClaimChange::expired);
  EXPECT_EQ(now(bob).end_reason, sale::EndReason::expired);
}

TEST_F(EngineWithGrace, HoldsOfAfterTheStartEndAtTheirOwnTime) {
  claim("ann");
  outage(1h);
  const auto young = claim("young");
  EXPECT_EQ(young.expires_at, young.claimed_at + 4s);
  engine_.clock().advance(3999ms);
  EXPECT_EQ(now(young).status, sale::ClaimStatus::held);
  engine_.clock().advance(1ms);
  EXPECT_EQ(now(young).end_reason, sale::EndReason::expired);
}

TEST_F(EngineWithGrace, AHoldThatEndsLaterAnywayIsLeftAsItWas) {
  auto longer = std::make_shared<sale::SaleChanges>();
  longer->hold_seconds = 60;
  engine_.ask(sale::ChangeSale{sale::Slug("s"), {}, longer});
  const auto ann = claim("ann");
  outage(1s);
  EXPECT_EQ(now(ann).expires_at, ann.expires_at);
}

TEST_F(EngineWithGrace, EachStartGivesItAnew) {
  const auto ann = claim("ann");
  for (int i = 0; i < 3; ++i) {
    outage(1min);
    EXPECT_EQ(now(ann).expires_at, engine_time() + 10s);
    engine_.clock().advance(9s);
    EXPECT_EQ(now(ann).status, sale::ClaimStatus::held);
  }
}

TEST_F(EngineOnADisk, AnIdOfNoClaimIsNobodys) {
  const ClaimIds ids(*read_identity(engine_.files(), "data"));
  const sale::ClaimId id = ids.encode({{0}, {7}});  // a place that a claim may have one day
  const auto confirmed =
      engine_.ask(store::ConfirmClaim{sale::Slug("s"), id, sale::Reference("order")});
  EXPECT_TRUE(std::holds_alternative<store::NoSuchClaim>(confirmed));
  const auto read = engine_.ask(store::ReadClaim{sale::Slug("s"), id});
  EXPECT_TRUE(std::holds_alternative<store::NoSuchClaim>(read));
}

TEST_F(EngineOnADisk, WhatARequestCausesHasItsTraceAndWhatWasDueHasNone) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "held";
  definition->stock = 1;
  definition->hold_seconds = 1;
  const auto trace = *TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  engine_.ask(sale::CreateSale{definition, trace});
  engine_.ask(sale::ClaimUnits{sale::Slug("held"), sale::BuyerId("ann"), 1, {}, trace});
  engine_.clock().advance(2s);
  engine_.ask(sale::ClaimUnits{sale::Slug("held"), sale::BuyerId("bob"), 1, {}, trace});
  EventReader reader(engine_.files(), "data/journal",
                     read_identity(engine_.files(), "data")->incarnation);
  const auto page = reader.read(
      {std::nullopt, engine_.engine().durable_head().position(), sale::SaleOrdinal{1}, 100});
  ASSERT_TRUE(page.ok());
  std::vector<std::string> traced;
  for (const EventPage::Event& each : page->events) {
    const auto event = sale::decode(each.sale, page->bytes_of(each));
    ASSERT_TRUE(event.ok());
    EXPECT_TRUE(event->trace.empty() || event->trace == trace.bytes());
    traced.push_back(std::string(type_name(*event)) + (event->trace.empty() ? "" : ", traced"));
  }
  EXPECT_EQ(traced, (std::vector<std::string>{
                        "doorbuster.sale.created, traced", "doorbuster.sale.opened, traced",
                        "doorbuster.claim.held, traced", "doorbuster.claim.released",
                        "doorbuster.claim.held, traced"}));
}

// More than a turn settles: who asks of the sale waits until all of it is.
TEST(ManyEnds, AreSettledBeforeAnybodyIsToldOfTheirSale) {
  constexpr std::uint32_t kHolds = 3 * kDueATurn;
  const auto create = [](const std::string& slug, std::uint32_t hold_seconds) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = kHolds;
    definition->hold_seconds = hold_seconds;
    return sale::CreateSale{definition};
  };
  const std::vector<store::Command> questions = {
      store::ListSales{},
      store::ReadSale{sale::Slug("goods")},
      create("goods-1", 1),
      sale::PublishRound{5},
      sale::SteerSale{sale::Slug("goods"), sale::SaleAction::pause},
      sale::DeleteSale{sale::Slug("goods")},
      store::ReadBuyerClaims{sale::Slug("goods"), sale::BuyerId("0")},
  };
  for (const store::Command& question : questions) {
    SimulatedEngine engine(5, {.max_waiting = 2 * kHolds});
    ASSERT_TRUE(engine.start().ok());
    engine.ask(create("goods-1", 1));
    for (std::uint32_t i = 0; i < kHolds; ++i) {
      const sale::BuyerId buyer(std::to_string(i));
      ASSERT_TRUE(engine.submit(sale::ClaimUnits{sale::Slug("goods"), buyer, 1, {}}));
    }
    engine.settle();
    const sale::SaleState& sale = engine.engine().catalog()[{0}];
    ASSERT_EQ(sale.totals().held, kHolds);
    engine.clock().advance(5s);
    engine.take_replies();
    const auto asked = engine.submit(question);
    ASSERT_TRUE(asked);
    for (bool answered = false; !answered; engine.step()) {
      answered = engine.take_replies().contains(*asked);
      if (answered) {
        EXPECT_EQ(sale.totals().held, 0U) << "question " << question.index();
      }
    }
  }
}

}  // namespace
}  // namespace doorbuster::embedded
