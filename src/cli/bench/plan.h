// What a crowd is to do: how many come, when, and what they ask.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/result.h"
#include "cli/arguments.h"

namespace doorbuster::bench {

struct Plan {
  cli::BenchMix mix = cli::BenchMix::sale;
  cli::ArrivalShape arrival = cli::ArrivalShape::flash;
  std::uint64_t arrivals = 0;  // requests that come by the curve; others follow from answers
  std::uint32_t buyers = 0;
  std::chrono::nanoseconds duration{0};
  std::uint64_t stock = 0;         // of a sale of its own
  std::uint64_t hold_seconds = 0;  // the same
};

// The duplicates of a mix: so many requests to each buyer.
inline constexpr std::uint64_t kRequestsOfADuplicator = 10;

// What was given, and for the rest what suits the mix. invalid_argument, in words for who typed it,
// for what contradicts itself or is too much.
Result<Plan> plan_of(const cli::BenchArguments& arguments);

// Who comes as number `n` of the arrivals.
std::uint32_t buyer_of(const Plan& plan, std::uint64_t n);

}  // namespace doorbuster::bench
