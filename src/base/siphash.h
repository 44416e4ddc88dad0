// SipHash (Aumasson and Bernstein, 2012): a keyed hash, for tables whose keys strangers choose. 1-3
// for tables, 2-4 where the result is seen outside. Inlined always: where the length is known to
// the compiler, as in claim ids, it leaves no loop.
//
// Thread: any; pure functions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace doorbuster {

using HashKey = std::array<std::uint64_t, 2>;

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  explicit SipState(const HashKey& key)
      : v0(key[0] ^ 0x736f6d6570736575),
        v1(key[1] ^ 0x646f72616e646f6d),
        v2(key[0] ^ 0x6c7967656e657261),
        v3(key[1] ^ 0x7465646279746573) {}

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
};

template <int BlockRounds, int FinalRounds>
[[gnu::always_inline]] inline std::uint64_t siphash(const HashKey& key, std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  SipState sip(key);
  const auto absorb = [&sip](std::uint64_t word) {
    sip.v3 ^= word;
    for (int i = 0; i < BlockRounds; ++i) sip.round();
    sip.v0 ^= word;
  };
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    absorb(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (std::size_t i = 0; i < left; ++i) {
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << (8 * i);
  }
  absorb(last);
  sip.v2 ^= 0xff;
  for (int i = 0; i < FinalRounds; ++i) sip.round();
  return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

inline std::uint64_t siphash13(const HashKey& key, std::string_view bytes) {
  return siphash<1, 3>(key, bytes);
}

inline std::uint64_t siphash24(const HashKey& key, std::string_view bytes) {
  return siphash<2, 4>(key, bytes);
}

}  // namespace doorbuster
