// What became of a claim that was asked for, as it is counted.
//
// Thread: any; values.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "store/claim_store.h"

namespace doorbuster::store {

// The verdicts that are no refusal, an error, and then the refusals in their order.
enum class ClaimResult : std::uint8_t { held, confirmed, replayed, error, first_refusal };
inline constexpr std::size_t kClaimResults =
    static_cast<std::size_t>(ClaimResult::first_refusal) + sale::kRefusals;

constexpr std::size_t index_of(ClaimResult result) { return static_cast<std::size_t>(result); }
constexpr std::size_t index_of(sale::Refusal refusal) {
  return index_of(ClaimResult::first_refusal) + static_cast<std::size_t>(refusal);
}
std::size_t result_index(const ClaimReply& reply);
// "held", "sold_out": as metrics name it.
std::string_view claim_result_name(std::size_t index);

// How often each was the result.
using ClaimCounts = std::array<std::uint64_t, kClaimResults>;

}  // namespace doorbuster::store
