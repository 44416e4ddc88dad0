// However many ask for the metrics, one text is made at a time.
#include "api/metrics_desk.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

namespace doorbuster::api {
namespace {

// Work that comes from other threads, for the test's own to do.
class Posted {
 public:
  void put(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    changed_.notify_one();
  }
  void run_next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !work_.empty(); });
    const auto work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    work();
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return work_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
};

TEST(MetricsDesk, MakesOneTextForAllWhoAskWhileAnotherIsMade) {
  Posted posted;
  std::promise<void> gate;
  std::promise<void> begun;
  int texts = 0;  // the desk's thread's; read when it has nothing to do
  MetricsDesk desk(
      [&] {
        if (++texts == 1) {
          begun.set_value();
          gate.get_future().wait();
        }
        return std::string("text");
      },
      [&](std::function<void()> work) { posted.put(std::move(work)); });
  desk.answer({});
  begun.get_future().wait();
  for (int i = 0; i < 5; ++i) desk.answer({});
  EXPECT_TRUE(posted.empty());
  gate.set_value();
  posted.run_next();  // the first has his answer, and the others' text is begun
  posted.run_next();
  EXPECT_EQ(texts, 2);
  desk.answer({});
  posted.run_next();
  EXPECT_EQ(texts, 3);
}

}  // namespace
}  // namespace doorbuster::api
