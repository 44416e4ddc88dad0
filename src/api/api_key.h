// The text of an API key: "db_sk_", 40 characters that say 200 random bits, and 7 that check them.
// The first 8 of the 40 are its prefix, by which people and files name it; 160 bits are its secret.
//
// The check is a CRC-32C: a key that was cut or mistyped is told from one that is not known without
// looking anything up, and a scanner of source code finds keys without false alarms.
//
// Thread: any; pure functions. Nothing here keeps or prints a key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace doorbuster::api {

inline constexpr std::string_view kKeyStart = "db_sk_";
inline constexpr std::size_t kKeyRandomBytes = 25;
inline constexpr std::size_t kKeyPrefixSize = kKeyStart.size() + 8;  // "db_sk_1a2b3c4d"
inline constexpr std::size_t kKeySize = kKeyStart.size() + 40 + 7;

using KeyHash = std::array<std::uint8_t, 32>;  // SHA-256 of the whole text

// The key that these random bytes make.
std::string make_key(std::span<const std::uint8_t, kKeyRandomBytes> random);

enum class KeyShape : std::uint8_t {
  whole,      // perhaps known
  mistyped,   // begins as a key does, and its length, characters or check are wrong
  not_a_key,  // begins otherwise
};
KeyShape shape_of_key(std::string_view text);

// The part by which a key is named; of a whole key.
std::string_view prefix_of_key(std::string_view key);

// Whether `text` could be such a part.
bool is_key_prefix(std::string_view text);

// Takes no lock and no memory.
KeyHash hash_of_key(std::string_view key);

// In a time that does not tell where they differ.
bool same_hash(const KeyHash& a, const KeyHash& b);

// Lower-case hexadecimal, and back; nothing for anything but 64 such digits.
std::string to_hex(const KeyHash& hash);
std::optional<KeyHash> hash_from_hex(std::string_view hex);

}  // namespace doorbuster::api
