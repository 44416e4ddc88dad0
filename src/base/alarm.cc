#include "base/alarm.h"

#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <utility>

#include "base/check.h"

namespace doorbuster {

Alarm::Alarm(const char* thread_name, std::function<void()> ring)
    : ring_(std::move(ring)), timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC)) {
  CHECK(timer_ >= 0);
  thread_ = std::thread([this] { wait_and_ring(); });
  ::pthread_setname_np(thread_.native_handle(), thread_name);
}

Alarm::~Alarm() {
  stopping_ = true;
  set(std::chrono::nanoseconds(0));
  thread_.join();
  ::close(timer_);
}

void Alarm::set(std::chrono::nanoseconds from_now) {
  itimerspec at{};  // of zeros: the timer is off
  if (from_now != kNotAtAll) {
    const auto wait = std::max(from_now, std::chrono::nanoseconds(1));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    at.it_value.tv_sec = seconds.count();
    at.it_value.tv_nsec = (wait - seconds).count();
  }
  // The kernel also forgets a time that has come and was not read yet.
  CHECK(::timerfd_settime(timer_, 0, &at, nullptr) == 0);
}

void Alarm::wait_and_ring() {
  // Looked at before each wait, too: a ring that calls set() would undo the destructor's.
  while (!stopping_) {
    std::uint64_t times = 0;
    const ssize_t got = ::read(timer_, &times, sizeof times);
    CHECK(got == sizeof times || (got < 0 && errno == EINTR));
    if (got > 0 && !stopping_) ring_();
  }
}

}  // namespace doorbuster
