// SIGTERM and SIGINT (Ctrl-C): the first asks for an orderly end, the second ends the process at
// once. SIGHUP ends it too, or, where that is wanted, asks for the settings to be read again.
//
// Thread: made and destroyed on one thread, before any other thread is started and after all others
// have ended; the calls come on a thread of its own.
// Owns: that thread. Invariants: no work is done in a signal handler; there is none. Nothing is
// reloaded once the end has begun.
#pragma once

#include <functional>
#include <thread>

namespace doorbuster::cli {

enum class Hangup { ends, reloads };

class StopSignals {
 public:
  // Blocks the signals in this thread and in all that it starts from now on; what comes before
  // watch() waits for it.
  explicit StopSignals(Hangup hangup = Hangup::ends);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Begins to wait for them. Once. `on_hangup` is called each time, should a hangup reload.
  void watch(std::function<void()> on_first, std::function<void()> on_hangup = {});

 private:
  const Hangup hangup_;
  std::thread thread_;
};

}  // namespace doorbuster::cli
