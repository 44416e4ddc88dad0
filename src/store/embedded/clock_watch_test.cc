// What the operator is told of the clock, and when. The watch looks every millisecond here.
#include "store/embedded/clock_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "support/manual_clock.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;

class ClockWatchTest : public testing::Test {
 protected:
  void start(Time journal = Time{}) {
    line_.emplace(clock_, journal);
    watch_.emplace(
        *line_,
        [this](const std::string& sentence) {
          const std::lock_guard lock(mutex_);
          told_.push_back(sentence);
          changed_.notify_one();
        },
        [this] { ++changes_; }, 1ms);
  }
  // Waits for the next sentence.
  std::string told() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !told_.empty(); });
    const std::string sentence = told_.front();
    told_.pop_front();
    return sentence;
  }
  static std::string ahead(const std::string& size) {
    return "the wall clock is " + size +
           " ahead of the server's time: not followed; run `doorbuster clock accept` to follow it";
  }

  ManualClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> told_;
  std::atomic<int> changes_ = 0;
  std::optional<TimeLine> line_;
  std::optional<ClockWatch> watch_;
};

TEST_F(ClockWatchTest, TellsOnceThatAnAlarmBeginsAndThatItEnds) {
  start();
  clock_.step_wall(1h);
  EXPECT_EQ(told(), ahead("3600 s"));
  clock_.step_wall(-1h);
  EXPECT_EQ(told(), "the alarm has ended");
  // What was told more than once would stand before this.
  clock_.step_wall(24h);
  EXPECT_EQ(told(), ahead("86400 s"));
  EXPECT_EQ(changes_, 3);
}

TEST_F(ClockWatchTest, TellsOfAnotherStepWhileThereIsAnAlarm) {
  start();
  clock_.step_wall(1h);
  EXPECT_EQ(told(), ahead("3600 s"));
  clock_.step_wall(1s);
  clock_.step_wall(1h);
  const std::string next = told();
  // The second in between is too little to be told alone.
  EXPECT_EQ(next, ahead("7201 s"));
}

TEST_F(ClockWatchTest, TellsOfAWaitForTheClockWhenItBeginsAndWhenItIsOver) {
  start(ManualClock::kBegin + 1h);
  EXPECT_TRUE(told().starts_with("the wall clock is 3600 s behind the journal: "));
  for (int i = 0; i < 59; ++i) {
    clock_.advance(1min);
    watch_->look();
  }
  clock_.advance(1min);
  EXPECT_EQ(told(), "the alarm has ended");
  EXPECT_EQ(changes_, 2);
}

TEST_F(ClockWatchTest, TellsThatAnOperatorHasEndedTheAlarm) {
  start();
  clock_.step_wall(-1h);
  EXPECT_TRUE(told().starts_with("the wall clock is 3600 s behind the server's time: "));
  EXPECT_EQ(watch_->accept(),
            "the wall clock is let be; the server's time is now 2026-11-11T12:00:00.000Z, 3600 s "
            "ahead of the wall clock");
  EXPECT_EQ(told(), "the alarm has ended");
  EXPECT_EQ(changes_, 3);  // the beginning, the operator's word, the end
}

TEST_F(ClockWatchTest, EndsAtOnceAndNeedsNobodyToTell) {
  start();
  watch_.emplace(*line_, nullptr, [] {});
  watch_.reset();
}

}  // namespace
}  // namespace doorbuster::embedded
