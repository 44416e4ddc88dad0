#include "api/api_key.h"

// OpenSSL 3 would have everybody look algorithms up by their names, which takes a lock and memory
// for each key.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/check.h"
#include "base/crc32c.h"

namespace doorbuster::api {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base 32
constexpr std::size_t kCheckSize = 7;                                     // 32 bits
constexpr std::size_t kCheckedSize = kKeySize - kCheckSize;

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kDigits.find(c) != std::string_view::npos; });
}

void append_check(std::string& key) {
  std::uint32_t check = crc32c(std::as_bytes(std::span(key)));
  char digits[kCheckSize];
  for (std::size_t i = kCheckSize; i-- > 0;) {
    digits[i] = kDigits[check & 31];
    check >>= 5;
  }
  key.append(digits, kCheckSize);
}

int lower_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string make_key(std::span<const std::uint8_t, kKeyRandomBytes> random) {
  std::string key(kKeyStart);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : random) {
    bits = (bits << 8) | byte;
    count += 8;
    while (count >= 5) {
      count -= 5;
      key += kDigits[(bits >> count) & 31];
    }
  }
  append_check(key);
  CHECK(key.size() == kKeySize);
  return key;
}

KeyShape shape_of_key(std::string_view text) {
  if (!text.starts_with(kKeyStart)) return KeyShape::not_a_key;
  if (text.size() != kKeySize) return KeyShape::mistyped;
  std::uint32_t check = crc32c(std::as_bytes(std::span(text.substr(0, kCheckedSize))));
  bool fits = is_digits(text.substr(kKeyStart.size()));
  for (std::size_t i = kKeySize; i-- > kCheckedSize;) {
    fits = fits && text[i] == kDigits[check & 31];
    check >>= 5;
  }
  return fits ? KeyShape::whole : KeyShape::mistyped;
}

std::string_view prefix_of_key(std::string_view key) {
  CHECK(key.size() == kKeySize);
  return key.substr(0, kKeyPrefixSize);
}

bool is_key_prefix(std::string_view text) {
  return text.size() == kKeyPrefixSize && text.starts_with(kKeyStart) &&
         is_digits(text.substr(kKeyStart.size()));
}

KeyHash hash_of_key(std::string_view key) {
  KeyHash hash{};
  SHA256_CTX context;
  CHECK(::SHA256_Init(&context) == 1);
  CHECK(::SHA256_Update(&context, key.data(), key.size()) == 1);
  CHECK(::SHA256_Final(hash.data(), &context) == 1);
  return hash;
}

bool same_hash(const KeyHash& a, const KeyHash& b) {
  return ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_hex(const KeyHash& hash) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : hash) {
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return hex;
}

std::optional<KeyHash> hash_from_hex(std::string_view hex) {
  KeyHash hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = lower_hex_digit(hex[2 * i]);
    const int low = lower_hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return hash;
}

}  // namespace doorbuster::api
