// Claim ids: a keyed permutation of (sale, claim), as a UUID of version 8 (RFC 9562) in TypeID
// form: "clm_" and 26 characters. Nothing to guess, and no index is needed to find the claim again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/siphash.h"
#include "sale/types.h"

namespace doorbuster::sale {

struct ClaimPlace {
  SaleOrdinal sale;
  ClaimOrdinal claim;
  friend bool operator==(ClaimPlace, ClaimPlace) = default;
};

// Two halves of a UUID, the first the more significant.
struct ClaimId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(ClaimId, ClaimId) = default;
};

std::string to_string(ClaimId id);
void append(std::string& out, ClaimId id);
inline constexpr std::size_t kClaimIdBytes = 30;
// The same into so many bytes.
void write(char* text, ClaimId id);

// Nothing for a text that is not "clm_" and the 26 digits of a UUID of version 8.
std::optional<ClaimId> parse_claim_id(std::string_view text);

// Thread: any; it only reads its key.
class ClaimIdCodec {
 public:
  explicit ClaimIdCodec(const HashKey& key) : key_(key) {}

  ClaimId encode(ClaimPlace place) const;
  // The place that has this id. Nothing for an id this key never gave out, but for one guess in
  // 2^58.
  std::optional<ClaimPlace> decode(ClaimId id) const;

 private:
  std::uint64_t round(int number, std::uint64_t half) const;

  HashKey key_;
};

}  // namespace doorbuster::sale
