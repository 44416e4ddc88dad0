// The claims of one sale in the order they were granted, 64 bytes each. What few claims have (a
// key, a reference, several runs of units, a buyer's id over 24 bytes) stands beside them.
//
// Thread: engine. Owns: the claims.
#pragma once

#include <array>
#include <string>

#include "sale/segmented_vector.h"
#include "sale/types.h"

namespace doorbuster::sale {

// What is rare in a claim.
struct ClaimExtra {
  std::string long_buyer;
  std::string key;
  std::string reference;
  std::vector<UnitRun> more_units;
  std::vector<std::string> refunds;  // references whose money came too late (R20)
};

struct Claim {
  static constexpr std::size_t kInlineBuyer = 24;
  static constexpr std::uint32_t kNone = 0;

  std::array<char, kInlineBuyer> short_buyer;
  Sequence sequence;  // of the event that granted it
  Time claimed_at;
  Time expires_at;  // kNever: no deadline
  Unit first_unit;
  std::uint32_t previous;  // the same buyer's claim before this one, its ordinal + 1, or kNone
  std::uint32_t extra;     // its ClaimExtra's index + 1, or kNone
  Quantity quantity;
  std::uint8_t short_buyer_size;  // 0: the id stands in the extra
  ClaimStatus status : 2;
  EndReason end_reason : 3;
  bool extended : 1;
  LatePayment late_payment : 1;  // as the sale had it when the claim was granted
};
static_assert(sizeof(Claim) == 64, "memory a claim is a promise (performance goals)");

class ClaimTable {
 public:
  // Appends a claim of `buyer` with these units and this key (may be empty); the caller fills the
  // rest.
  Claim& add(std::string_view buyer, const UnitRuns& units, std::string_view key);

  std::uint32_t size() const { return static_cast<std::uint32_t>(claims_.size()); }
  const Claim& operator[](ClaimOrdinal claim) const { return claims_[claim.value]; }
  Claim& operator[](ClaimOrdinal claim) { return claims_[claim.value]; }

  std::string_view buyer(const Claim& claim) const;
  std::string_view key(const Claim& claim) const;
  std::string_view reference(const Claim& claim) const;
  const std::vector<std::string>& refunds(const Claim& claim) const;
  UnitRuns units(const Claim& claim) const;

  void set_reference(Claim& claim, std::string_view reference);
  void add_refund(Claim& claim, std::string_view reference);
  // Other units in place of those it had.
  void set_units(Claim& claim, const UnitRuns& units);

  std::size_t memory() const { return claims_.memory() + extras_.memory(); }

 private:
  friend struct SaleImage;  // sale_image.cc

  ClaimExtra& extra_of(Claim& claim);

  SegmentedVector<Claim> claims_;
  SegmentedVector<ClaimExtra> extras_;
};

}  // namespace doorbuster::sale
