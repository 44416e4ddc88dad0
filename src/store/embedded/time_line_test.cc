// What time it is and what the operator is told, for steps of the wall clock of every size and both
// ways, while running and across restarts (R15).
#include "store/embedded/time_line.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "support/manual_clock.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using Kind = ClockStanding::Kind;

constexpr auto kDay = 24h;
constexpr auto kDecade = 24h * 3652;

std::string text(std::chrono::milliseconds span) { return std::to_string(span.count()) + " ms"; }

class TimeLineTest : public testing::Test {
 protected:
  static constexpr Time kNoon = ManualClock::kBegin;

  // Another start, on a journal that ends at the time that was last seen.
  void restart() {
    journal_ = std::max(journal_, line_->now());
    line_.emplace(clock_, journal_);
  }
  void start(Time journal) {
    journal_ = journal;
    line_.emplace(clock_, journal);
  }
  // Looks once a second, as a running server does at the least. Time must not go back meanwhile.
  void run(std::chrono::seconds span) {
    Time before = line_->now();
    for (auto passed = 0s; passed < span; ++passed) {
      clock_.advance(1s);
      const Time now = line_->now();
      ASSERT_GE(now, before);
      before = now;
    }
  }
  std::chrono::milliseconds passed() { return line_->now() - kNoon; }
  Kind kind() { return line_->look().kind; }
  std::chrono::milliseconds wall_ahead() { return line_->look().wall_ahead; }
  std::string told() { return to_sentence(line_->look()); }

  ManualClock clock_;
  Time journal_{};
  std::optional<TimeLine> line_{std::in_place, clock_, Time{}};
};

// As it goes without any step.

TEST_F(TimeLineTest, BeginsAtTheWallClockAndGoesWithTheMachinesOwn) {
  EXPECT_EQ(passed(), 0ms);
  clock_.advance(1234ms);
  EXPECT_EQ(passed(), 1234ms);
  run(1h);
  EXPECT_EQ(passed(), 1h + 1234ms);
  EXPECT_EQ(told(), "ok");
}

TEST_F(TimeLineTest, BeginsAtTheJournalWhereThatIsALittleLater) {
  for (const auto later : {1ms, 4999ms, 5000ms}) {
    start(kNoon + later);
    EXPECT_TRUE(line_->may_decide()) << text(later);
    EXPECT_EQ(passed(), later);
    clock_.advance(0ms);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, TheWallClockIsReadOnceIn100MillisecondsAtMost) {
  clock_.step_wall(1s);
  clock_.advance(99ms);
  EXPECT_EQ(passed(), 99ms);
  clock_.advance(1ms);
  EXPECT_EQ(passed(), 1100ms);
}

// Steps while it runs.

TEST_F(TimeLineTest, UpTo5SecondsAheadAreFollowed) {
  std::chrono::milliseconds expected = 0ms;
  for (const auto step : {1ms, 1000ms, 5000ms}) {
    clock_.step_wall(step);
    clock_.advance(100ms);
    expected += step + 100ms;
    EXPECT_EQ(passed(), expected) << text(step);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, UpTo5SecondsBehindAreSatOut) {
  for (const auto step : {1ms, 1000ms, 5000ms}) {
    start(Time{});
    const auto before = passed();
    clock_.step_wall(-step);
    run(60s);
    EXPECT_EQ(passed(), before + 60s) << text(step);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, AWallClockThatComesBackFromALittleBehindIsMetAgain) {
  clock_.step_wall(-4s);
  run(10s);
  clock_.step_wall(6s);
  run(1s);
  EXPECT_EQ(passed(), 13s);
  EXPECT_EQ(told(), "ok");
}

TEST_F(TimeLineTest, MoreThan5SecondsEitherWayAreNotFollowedAndToldWithDirectionAndSize) {
  for (const std::chrono::milliseconds step : {5001ms, 3600'000ms}) {
    for (const auto signed_step : {step, -step}) {
      start(Time{});
      const auto before = passed();
      clock_.step_wall(signed_step);
      run(60s);
      EXPECT_EQ(passed(), before + 60s) << text(signed_step);
      EXPECT_EQ(kind(), signed_step > 0ms ? Kind::ahead : Kind::behind) << text(signed_step);
      EXPECT_EQ(wall_ahead(), signed_step);
      EXPECT_TRUE(line_->may_decide());
    }
  }
}

TEST_F(TimeLineTest, TheOperatorIsToldTheSizeInSeconds) {
  const std::map<std::chrono::seconds, std::string> sizes = {
      {1h, "3600 s"}, {kDay, "86400 s"}, {kDecade, "315532800 s"}};
  for (const auto& [step, size] : sizes) {
    start(Time{});
    clock_.step_wall(step);
    EXPECT_EQ(told(), "the wall clock is " + size +
                          " ahead of the server's time: not followed; run `doorbuster clock "
                          "accept` to follow it");
    clock_.step_wall(-2 * step);
    EXPECT_EQ(told(), "the wall clock is " + size +
                          " behind the server's time: not followed; run `doorbuster clock "
                          "accept` if it is to stay so");
    clock_.step_wall(step);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, AnAlarmEndsWhenTheWallClockIsBack) {
  for (const std::chrono::milliseconds step : {1h, std::chrono::hours(kDay), kDecade}) {
    for (const auto signed_step : {step, -step}) {
      start(Time{});
      const auto before = passed();
      clock_.step_wall(signed_step);
      run(30s);
      EXPECT_NE(kind(), Kind::steady);
      clock_.step_wall(-signed_step);
      run(30s);
      EXPECT_EQ(kind(), Kind::steady) << text(signed_step);
      EXPECT_EQ(passed(), before + 60s) << text(signed_step);
    }
  }
}

TEST_F(TimeLineTest, AnAlarmEndsAlsoWhenTheWallClockIsNearlyBack) {
  clock_.step_wall(1h);
  run(1s);
  clock_.step_wall(-1h + 2s);
  run(1s);
  EXPECT_EQ(told(), "ok");
  EXPECT_EQ(passed(), 4s);
}

TEST_F(TimeLineTest, SmallStepsBackAddUpToAnAlarm) {
  clock_.step_wall(-3s);
  run(1s);
  EXPECT_EQ(kind(), Kind::steady);
  clock_.step_wall(-3s);
  run(1s);
  EXPECT_EQ(kind(), Kind::behind);
  EXPECT_EQ(wall_ahead(), -6s);
  EXPECT_EQ(passed(), 2s);
}

TEST_F(TimeLineTest, ADifferenceOfJustAbout5SecondsIsNoAlarmThatComesAndGoes) {
  clock_.step_wall(-5001ms);
  EXPECT_EQ(kind(), Kind::behind);
  clock_.step_wall(1ms);
  EXPECT_EQ(kind(), Kind::behind);
  clock_.step_wall(100ms);
  EXPECT_EQ(kind(), Kind::steady);
  clock_.step_wall(-100ms);
  EXPECT_EQ(kind(), Kind::steady);
}

// An operator accepts.

TEST_F(TimeLineTest, AcceptedAWallClockAheadIsJumpedTo) {
  for (const std::chrono::milliseconds step : {1h, std::chrono::hours(kDay), kDecade}) {
    start(Time{});
    const auto before = passed();
    clock_.step_wall(step);
    run(10s);
    line_->accept();
    EXPECT_EQ(passed(), before + step + 10s) << text(step);
    EXPECT_EQ(told(), "ok");
    clock_.step_wall(1h);
    run(1s);
    EXPECT_EQ(wall_ahead(), 1h);  // and further steps are judged from there
  }
}

TEST_F(TimeLineTest, AcceptedAWallClockBehindIsTakenForGranted) {
  for (const std::chrono::milliseconds step : {1h, std::chrono::hours(kDay), kDecade}) {
    start(Time{});
    const auto before = passed();
    clock_.step_wall(-step);
    run(10s);
    line_->accept();
    run(10s);
    EXPECT_EQ(passed(), before + 20s) << text(step);
    EXPECT_EQ(told(), "ok");
    // Small steps of it are followed forwards and sat out, as ever.
    clock_.step_wall(2s);
    run(1s);
    EXPECT_EQ(passed(), before + 23s);
    clock_.step_wall(-2s);
    run(1s);
    EXPECT_EQ(passed(), before + 24s);
    EXPECT_EQ(told(), "ok");
    // A greater one is an alarm again, which says how far they really are apart.
    clock_.step_wall(-30min);
    run(1s);
    EXPECT_EQ(kind(), Kind::behind);
    EXPECT_EQ(wall_ahead(), -step - 30min - 2s);
    EXPECT_EQ(passed(), before + 25s);
    clock_.step_wall(30min);
    run(1s);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, AWallClockThatWasAcceptedBehindMayBeSetRightWithoutAnAlarm) {
  clock_.step_wall(-1h);
  line_->accept();
  clock_.step_wall(1h);
  run(1s);
  EXPECT_EQ(told(), "ok");
  EXPECT_EQ(passed(), 1s);
  // From then on it is the real difference that counts.
  clock_.step_wall(-1h);
  EXPECT_EQ(kind(), Kind::behind);
}

TEST_F(TimeLineTest, AcceptingSaysWhatIsNowTrueAndOnceMoreChangesNothing) {
  EXPECT_EQ(line_->accept(),
            "there was nothing to accept; the server's time is now 2026-11-11T12:00:00.000Z");
  clock_.step_wall(-1h);
  EXPECT_EQ(line_->accept(),
            "the wall clock is let be; the server's time is now 2026-11-11T12:00:00.000Z, 3600 s "
            "ahead of the wall clock");
  EXPECT_EQ(line_->accept(),
            "there was nothing to accept; the server's time is now 2026-11-11T12:00:00.000Z, 3600 "
            "s ahead of the wall clock");
  clock_.step_wall(3h);
  EXPECT_EQ(line_->accept(),
            "the wall clock was followed, 7200 s forward; the server's time is now "
            "2026-11-11T14:00:00.000Z");
  EXPECT_EQ(line_->accept(),
            "there was nothing to accept; the server's time is now 2026-11-11T14:00:00.000Z");
}

// Across restarts.

TEST_F(TimeLineTest, ARestartWithTheWallClockAheadBeginsThere) {
  for (const std::chrono::milliseconds step :
       {std::chrono::milliseconds(1s), std::chrono::milliseconds(1h),
        std::chrono::milliseconds(kDay), std::chrono::milliseconds(kDecade)}) {
    const auto before = passed();
    clock_.step_wall(step);
    restart();
    EXPECT_TRUE(line_->may_decide());
    EXPECT_EQ(passed(), before + step) << text(step);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, ARestartWithTheWallClockASecondBehindGoesOnFromTheJournal) {
  clock_.step_wall(-1s);
  restart();
  EXPECT_TRUE(line_->may_decide());
  run(10s);
  EXPECT_EQ(passed(), 10s);
  EXPECT_EQ(told(), "ok");
}

TEST_F(TimeLineTest, ARestartWithTheWallClockFarBehindDecidesNothingUntilItHasCaughtUp) {
  for (const std::chrono::seconds step : {6s, 3600s}) {
    start(Time{});
    const Time journal = line_->now();
    clock_.step_wall(-step);
    restart();
    // Time stands still, however often somebody asks.
    run(step - 6s);
    clock_.advance(999ms);
    EXPECT_FALSE(line_->may_decide());
    EXPECT_EQ(line_->now(), journal);
    EXPECT_EQ(kind(), Kind::behind_at_start);
    EXPECT_EQ(wall_ahead(), -5001ms);
    clock_.advance(1ms);
    EXPECT_TRUE(line_->may_decide());
    EXPECT_EQ(line_->now(), journal);
    EXPECT_EQ(told(), "ok");
    run(10s);
    EXPECT_EQ(line_->now(), journal + 10s);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, TheOperatorIsToldHowFarBehindTheJournalItIs) {
  const std::map<std::chrono::seconds, std::string> sizes = {
      {1h, "3600 s"}, {kDay, "86400 s"}, {kDecade, "315532800 s"}};
  for (const auto& [step, size] : sizes) {
    start(kNoon + step);
    EXPECT_FALSE(line_->may_decide());
    EXPECT_EQ(told(), "the wall clock is " + size +
                          " behind the journal: nothing is decided until it has caught up; run "
                          "`doorbuster clock accept` to go on from the journal's time");
  }
}

TEST_F(TimeLineTest, AWallClockThatIsSetRightPastTheJournalIsBegunAt) {
  for (const std::chrono::milliseconds step : {1h, std::chrono::hours(kDay), kDecade}) {
    start(kNoon + step);
    EXPECT_FALSE(line_->may_decide());
    clock_.step_wall(step + 1min);
    EXPECT_TRUE(line_->may_decide());
    EXPECT_EQ(passed(), step + 1min);
    EXPECT_EQ(told(), "ok");
    clock_.step_wall(-step - 1min);
  }
}

TEST_F(TimeLineTest, AcceptedAtStartItGoesOnFromTheJournal) {
  for (const std::chrono::milliseconds step : {1h, std::chrono::hours(kDay), kDecade}) {
    const Time noon = clock_.wall();
    start(noon + step);
    clock_.advance(10min);
    EXPECT_FALSE(line_->may_decide());
    const auto apart = std::chrono::round<std::chrono::seconds>(step - 10min).count();
    EXPECT_EQ(line_->accept(), "the journal's time goes on; the server's time is now " +
                                   to_rfc3339(noon + step) + ", " + std::to_string(apart) +
                                   " s ahead of the wall clock");
    EXPECT_TRUE(line_->may_decide());
    EXPECT_EQ(line_->now(), noon + step);
    run(1h);
    EXPECT_EQ(line_->now(), noon + step + 1h);
    EXPECT_EQ(told(), "ok");
  }
}

TEST_F(TimeLineTest, WhatWasAcceptedDoesNotOutliveTheProcess) {
  clock_.step_wall(-1h);
  line_->accept();
  restart();
  EXPECT_FALSE(line_->may_decide());
  EXPECT_EQ(wall_ahead(), -1h);
}

// Clocks that are not to be believed at all.

class UnlimitedClock final : public Clock {
 public:
  Time wall() const override { return wall_; }
  std::chrono::nanoseconds since_boot() const override { return 5min; }

  Time wall_;
};

TEST_F(TimeLineTest, AWallClockOutsideOfAllYearsBreaksNothing) {
  for (const Time wall :
       {Time::min(), Time(-1ms), Time{}, Time(std::chrono::hours(24) * 3'650'000), kNever}) {
    UnlimitedClock clock;
    clock.wall_ = wall;
    TimeLine fresh(clock, Time{});
    EXPECT_FALSE(to_rfc3339(fresh.now() + kDecade).empty());
    TimeLine old(clock, kNoon);
    EXPECT_EQ(old.may_decide(), wall > kNoon);
    EXPECT_FALSE(old.accept().empty());
    EXPECT_FALSE(to_rfc3339(old.now() + kDecade).empty());
    EXPECT_TRUE(old.may_decide());

    clock.wall_ = kNoon;
    TimeLine running(clock, Time{});
    clock.wall_ = wall;
    EXPECT_EQ(running.look().kind, wall > kNoon ? Kind::ahead : Kind::behind);
    EXPECT_EQ(running.now(), kNoon);
    EXPECT_FALSE(running.accept().empty());
    EXPECT_GE(running.now(), kNoon);
    EXPECT_FALSE(to_rfc3339(running.now() + kDecade).empty());
  }
}

// A clock whose reader is kept from running between two readings.
class InterruptedClock final : public Clock {
 public:
  Time wall() const override {
    const Time wall = clock_.wall();
    clock_.advance(std::exchange(interruption_, 0ms));
    return wall;
  }
  std::chrono::nanoseconds since_boot() const override { return clock_.since_boot(); }

  mutable ManualClock clock_;
  mutable std::chrono::milliseconds interruption_{0};
};

TEST(TimeLineInterrupted, DoesNotTakeALateReadingForAStep) {
  InterruptedClock clock;
  TimeLine line(clock, Time{});
  clock.interruption_ = 1h;
  EXPECT_EQ(line.look().kind, Kind::steady);
  EXPECT_EQ(line.now(), ManualClock::kBegin + 1h);
  EXPECT_EQ(line.look().kind, Kind::steady);
}

TEST(TimeLineInterrupted, BeginsWithTheNextReading) {
  InterruptedClock clock;
  clock.interruption_ = 1h;
  TimeLine line(clock, Time{});
  EXPECT_TRUE(line.may_decide());
  EXPECT_EQ(line.now(), ManualClock::kBegin + 1h);
  EXPECT_EQ(line.look().kind, Kind::steady);
}

}  // namespace
}  // namespace doorbuster::embedded
