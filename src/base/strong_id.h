// Numbers that must not be mixed up: each kind is a type of its own.
#pragma once

#include <compare>

namespace doorbuster {

template <typename Tag, typename Number>
struct StrongId {
  Number value{};

  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  constexpr StrongId next() const { return {static_cast<Number>(value + 1)}; }
};

}  // namespace doorbuster
