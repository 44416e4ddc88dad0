#include "base/worker.h"

#include <pthread.h>
#include <sys/resource.h>

#include <chrono>

namespace doorbuster {
namespace {

constexpr int kLowNiceness = 10;

// A background worker leaves three quarters of the time to others.
constexpr std::chrono::microseconds kPiece{500};
constexpr std::chrono::microseconds kPause{1'500};

using Moment = std::chrono::steady_clock::time_point;
// Of a background worker's thread: whether the worker is to end. Who waits for that waits no longer
// than the work takes.
thread_local const std::atomic<bool>* background_ends = nullptr;
thread_local Moment piece_began;

}  // namespace

ThreadWorker::ThreadWorker(const char* name, Priority priority)
    : thread_([this, priority] { work(priority); }) {
  ::pthread_setname_np(thread_.native_handle(), name);
}

ThreadWorker::~ThreadWorker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ThreadWorker::run(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void ThreadWorker::work(Priority priority) {
  // On Linux a thread has a niceness of its own. Without it the work is done all the same.
  if (priority != Priority::normal) {
    static_cast<void>(::setpriority(PRIO_PROCESS, 0, kLowNiceness));
  }
  if (priority == Priority::background) background_ends = &stopping_;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void give_way() {
  if (background_ends == nullptr || background_ends->load(std::memory_order_relaxed)) return;
  const Moment now = std::chrono::steady_clock::now();
  if (now - piece_began < kPiece) return;
  std::this_thread::sleep_for(kPause);
  piece_began = std::chrono::steady_clock::now();
}

}  // namespace doorbuster
