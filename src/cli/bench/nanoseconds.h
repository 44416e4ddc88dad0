// The crowd's clock counts in nanoseconds; these are its larger units.
#pragma once

#include <cstdint>

namespace doorbuster::bench {

inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1000 * kMillisecond;

}  // namespace doorbuster::bench
