#include "cli/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "cli/exit_code.h"

namespace doorbuster::cli {
namespace {

constexpr int kNoMore = SIGUSR1;  // our own: the watching thread shall end

sigset_t watched_signals(Hangup hangup) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  if (hangup == Hangup::reloads) sigaddset(&signals, SIGHUP);
  sigaddset(&signals, kNoMore);
  return signals;
}

void wait_for_signals(const sigset_t& signals, const std::function<void()>& on_first,
                      const std::function<void()>& on_hangup) {
  bool stopping = false;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0 || signal == kNoMore) return;
    if (signal == SIGHUP) {
      if (!stopping) on_hangup();
      continue;
    }
    if (std::exchange(stopping, true)) ::_exit(static_cast<int>(ExitCode::interrupted));
    on_first();
  }
}

}  // namespace

StopSignals::StopSignals(Hangup hangup) : hangup_(hangup) {
  const sigset_t signals = watched_signals(hangup_);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A client that goes away while it is written to is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() {
  if (!thread_.joinable()) return;
  pthread_kill(thread_.native_handle(), kNoMore);
  thread_.join();
}

void StopSignals::watch(std::function<void()> on_first, std::function<void()> on_hangup) {
  thread_ = std::thread(
      [signals = watched_signals(hangup_), on_first = std::move(on_first),
       on_hangup = std::move(on_hangup)] { wait_for_signals(signals, on_first, on_hangup); });
}

}  // namespace doorbuster::cli
