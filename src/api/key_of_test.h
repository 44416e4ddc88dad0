// Keys for tests: as many as there are seeds, each well-formed.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "api/api_key.h"

namespace doorbuster::api {

inline std::string key_of(std::uint8_t seed) {
  std::array<std::uint8_t, kKeyRandomBytes> random{};
  for (std::uint8_t& byte : random) byte = seed = static_cast<std::uint8_t>(seed * 5 + 3);
  return make_key(random);
}

}  // namespace doorbuster::api
