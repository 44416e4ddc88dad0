#include "sale/types.h"

namespace doorbuster::sale {

std::uint32_t UnitRuns::count() const {
  std::uint32_t units = first.count;
  for (const UnitRun& run : more) units += run.count;
  return units;
}

std::string_view to_string(SaleStatus status) {
  switch (status) {
    case SaleStatus::scheduled:
      return "scheduled";
    case SaleStatus::open:
      return "open";
    case SaleStatus::paused:
      return "paused";
    case SaleStatus::closed:
      return "closed";
  }
  return {};
}

std::string_view to_string(ClaimStatus status) {
  switch (status) {
    case ClaimStatus::held:
      return "held";
    case ClaimStatus::confirmed:
      return "confirmed";
    case ClaimStatus::released:
      return "released";
  }
  return {};
}

std::string_view to_string(EndReason reason) {
  switch (reason) {
    case EndReason::none:
      return "none";
    case EndReason::buyer:
      return "buyer";
    case EndReason::merchant:
      return "merchant";
    case EndReason::expired:
      return "expired";
    case EndReason::cancelled:
      return "cancelled";
  }
  return {};
}

std::string_view to_string(Availability availability) {
  switch (availability) {
    case Availability::available:
      return "available";
    case Availability::all_held:
      return "all_held";
    case Availability::gone:
      return "gone";
  }
  return {};
}

}  // namespace doorbuster::sale
