// Numbers for people: 1000000 as "1,000,000".
#pragma once

#include <cstdint>
#include <string>

namespace doorbuster::cli {

inline std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace doorbuster::cli
