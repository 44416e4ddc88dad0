// Where time comes from. Everything that needs the time is given a Clock, so that a test can own
// it.
//
// Thread: any.
#pragma once

#include <chrono>

#include "base/time.h"

namespace doorbuster {

class Clock {
 public:
  virtual ~Clock() = default;
  // The wall clock: may step either way.
  virtual Time wall() const = 0;
  // Time since some fixed moment, never going back, sleep of the machine included (CLOCK_BOOTTIME).
  virtual std::chrono::nanoseconds since_boot() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time wall() const override;
  std::chrono::nanoseconds since_boot() const override;
};

}  // namespace doorbuster
