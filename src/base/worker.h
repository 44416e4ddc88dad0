// A place where work that may block is done: a thread of its own in the server, the test's
// scheduler in a simulation.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace doorbuster {

class Worker {
 public:
  virtual ~Worker() = default;
  // Runs `job` once, later, elsewhere, jobs in the order given. The job must not throw.
  virtual void run(std::function<void()> job) = 0;
};

// Thread: run() from any. Owns: its thread; the destructor runs what was given before and joins.
class ThreadWorker final : public Worker {
 public:
  enum class Priority {
    normal,
    low,         // what others leave of the processors
    background,  // the same, and in short pieces: see give_way()
  };

  explicit ThreadWorker(const char* name, Priority priority = Priority::normal);
  ~ThreadWorker() override;
  ThreadWorker(const ThreadWorker&) = delete;
  ThreadWorker& operator=(const ThreadWorker&) = delete;

  void run(std::function<void()> job) override;

 private:
  void work(Priority priority);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

// For long work to call every few dozen microseconds: on the thread of a background worker it
// pauses now and then, until the worker is to end; elsewhere it does nothing. A low priority is not
// enough: a kernel that preempts lazily lets who has just been woken wait for a tick, some
// milliseconds, and a commit is several such wakings.
void give_way();

}  // namespace doorbuster
