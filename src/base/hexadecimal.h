// All 64 bits as 16 digits: readers of JSON lose the lower ones of a number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace doorbuster {

inline std::string hexadecimal(std::uint64_t value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kHex[value >> (60 - 4 * i) & 15];
  return out;
}

}  // namespace doorbuster
