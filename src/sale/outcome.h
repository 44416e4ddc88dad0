// What a sale answers: values, never errors. A refusal is a decision of the sale (R8).
#pragma once

#include "sale/types.h"

namespace doorbuster::sale {

enum class Refusal : std::uint8_t {
  not_open,  // opens_at is still to come
  paused,
  closed,
  limit_exceeded,      // R2
  key_reused,          // the key stands for a claim of another quantity
  sold_out,            // not one unit is free
  insufficient_stock,  // some are free, but fewer than were asked for (R3)
};
inline constexpr std::size_t kRefusals = 7;

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

enum class CreateVerdict : std::uint8_t {
  created,
  existing,        // the same definition was given before
  already_exists,  // another definition has that slug
};

struct CreateOutcome {
  CreateVerdict verdict = CreateVerdict::created;
  SaleOrdinal sale;
};

}  // namespace doorbuster::sale
