#include "base/worker.h"

#include <pthread.h>
#include <sys/resource.h>

namespace doorbuster {
namespace {

constexpr int kLowNiceness = 10;

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
  if (priority == Priority::low) static_cast<void>(::setpriority(PRIO_PROCESS, 0, kLowNiceness));
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

}  // namespace doorbuster
