// What a sale answers: values, never errors. A refusal is a decision of the sale (R8).
#pragma once

#include "sale/types.h"

namespace doorbuster::sale {

enum class Refusal : std::uint8_t {
  not_open,  // opens_at is still to come
  paused,
  closed,
  limit_exceeded,      // R2
  attempts_exhausted,  // R18
  key_reused,          // the key stands for a claim of another quantity
  sold_out,            // not one unit is free
  insufficient_stock,  // some are free, but fewer than were asked for (R3)
};
inline constexpr std::size_t kRefusals = 8;

std::string_view to_string(Refusal refusal);  // "sold-out": the `code` of the API

enum class ClaimVerdict : std::uint8_t { granted, existing, refused };

struct ClaimOutcome {
  ClaimVerdict verdict = ClaimVerdict::refused;
  ClaimOrdinal claim;                   // granted, existing
  Refusal refusal = Refusal::sold_out;  // refused

  static ClaimOutcome granted(ClaimOrdinal claim) {
    return {ClaimVerdict::granted, claim, Refusal::sold_out};
  }
  static ClaimOutcome existing(ClaimOrdinal claim) {
    return {ClaimVerdict::existing, claim, Refusal::sold_out};
  }
  static ClaimOutcome refused(Refusal refusal) { return {ClaimVerdict::refused, {}, refusal}; }
  friend bool operator==(const ClaimOutcome&, const ClaimOutcome&) = default;
};

// What becomes of a claim that is to be confirmed, released or extended.
enum class ClaimChange : std::uint8_t {
  done,
  unchanged,           // it is so already: the same answer again
  expired,             // R16, R20: the hold is over, and a refund is owed for the reference
  released,            // confirming or extending a claim that buyer, merchant or cancelling ended
  reference_mismatch,  // it is confirmed with another reference
  confirmed,           // a buyer gives back, or somebody extends, what is confirmed
  not_extendable,      // longer than the sale allows
};

// What becomes of a sale that is to be changed, steered or deleted.
enum class SaleChange : std::uint8_t {
  done,
  unchanged,
  version_mismatch,
  closed,                 // and with that final
  already_open,           // opens_at is past, or the sale is to be deleted
  stock_below_claimed,    // R6
  stock_out_of_range,     // the numbers of units would run out
  closes_in_the_past,     // closes_at
  closes_before_opening,  // closes_at
};

enum class CreateVerdict : std::uint8_t {
  created,
  existing,            // the same definition was given before
  already_exists,      // another definition has that slug, or had it
  closes_in_the_past,  // nothing is created
};

struct CreateOutcome {
  CreateVerdict verdict = CreateVerdict::created;
  SaleOrdinal sale;
};

}  // namespace doorbuster::sale
