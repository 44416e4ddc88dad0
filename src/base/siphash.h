// SipHash (Aumasson and Bernstein, 2012): a keyed hash, for tables whose keys strangers choose. 1-3
// for tables, 2-4 where the result is seen outside.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace doorbuster {

using HashKey = std::array<std::uint64_t, 2>;

std::uint64_t siphash13(const HashKey& key, std::string_view bytes);
std::uint64_t siphash24(const HashKey& key, std::string_view bytes);

}  // namespace doorbuster
