// Randomness from the system.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <span>

namespace doorbuster::cli {

void fill_random(std::span<std::uint8_t> bytes);

}  // namespace doorbuster::cli
