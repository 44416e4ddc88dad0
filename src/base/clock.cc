#include "base/clock.h"

#include <ctime>

#include "base/check.h"

namespace doorbuster {

Time SystemClock::wall() const {
  // Not by std::chrono's clock, which counts nanoseconds and overflows in 2262.
  timespec now{};
  CHECK(::clock_gettime(CLOCK_REALTIME, &now) == 0);
  return Time(std::chrono::seconds(now.tv_sec)) +
         std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds(now.tv_nsec));
}

std::chrono::nanoseconds SystemClock::since_boot() const {
  timespec now{};
  CHECK(::clock_gettime(CLOCK_BOOTTIME, &now) == 0);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace doorbuster
