// A place where work that may block is done: a thread of its own in the server, the test's
// scheduler in a simulation.
#pragma once

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
  enum class Priority { normal, low };  // low: what others leave of the processors

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
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace doorbuster
