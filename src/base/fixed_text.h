// Text of a bounded length held in place, so that a command or an event of the hot path allocates
// nothing and can be copied between threads as plain bytes.
//
// Invariants: size() <= Capacity.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"

namespace doorbuster {

template <std::size_t Capacity>
class FixedText {
  static_assert(Capacity <= 255);

 public:
  static constexpr std::size_t kCapacity = Capacity;

  FixedText() = default;
  explicit FixedText(std::string_view text) { assign(text); }
  // Only the used bytes are copied: most are far shorter than the capacity.
  FixedText(const FixedText& other) { assign(other.view()); }
  FixedText& operator=(const FixedText& other) {
    if (this != &other) assign(other.view());
    return *this;
  }

  static bool fits(std::string_view text) { return text.size() <= Capacity; }

  void assign(std::string_view text) {
    CHECK(fits(text));
    size_ = static_cast<std::uint8_t>(text.size());
    if (!text.empty()) std::memcpy(bytes_, text.data(), text.size());
  }
  std::string_view view() const { return {bytes_, size_}; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  friend bool operator==(const FixedText& a, const FixedText& b) { return a.view() == b.view(); }

 private:
  std::uint8_t size_ = 0;
  char bytes_[Capacity];
};

}  // namespace doorbuster
