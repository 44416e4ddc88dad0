#include "sale/claim_id.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace doorbuster::sale {
namespace {

constexpr std::string_view kPrefix = "clm_";
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base 32
constexpr std::uint8_t kNoDigit = 0xff;
constexpr auto kDigitOf = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    digits[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();
constexpr std::size_t kDigitCount = kClaimIdBytes - kPrefix.size();
// Two digits at a time: each answer to a claim has the id twice.
constexpr auto kDigitPairs = [] {
  std::array<std::array<char, 2>, 1024> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 5], kDigits[i & 31]};
  return pairs;
}();

// A UUID has 122 free bits: a Feistel network (Luby and Rackoff, 1988) over two halves of 61.
constexpr int kHalfBits = 61;
constexpr std::uint64_t kHalfMask = (std::uint64_t{1} << kHalfBits) - 1;
constexpr int kRounds = 4;

constexpr std::uint64_t kVersion = std::uint64_t{8} << 12;  // in the high half of the UUID
constexpr std::uint64_t kVariant = std::uint64_t{2} << 62;  // in the low half

// 122 bits in two halves of 61 <-> the UUID's two words with version and variant between them.
ClaimId pack(std::uint64_t left, std::uint64_t right) {
  // high: 48 bits, version, 12 bits (60 free); low: variant, 62 bits.
  const std::uint64_t free_high = left >> 1;
  const std::uint64_t free_low = ((left & 1) << 61) | right;
  return {((free_high >> 12) << 16) | kVersion | (free_high & 0xfff), kVariant | free_low};
}

void unpack(ClaimId id, std::uint64_t& left, std::uint64_t& right) {
  const std::uint64_t free_high = ((id.high >> 16) << 12) | (id.high & 0xfff);
  const std::uint64_t free_low = id.low & ((std::uint64_t{1} << 62) - 1);
  left = (free_high << 1) | (free_low >> 61);
  right = free_low & kHalfMask;
}

std::uint8_t digit_of(char c) { return kDigitOf[static_cast<unsigned char>(c)]; }

bool is_version_8(ClaimId id) { return (id.high & 0xf000) == kVersion && (id.low >> 62) == 2; }

}  // namespace

void write(char* text, ClaimId id) {
  std::memcpy(text, kPrefix.data(), kPrefix.size());
  char* end = text + kClaimIdBytes;
  const auto put_pair = [&end](std::uint64_t bits) {
    end -= 2;
    std::memcpy(end, kDigitPairs[bits & 1023].data(), 2);
  };
  // From the last pair on: six from the low word, one from both, six from the high word.
  for (int shift = 0; shift < 60; shift += 10) put_pair(id.low >> shift);
  put_pair((id.low >> 60) | (id.high << 4));
  for (int shift = 6; shift < 66; shift += 10) put_pair(id.high >> shift);
}

void append(std::string& out, ClaimId id) {
  char text[kClaimIdBytes];
  write(text, id);
  out.append(text, sizeof text);
}

std::string to_string(ClaimId id) {
  std::string out;
  append(out, id);
  return out;
}

std::optional<ClaimId> parse_claim_id(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kDigitCount) {
    return std::nullopt;
  }
  text.remove_prefix(kPrefix.size());
  // 26 digits are 130 bits: the first may hold only three.
  if (digit_of(text.front()) > 7) return std::nullopt;
  ClaimId id;
  for (const char c : text) {
    const std::uint8_t digit = digit_of(c);
    if (digit == kNoDigit) return std::nullopt;
    id.high = (id.high << 5) | (id.low >> 59);
    id.low = (id.low << 5) | digit;
  }
  if (!is_version_8(id)) return std::nullopt;
  return id;
}

std::uint64_t ClaimIdCodec::round(int number, std::uint64_t half) const {
  char bytes[9];
  std::memcpy(bytes, &half, 8);
  bytes[8] = static_cast<char>(number);
  return siphash24(key_, {bytes, sizeof bytes}) & kHalfMask;
}

ClaimId ClaimIdCodec::encode(ClaimPlace place) const {
  std::uint64_t left = place.sale.value;
  std::uint64_t right = place.claim.value;
  for (int i = 0; i < kRounds; ++i) {
    const std::uint64_t next = left ^ round(i, right);
    left = right;
    right = next;
  }
  return pack(left, right);
}

std::optional<ClaimPlace> ClaimIdCodec::decode(ClaimId id) const {
  if (!is_version_8(id)) return std::nullopt;
  std::uint64_t left = 0;
  std::uint64_t right = 0;
  unpack(id, left, right);
  for (int i = kRounds - 1; i >= 0; --i) {
    const std::uint64_t before = right ^ round(i, left);
    right = left;
    left = before;
  }
  // An id that was made up lands anywhere in 2^122 places; ours have 29 leading zeros in each half.
  if ((left | right) > 0xffffffff) return std::nullopt;
  return ClaimPlace{SaleOrdinal{static_cast<std::uint32_t>(left)},
                    ClaimOrdinal{static_cast<std::uint32_t>(right)}};
}

}  // namespace doorbuster::sale
