// S15: on a full disk claims are refused, yet every hold can still end, whoever ends it and in
// whatever order; and service returns by itself when space does.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/simulated_engine.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using sale::ClaimChange;
using simulation::below;
using simulation::SimulatedEngine;

constexpr std::chrono::seconds kHold{900};
constexpr SimulatedEngine::Options kOptions{
    .segment_bytes = 1 << 20, .max_group_bytes = 256 * 1024, .max_waiting = 100'000};

class FullDisk : public testing::Test {
 protected:
  FullDisk() : engine_(15, kOptions) {
    EXPECT_TRUE(engine_.start().ok());
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "s";
    definition->stock = 1'000'000;
    definition->hold_seconds = kHold.count();
    definition->max_extension_seconds = 60;
    engine_.ask(sale::CreateSale{definition});
    definition = std::make_shared<sale::SaleDefinition>(*definition);
    definition->slug = "later";
    definition->opens_at = engine_.clock().wall() + 1h;
    engine_.ask(sale::CreateSale{definition});
  }

  // Takes holds, a hundred in each group, and fills the disk.
  void hold_and_fill(int count) {
    for (int i = 0; i < count; ++i) {
      submit_claim();
      if (i % 100 == 99) engine_.settle();
    }
    engine_.settle();
    note_holds();
    ASSERT_EQ(holds_.size(), static_cast<std::size_t>(count));
    fill();
    claim_until_refused();
  }
  // Somebody else takes all that is left of the disk.
  void fill() { engine_.files().set_capacity(engine_.files().used_bytes()); }
  void claim_until_refused() {
    for (int i = 0; i < 10'000; ++i) {
      if (!try_claim()) return;
    }
    FAIL() << "claims are granted for ever";
  }
  // False: refused, as it must be then.
  bool try_claim() {
    const bool has_room = engine_.engine().has_room();
    const std::size_t before = holds_.size();
    submit_claim();
    note_holds();
    EXPECT_EQ(holds_.size() > before, has_room);
    return holds_.size() > before;
  }
  void submit_claim() {
    const std::string buyer = "buyer-" + std::to_string(buyers_++);
    ASSERT_TRUE(engine_.submit(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId(buyer), 1, {}}));
  }
  // The replies to all that was submitted, groups that have to wait included.
  std::map<std::uint64_t, store::Reply> settle() {
    engine_.settle();
    for (int i = 0; i < 10 && engine_.engine().waiting() > 0; ++i) wait_for_alarm();
    EXPECT_EQ(engine_.engine().waiting(), 0U);
    return engine_.take_replies();
  }
  void note_holds() {
    for (auto& [request, reply] : settle()) {
      if (const auto* error = std::get_if<Error>(&reply)) {
        EXPECT_EQ(error->code, ErrorCode::storage_unavailable);
      } else {
        const auto& answer = std::get<store::ClaimReply>(reply);
        EXPECT_EQ(answer.verdict, sale::ClaimVerdict::granted);
        holds_.push_back(answer.claim.id);
      }
    }
  }

  static std::string reference(std::size_t hold) {
    std::string text = "order-" + std::to_string(hold);
    return text.append(64 - text.size(), '.');
  }
  store::Command confirm(std::size_t hold) const {
    return store::ConfirmClaim{sale::Slug("s"), holds_[hold], sale::Reference(reference(hold))};
  }
  store::Command release(std::size_t hold) const {
    return store::ReleaseClaim{sale::Slug("s"), holds_[hold], {}};
  }
  store::Reply steer(sale::SaleAction action) {
    return engine_.ask(sale::SteerSale{sale::Slug("s"), action});
  }
  static ClaimChange change(const store::Reply& reply) {
    const auto* answer = std::get_if<store::ClaimChangeReply>(&reply);
    EXPECT_NE(answer, nullptr) << "no answer of the sale: "
                               << (std::holds_alternative<Error>(reply)
                                       ? std::get<Error>(reply).message
                                       : std::string("another one"));
    return answer == nullptr ? ClaimChange::not_extendable : answer->change;
  }
  const sale::Totals& totals() { return engine_.engine().catalog()[{0}].totals(); }

  // The next turn that comes when nobody asks.
  void wait_for_alarm() {
    const Time at = engine_.engine().next_turn_at();
    ASSERT_NE(at, kNever);
    engine_.clock().advance(std::max(at - engine_.engine().now(), std::chrono::milliseconds{0}));
    engine_.settle();
  }

  SimulatedEngine engine_;
  int buyers_ = 0;
  std::vector<sale::ClaimId> holds_;
};

TEST_F(FullDisk, EachOfTenThousandHoldsCanBeConfirmedInAGroupOfItsOwn) {
  hold_and_fill(10'000);
  for (std::size_t i = 0; i < holds_.size(); ++i) {
    ASSERT_EQ(change(engine_.ask(confirm(i))), ClaimChange::done) << i;
    // As holds end, less must stand reserved: what is granted from that must be able to end too.
    if (i % 50 == 0 && i < 10'000) try_claim();
  }
  EXPECT_EQ(totals().held, 0U);
  EXPECT_EQ(totals().confirmed, holds_.size());
  EXPECT_FALSE(engine_.failure());
}

TEST_F(FullDisk, EachOfThemCanBeReleasedInAGroupOfItsOwn) {
  hold_and_fill(10'000);
  for (std::size_t i = holds_.size(); i > 0; --i) {
    ASSERT_EQ(change(engine_.ask(release(i - 1))), ClaimChange::done) << i;
  }
  EXPECT_EQ(totals().available, 1'000'000U);
}

TEST_F(FullDisk, AllOfThemCanExpireTogetherWithNobodyAsking) {
  hold_and_fill(10'000);
  while (totals().held > 0) {
    ASSERT_LE(engine_.engine().next_turn_at(), engine_.engine().now() + kHold);
    wait_for_alarm();
  }
  EXPECT_EQ(totals().available, 1'000'000U);
  EXPECT_FALSE(engine_.failure());
}

TEST_F(FullDisk, EachOfThemCanExpireAtATimeOfItsOwn) {
  // Taken one after the other, they end one after the other: a group for each.
  for (int i = 0; i < 3'000; ++i) {
    submit_claim();
    engine_.settle();
    engine_.clock().advance(100ms);
  }
  note_holds();
  fill();
  claim_until_refused();
  while (totals().held > 0) {
    engine_.clock().advance(100ms);
    engine_.settle();
  }
  EXPECT_EQ(totals().available, 1'000'000U);
}

TEST_F(FullDisk, EndsOfAnyKindInAnyOrderFindRoomOverRestarts) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    engine_.files().set_capacity(std::uint64_t{1} << 40);
    engine_.clock().advance(2s);
    engine_.settle();
    holds_.clear();
    hold_and_fill(4'000);
    simulation::Random random(seed);
    std::vector<std::size_t> order(holds_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    for (std::size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[below(random, i)]);
    }
    const std::size_t left_to_expire = holds_.size() / 4;
    while (order.size() > left_to_expire) {
      for (std::uint64_t group = 1 + below(random, 4); group > 0 && !order.empty(); --group) {
        const std::size_t hold = order.back();
        order.pop_back();
        engine_.submit(below(random, 2) == 0 ? confirm(hold) : release(hold));
      }
      if (below(random, 8) == 0) {  // may be refused, and the hold ends all the same
        engine_.submit(store::ExtendClaim{sale::Slug("s"), holds_[order[0]], 0});
      }
      for (const auto& [request, reply] : settle()) {
        const auto* error = std::get_if<Error>(&reply);
        if (error == nullptr) continue;
        ASSERT_EQ(error->code, ErrorCode::storage_unavailable);
      }
      if (below(random, 500) != 0) continue;
      if (below(random, 2) == 0) {
        engine_.kill();
      } else {
        engine_.lose_power();
      }
      // What the restart were to give back would be gone.
      fill();
      ASSERT_TRUE(engine_.start().ok()) << "seed " << seed;
    }
    EXPECT_EQ(engine_.engine().catalog()[{0}].hold_ends(), order.size()) << "seed " << seed;
    engine_.clock().advance(kHold + 60s);
    engine_.settle();
    EXPECT_EQ(totals().held, 0U) << "seed " << seed;
    EXPECT_FALSE(engine_.failure());
  }
}

TEST_F(FullDisk, AboveWhatHasABlockEachGroupsKeepApartSoThatTheRoomLasts) {
  constexpr int kHolds = 40'000;
  hold_and_fill(kHolds);
  int confirmed = 0;
  std::chrono::milliseconds longest{0};
  const Time last_end = engine_.engine().now() + kHold;
  // One confirm at each time a group may begin is what takes the most room.
  for (; engine_.engine().now() + 1s < last_end; ++confirmed) {
    const Time asked = engine_.engine().now();
    ASSERT_TRUE(engine_.submit(confirm(static_cast<std::size_t>(confirmed))));
    const auto replies = settle();
    longest = std::max(longest, engine_.engine().now() - asked);
    ASSERT_EQ(replies.size(), 1U);
    ASSERT_EQ(change(replies.begin()->second), ClaimChange::done) << confirmed;
  }
  EXPECT_GT(confirmed, 10'000);
  EXPECT_GT(longest, 10ms);
  EXPECT_LT(longest, 200ms);
  engine_.clock().advance(2s);
  while (totals().held > 0) wait_for_alarm();
  EXPECT_EQ(totals().confirmed, static_cast<std::uint64_t>(confirmed));
  EXPECT_FALSE(engine_.failure());
}

TEST_F(FullDisk, TheButtonsOfASaleStillWorkAndWhatIsDueIsDone) {
  hold_and_fill(100);
  for (const sale::SaleAction action :
       {sale::SaleAction::pause, sale::SaleAction::resume, sale::SaleAction::pause}) {
    const auto reply = steer(action);
    ASSERT_TRUE(std::holds_alternative<store::SaleChangeReply>(reply));
    EXPECT_EQ(std::get<store::SaleChangeReply>(reply).change, sale::SaleChange::done);
  }
  // Who presses a button for ever comes to the end of the room for buttons, not for ends.
  bool refused = false;
  for (int i = 0; i < 10'000 && !refused; ++i) {
    const auto action = i % 2 == 0 ? sale::SaleAction::resume : sale::SaleAction::pause;
    refused = std::holds_alternative<Error>(steer(action));
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(change(engine_.ask(confirm(0))), ClaimChange::done);
  EXPECT_EQ(change(engine_.ask(release(1))), ClaimChange::done);
  const auto cancelled = steer(sale::SaleAction::cancel);
  ASSERT_TRUE(std::holds_alternative<store::SaleChangeReply>(cancelled));
  EXPECT_EQ(totals().held, 0U);
  engine_.clock().advance(1h);
  engine_.settle();
  EXPECT_EQ(engine_.engine().catalog()[{1}].status(), sale::SaleStatus::open);
}

TEST_F(FullDisk, ServiceReturnsByItselfWithinTwoSecondsOfSpaceReturning) {
  hold_and_fill(1'000);
  for (int i = 0; i < 5; ++i) {
    wait_for_alarm();
    EXPECT_FALSE(engine_.engine().has_room());
    EXPECT_FALSE(engine_.engine().disk_problem().empty());
  }
  engine_.files().set_capacity(std::uint64_t{1} << 40);
  const Time returned = engine_.engine().now();
  while (!engine_.engine().has_room()) wait_for_alarm();  // and nobody asks
  EXPECT_LE(engine_.engine().now() - returned, 2s);
  EXPECT_TRUE(engine_.engine().disk_problem().empty());
  EXPECT_TRUE(try_claim());
}

TEST_F(FullDisk, ClaimsWaitForASegmentThatIsBeingMadeAndAreRefusedOnlyIfThereIsNone) {
  // The disk takes its time: the preparer's jobs are not run.
  const auto claim_many = [&] {
    for (int i = 0; i < 3'000; ++i) submit_claim();
    for (int i = 0; i < 20; ++i) {
      while (!engine_.committer().idle()) engine_.committer().run_one();
      engine_.turn();
    }
  };
  claim_many();
  const std::size_t granted = engine_.take_replies().size();
  EXPECT_GT(granted, 100U);
  EXPECT_LT(granted, 3'000U);
  EXPECT_EQ(engine_.engine().waiting(), 3'000 - granted);
  EXPECT_TRUE(engine_.engine().has_room());
  EXPECT_FALSE(engine_.engine().wants_turn()) << "it would turn for nothing";
  // Who ends a hold, or reads, does not wait for it.
  EXPECT_EQ(engine_.engine().catalog()[{0}].hold_ends(), granted);
  const auto reading = engine_.submit(store::ReadSale{sale::Slug("s")});
  engine_.turn();
  EXPECT_TRUE(engine_.take_replies().contains(*reading));
  note_holds();
  EXPECT_EQ(holds_.size() + granted, 3'000U);

  claim_many();
  const std::size_t more = engine_.take_replies().size();
  EXPECT_LT(more, 3'000U);
  fill();
  note_holds();  // storage_unavailable, all that has no room any more
  EXPECT_LT(holds_.size() + granted + more, 6'000U);
  EXPECT_EQ(engine_.engine().waiting(), 0U);
  EXPECT_FALSE(engine_.engine().has_room());
}

TEST_F(FullDisk, AStopAndAStartOnItLeaveEveryHoldItsRoom) {
  hold_and_fill(2'000);
  for (int i = 0; i < 5; ++i) {
    engine_.stop_in_good_order();
    fill();
    ASSERT_TRUE(engine_.start().ok());
  }
  for (std::size_t i = 0; i < holds_.size(); ++i) {
    ASSERT_EQ(change(engine_.ask(confirm(i))), ClaimChange::done) << i;
  }
}

}  // namespace
}  // namespace doorbuster::embedded
