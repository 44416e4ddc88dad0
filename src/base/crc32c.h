// CRC-32C (Castagnoli), as in RFC 3720: with the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <span>

namespace doorbuster {

// Extends `crc` (0 to begin with) by `bytes`.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0);

// The same by table, for processors without the instruction and for the test that compares the two.
std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t crc = 0);

}  // namespace doorbuster
