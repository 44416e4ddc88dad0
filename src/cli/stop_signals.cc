#include "cli/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "cli/exit_code.h"

namespace doorbuster::cli {
namespace {

constexpr int kNoMore = SIGUSR1;  // our own: the watching thread shall end

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, kNoMore);
  return signals;
}

void wait_for_signals(const std::function<void()>& on_first) {
  const sigset_t signals = watched_signals();
  bool is_first = true;
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0 || signal == kNoMore) return;
    if (!std::exchange(is_first, false)) ::_exit(static_cast<int>(ExitCode::interrupted));
    on_first();
  }
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A client that goes away while it is written to is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() {
  if (!thread_.joinable()) return;
  pthread_kill(thread_.native_handle(), kNoMore);
  thread_.join();
}

void StopSignals::watch(std::function<void()> on_first) {
  thread_ = std::thread([on_first = std::move(on_first)] { wait_for_signals(on_first); });
}

}  // namespace doorbuster::cli
