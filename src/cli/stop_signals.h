// SIGTERM and SIGINT (Ctrl-C): the first asks for an orderly end, the second ends the process at
// once.
//
// Thread: made and destroyed on one thread, before any other thread is started and after all others
// have ended; `on_first` is called on a thread of its own.
// Owns: that thread. Invariants: no work is done in a signal handler; there is none.
#pragma once

#include <functional>
#include <thread>

namespace doorbuster::cli {

class StopSignals {
 public:
  // Blocks the signals in this thread and in all that it starts from now on.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Begins to wait for them. Once.
  void watch(std::function<void()> on_first);

 private:
  std::thread thread_;
};

}  // namespace doorbuster::cli
