#include "cli/log_writer.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace doorbuster::cli {
namespace {

// A pipe with room at all takes this much without waiting.
constexpr std::size_t kAtATime = PIPE_BUF;
// After the end a reader has so long for each such piece.
constexpr std::chrono::milliseconds kPatienceWithReader{500};

std::int64_t steady_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A socket, as systemd's journal has, is told not to wait; others have been seen to have room.
ssize_t write_some(int descriptor, std::string_view text) {
  const std::size_t size = std::min(text.size(), kAtATime);
  const ssize_t sent = ::send(descriptor, text.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0 || errno != ENOTSOCK) return sent;
  return ::write(descriptor, text.data(), size);
}

}  // namespace

LogWriter::LogWriter(int descriptor)
    : descriptor_(descriptor), stopping_(::eventfd(0, EFD_CLOEXEC)) {
  CHECK(stopping_ >= 0);
}

LogWriter::~LogWriter() { ::close(stopping_); }

void LogWriter::stop(std::chrono::milliseconds at_most) {
  until_ns_ = steady_ns() + std::chrono::nanoseconds(at_most).count();
  const std::uint64_t one = 1;
  CHECK(::write(stopping_, &one, sizeof one) == sizeof one);
}

bool LogWriter::write(std::string_view line) {
  const bool whole = (!torn_ || write_whole("\n")) && write_whole(line);
  if (!whole) lost_.fetch_add(1, std::memory_order_relaxed);
  return whole;
}

bool LogWriter::write_whole(std::string_view text) {
  const std::size_t whole = text.size();
  while (!text.empty()) {
    if (!wait_for_room()) break;
    const ssize_t written = write_some(descriptor_, text);
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      break;
    }
  }
  if (text.size() < whole) torn_ = !text.empty();
  return text.empty();
}

// False: there is none, and none is to be waited for.
bool LogWriter::wait_for_room() {
  for (;;) {
    const bool is_stopped = until_ns_ != 0;
    int patience_ms = -1;
    if (is_stopped) {
      const std::int64_t left_ms = std::max<std::int64_t>(until_ns_ - steady_ns(), 0) / 1'000'000;
      patience_ms = gave_up_ ? 0 : static_cast<int>(std::min(left_ms, kPatienceWithReader.count()));
    }
    // Once stopped, the word to stop is no news any more.
    pollfd polled[] = {{descriptor_, POLLOUT, 0}, {is_stopped ? -1 : stopping_, POLLIN, 0}};
    const int ready = ::poll(polled, 2, patience_ms);
    if (ready < 0 && errno == EINTR) continue;
    gave_up_ = ready <= 0;
    if (gave_up_) return false;
    // POLLERR and POLLHUP: writing says what it is.
    if (polled[0].revents != 0) return true;
  }
}

void LogWriter::write_at_once(int descriptor, std::string_view line) {
  while (!line.empty()) {
    pollfd polled{descriptor, POLLOUT, 0};
    if (::poll(&polled, 1, 0) != 1) return;
    const ssize_t written = write_some(descriptor, line);
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace doorbuster::cli
