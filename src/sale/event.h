// Every fact that can happen to a sale. The list is whole: what this version does not decide yet
// (holds, codes, waitlist, eligibility) has its shape and its bytes already, so that the journal's
// format does not change when it comes.
//
// Owns: lists and definitions by value; buyer, key, reference and codes are views into the command,
// the claim or the bytes the event was made from, and good as long as those are.
#pragma once

#include <string_view>
#include <variant>

#include "sale/types.h"

namespace doorbuster::sale {

struct SaleCreated {
  SharedDefinition definition;
};
struct SaleUpdated {
  SharedDefinition definition;
};  // whole, as it now is
struct SaleOpened {};
struct SalePaused {};
struct SaleResumed {};
struct SaleClosed {};
struct SaleCancelled {};
struct SaleDeleted {};
struct CodesAdded {
  std::vector<std::string_view> codes;
};
struct EligibleBuyer {
  std::string_view buyer;
  std::uint32_t tier = 0;
  friend bool operator==(const EligibleBuyer&, const EligibleBuyer&) = default;
};
struct EligibilitySet {
  std::vector<EligibleBuyer> buyers;
};

// A claim is held when it has a deadline, and confirmed at once when it has none.
struct ClaimGranted {
  ClaimOrdinal claim;
  std::string_view buyer;
  UnitRuns units;
  std::optional<Time> expires_at;
  std::string_view key;  // empty: none was given
};
// The claim that a later event is about, with whose it is and of how many: so an event tells its
// reader everything by itself, without the state it was decided on.
struct OfClaim {
  ClaimOrdinal claim;
  std::string_view buyer;
  Quantity quantity = 0;
};
struct ClaimConfirmed : OfClaim {
  std::string_view reference;
};
struct ClaimReleased : OfClaim {
  EndReason reason = EndReason::none;
};
struct ClaimExtended : OfClaim {
  Time expires_at;
};
struct ClaimReacquired : OfClaim {
  UnitRuns units;
  std::string_view reference;
};
struct RefundRequired : OfClaim {
  std::string_view reference;
};

struct WaitlistJoined {
  std::string_view buyer;
};
struct WaitlistOffered {
  std::string_view buyer;
  ClaimOrdinal claim;
};
struct WaitlistLeft {
  std::string_view buyer;
};

using EventBody =
    std::variant<SaleCreated, SaleUpdated, SaleOpened, SalePaused, SaleResumed, SaleClosed,
                 SaleCancelled, SaleDeleted, CodesAdded, EligibilitySet, ClaimGranted,
                 ClaimConfirmed, ClaimReleased, ClaimExtended, ClaimReacquired, RefundRequired,
                 WaitlistJoined, WaitlistOffered, WaitlistLeft>;

struct Event {
  SaleOrdinal sale;
  Sequence sequence;
  Time at;
  EventBody body;
  // The bytes of the TraceParent of the request that caused it; empty: it sent none, or nobody
  // asked.
  std::string_view trace{};
};

// "doorbuster.sale.created" and so on, as the feed names it.
std::string_view type_name(const Event& event);

}  // namespace doorbuster::sale
