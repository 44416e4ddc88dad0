// Which of a cluster's slots a key is in: CRC16 (XMODEM) of the key, or of its hash tag, modulo
// 16,384, as the cluster specification of Redis has it.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace doorbuster::redis {

inline constexpr std::uint16_t kSlots = 16'384;

// Polynomial 0x1021, from 0, nothing reflected: "123456789" gives 0x31C3.
std::uint16_t crc16_xmodem(std::string_view bytes);

// The hash tag is what stands between the first { and the first } behind it; the whole key counts
// where there is no such pair, or nothing in between.
std::uint16_t key_slot(std::string_view key);

}  // namespace doorbuster::redis
