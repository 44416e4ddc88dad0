// Numbers for people: 1000000 as "1,000,000", and how many there are of something.
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

// "1 claim", "2,000 claims".
inline std::string counted(std::uint64_t number, const char* one) {
  return grouped(number) + " " + one + (number == 1 ? "" : "s");
}

}  // namespace doorbuster::cli
