// What can be asked of a sale that may change it. Texts have been checked, and are held in place,
// so that a command crosses threads as plain bytes. `trace` is the step that asks, for the events
// that come of it; it decides nothing.
#pragma once

#include "base/trace_parent.h"
#include "sale/types.h"

namespace doorbuster::sale {

// Publishes a sale. The slug is not `goods` nor `goods-*`: those are the rounds'.
struct CreateSale {
  SharedDefinition definition;
  TraceParent trace{};
};

// The recipe's publishing (R14): closes the round before and opens the next one, at once.
struct PublishRound {
  std::uint32_t stock = 0;
  TraceParent trace{};
};

// Asks for `quantity` units of `sale` for `buyer`; an empty key means that none was given (R9).
struct ClaimUnits {
  Slug sale;
  BuyerId buyer;
  Quantity quantity = 1;
  Key key;
  TraceParent trace{};
};

// What a PATCH says: a member that is not there stays as it is.
struct SaleChanges {
  std::optional<std::vector<std::pair<std::string, std::string>>> title;
  std::optional<std::uint32_t> stock;
  std::optional<Quantity> per_buyer_limit;
  std::optional<std::uint32_t> hold_seconds;
  std::optional<std::optional<Time>> opens_at;   // an inner nothing: at once
  std::optional<std::optional<Time>> closes_at;  // an inner nothing: when the merchant says so
  std::optional<LatePayment> late_payment;
  std::optional<Quantity> claim_attempts;
  std::optional<std::uint32_t> max_extension_seconds;
  std::optional<std::uint32_t> archive_after_seconds;
  std::optional<std::string> metadata;
};

// Changes a sale if its version is still `if_version`; nothing: whatever its version is.
struct ChangeSale {
  Slug sale;
  std::optional<std::uint32_t> if_version;
  std::shared_ptr<const SaleChanges> changes;
  TraceParent trace{};
};

enum class SaleAction : std::uint8_t { pause, resume, close, cancel };

// The merchant's buttons: idempotent, and without a precondition.
struct SteerSale {
  Slug sale;
  SaleAction action = SaleAction::pause;
  TraceParent trace{};
};

// Takes a sale away that has not opened yet, or is archived. Its slug is never used again.
struct DeleteSale {
  Slug sale;
  TraceParent trace{};
};

}  // namespace doorbuster::sale
