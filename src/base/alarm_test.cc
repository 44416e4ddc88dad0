// When an alarm rings and when it does not. No test waits for a time to pass: what is to ring is
// set to now, and what is not to ring is set too far away for any test.
#include "base/alarm.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace doorbuster {
namespace {

using namespace std::chrono_literals;

// Counts rings; each waits until it is let go.
class Bell {
 public:
  void ring() {
    std::unique_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    ++ended_;
    changed_.notify_all();
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void wait_for_begun(int rings) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= rings; });
  }
  void wait_for_ended(int rings) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ >= rings; });
  }
  int rings() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int begun_ = 0;
  int ended_ = 0;
};

class AlarmTest : public testing::Test {
 protected:
  Bell bell_;
  std::optional<Alarm> alarm_{std::in_place, "test", [this] { bell_.ring(); }};
};

TEST_F(AlarmTest, RingsOnceForEachSet) {
  for (int i = 1; i <= 100; ++i) {
    alarm_->set(0ns);
    bell_.wait_for_ended(i);
  }
  alarm_.reset();
  EXPECT_EQ(bell_.rings(), 100);
}

TEST_F(AlarmTest, DoesNotRingUnlessItWasSet) {
  alarm_.reset();
  EXPECT_EQ(bell_.rings(), 0);
}

TEST_F(AlarmTest, ATimeThatIsPastRingsAtOnce) {
  alarm_->set(-1h);
  bell_.wait_for_ended(1);
  alarm_->set(std::chrono::nanoseconds::min());
  bell_.wait_for_ended(2);
}

TEST_F(AlarmTest, RingsWhenTheTimeHasPassedAndNotBefore) {
  const auto before = std::chrono::steady_clock::now();
  alarm_->set(20ms);
  bell_.wait_for_ended(1);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 20ms);
}

TEST_F(AlarmTest, AnEarlierTimeTakesThePlaceOfALaterOne) {
  alarm_->set(24h * 365);
  alarm_->set(0ns);
  bell_.wait_for_ended(1);
  alarm_.reset();
  EXPECT_EQ(bell_.rings(), 1);
}

TEST_F(AlarmTest, ALaterTimeTakesThePlaceOfAnEarlierOne) {
  // With its thread kept in a ring, what is set meanwhile cannot have begun to ring.
  bell_.hold();
  alarm_->set(0ns);
  bell_.wait_for_begun(1);
  alarm_->set(0ns);
  alarm_->set(24h);
  bell_.let_go();
  bell_.wait_for_ended(1);
  alarm_.reset();
  EXPECT_EQ(bell_.rings(), 1);
}

TEST_F(AlarmTest, NotAtAllUnsetsIt) {
  bell_.hold();
  alarm_->set(0ns);
  bell_.wait_for_begun(1);
  alarm_->set(0ns);
  alarm_->set(Alarm::kNotAtAll);
  bell_.let_go();
  bell_.wait_for_ended(1);
  alarm_->set(0ns);
  bell_.wait_for_ended(2);
  alarm_.reset();
  EXPECT_EQ(bell_.rings(), 2);
}

TEST_F(AlarmTest, SetWhileItRingsItRingsAgain) {
  bell_.hold();
  alarm_->set(0ns);
  bell_.wait_for_begun(1);
  alarm_->set(0ns);
  bell_.let_go();
  bell_.wait_for_ended(2);
}

TEST_F(AlarmTest, ItsEndDoesNotWaitForWhatIsSet) {
  alarm_->set(24h * 365);
  alarm_.reset();
  EXPECT_EQ(bell_.rings(), 0);
}

TEST(AlarmThatSetsItself, RingsAgainAndAgainAndEnds) {
  Bell bell;
  std::mutex mutex;
  Alarm* self = nullptr;
  Alarm alarm("test", [&] {
    bell.ring();
    const std::lock_guard lock(mutex);
    self->set(0ns);
  });
  {
    const std::lock_guard lock(mutex);
    self = &alarm;
  }
  alarm.set(0ns);
  bell.wait_for_ended(50);
}

}  // namespace
}  // namespace doorbuster
