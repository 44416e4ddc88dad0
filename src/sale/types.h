// The words of a sale as types: ids, numbers, definitions, states. Values only.
//
// Invariants: every text here has been checked where it entered the program (api, cli); the core
// relies on lengths alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fixed_text.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace doorbuster::sale {

using Slug = FixedText<64>;       // a sale's name, [a-z0-9-]
using BuyerId = FixedText<128>;   // printable UTF-8, opaque
using Key = FixedText<64>;        // an idempotency key
using Reference = FixedText<64>;  // the shop's order id

using SaleOrdinal = StrongId<struct SaleOrdinalTag, std::uint32_t>;    // 0, 1, 2 ... in one store
using ClaimOrdinal = StrongId<struct ClaimOrdinalTag, std::uint32_t>;  // 0, 1, 2 ... in one sale
using Sequence = StrongId<struct SequenceTag, std::uint64_t>;  // events of one sale: 1, 2, 3 ...
using Unit = std::uint32_t;                                    // 1, 2, 3 ..., never reused
using Quantity = std::uint16_t;

inline constexpr std::uint32_t kMaxStock = 100'000'000;
inline constexpr Unit kMaxUnit = 4'000'000'000;
inline constexpr Quantity kMaxQuantity = 1000;  // of a claim, and of per_buyer_limit
inline constexpr Quantity kMaxClaimAttempts = 1000;
inline constexpr std::uint32_t kMaxHoldSeconds = 30 * 24 * 3600;  // of an extension, too
inline constexpr std::uint32_t kMaxArchiveAfterSeconds = 10 * 365 * 24 * 3600;
inline constexpr std::size_t kMaxMetadataBytes = 4096;
inline constexpr std::string_view kRoundsSlug = "goods";  // and "goods-1", "goods-2" ... (R14)

// Units first, first + 1, ... first + count - 1.
struct UnitRun {
  Unit first = 0;
  std::uint32_t count = 0;
  friend bool operator==(UnitRun, UnitRun) = default;
};

// The units of one claim. Nearly always one run, which needs no allocation.
struct UnitRuns {
  UnitRun first;
  std::vector<UnitRun> more;

  std::uint32_t count() const;
  friend bool operator==(const UnitRuns&, const UnitRuns&) = default;
};

enum class LatePayment : std::uint8_t { reject = 0, reacquire = 1 };  // R20
enum class Reveal : std::uint8_t { hold = 0, confirm = 1 };           // R5

// What a merchant said about a sale; `title` by language, "" where he gave one text for all.
struct SaleDefinition {
  std::string slug;
  std::vector<std::pair<std::string, std::string>> title;
  std::uint32_t stock = 0;
  Quantity per_buyer_limit = 1;
  std::uint32_t hold_seconds = 0;  // 0: a claim is confirmed at once
  std::optional<Time> opens_at;    // none: at once
  std::optional<Time> closes_at;   // none: when the merchant says so
  LatePayment late_payment = LatePayment::reject;
  Quantity claim_attempts = 5;  // R18
  std::uint32_t max_extension_seconds = 0;
  std::uint32_t archive_after_seconds = 0;  // 0: never
  Reveal reveal = Reveal::hold;
  std::string metadata = "{}";  // JSON as the merchant gave it, white space removed

  friend bool operator==(const SaleDefinition&, const SaleDefinition&) = default;
};

using SharedDefinition = std::shared_ptr<const SaleDefinition>;

enum class SaleStatus : std::uint8_t { scheduled, open, paused, closed };
enum class ClaimStatus : std::uint8_t { held, confirmed, released };
enum class EndReason : std::uint8_t {
  none = 0,
  buyer = 1,
  merchant = 2,
  expired = 3,
  cancelled = 4
};
inline constexpr std::size_t kEndReasons = 5;
enum class Availability : std::uint8_t { available, all_held, gone };

std::string_view to_string(SaleStatus status);
std::string_view to_string(ClaimStatus status);
std::string_view to_string(EndReason reason);
std::string_view to_string(Availability availability);

// Where every unit of a sale is (R1): available + held + confirmed + burned = stock.
struct Totals {
  std::uint64_t stock = 0;
  std::uint64_t available = 0;
  std::uint64_t held = 0;
  std::uint64_t confirmed = 0;
  std::uint64_t burned = 0;

  bool conserved() const { return available + held + confirmed + burned == stock; }
  friend bool operator==(const Totals&, const Totals&) = default;
};

}  // namespace doorbuster::sale
