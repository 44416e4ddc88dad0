// What a sale has come to, in numbers that can be added up over sales.
//
// Thread: any; values.
#pragma once

#include <array>
#include <cstdint>

#include "sale/outcome.h"
#include "sale/sale_state.h"
#include "store/claim_result.h"

namespace doorbuster::embedded {

using store::ClaimCounts;
using store::ClaimResult;
using store::index_of;
using store::kClaimResults;

inline constexpr std::size_t kSaleStatuses = 4;

// Numbers of one sale, or of several. Differences are added without a sign, so they may wrap.
struct SaleFigures {
  // Since the engine started; they only grow.
  ClaimCounts claims{};
  std::array<std::uint64_t, sale::kEndReasons> released{};  // claims that have ended, by reason
  // As it is now.
  std::uint64_t stock = 0;
  std::uint64_t available = 0;
  std::uint64_t held = 0;
  std::uint64_t confirmed = 0;
  std::array<std::uint64_t, kSaleStatuses> in_status{};  // 1 for the one it is in

  void add(const SaleFigures& more);
  bool of_deleted() const { return in_status == std::array<std::uint64_t, kSaleStatuses>{}; }
};

// What was claimed, as it is counted while it is decided.
struct ClaimTally {
  ClaimCounts claims{};
  bool touched = false;  // since its figures were last taken

  std::uint64_t& operator[](ClaimResult result) { return claims[index_of(result)]; }
  std::uint64_t& operator[](sale::Refusal refusal) { return claims[index_of(refusal)]; }
};

std::array<std::uint64_t, sale::kRefusals> refused_of(const ClaimTally& tally);

// A deleted sale has no stock and no status.
SaleFigures figures_of(const sale::SaleState& sale, const ClaimTally& tally);

}  // namespace doorbuster::embedded
