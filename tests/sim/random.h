// Dice for the simulation: everything is drawn from one explicit generator, and drawn alike by
// every standard library (whose distributions are not specified to the bit).
//
// Thread: the generator's. Owns: nothing.
#pragma once

#include <cstdint>
#include <random>

namespace doorbuster::simulation {

using Random = std::mt19937_64;

// True with that probability; always draws once.
inline bool chance(Random& random, double probability) {
  return static_cast<double>(random() >> 11) * 0x1p-53 < probability;
}

// In [0, limit); limit > 0. The bias of the remainder is of no weight here.
inline std::uint64_t below(Random& random, std::uint64_t limit) { return random() % limit; }

}  // namespace doorbuster::simulation
