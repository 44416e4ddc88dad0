// How much of the feed is there for readers at least; the oldest beyond either makes way.
#pragma once

#include <cstdint>

namespace doorbuster::redis {

struct KeptFeed {
  std::uint64_t entries = 1'000'000;  // of the index
  std::uint64_t events = 10'000'000;
};

}  // namespace doorbuster::redis
