// A growing array that never moves what it holds: pushing costs the same at ten and at a hundred
// million elements, and no push copies the elements before it. Segments double up to a bound, so
// that a small array is small.
//
// Invariants: element i stays at its address for the life of the array.
#pragma once

#include <bit>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/check.h"

namespace doorbuster::sale {

template <typename T>
class SegmentedVector {
 public:
  std::size_t size() const { return size_; }

  T& operator[](std::size_t index) { return *locate(index); }
  const T& operator[](std::size_t index) const { return *locate(index); }

  // Appends a value-initialized element.
  T& push_back() {
    if (size_ == capacity_) {
      const std::size_t count = segments_.empty() ? kFirst : std::min(capacity_, kLargest);
      segments_.push_back(std::make_unique<T[]>(count));
      capacity_ += count;
    }
    ++size_;
    return *locate(size_ - 1);
  }

  // Bytes taken from the system, whatever the elements own besides.
  std::size_t memory() const {
    return capacity_ * sizeof(T) + segments_.capacity() * sizeof(void*);
  }

 private:
  static constexpr std::size_t kFirst = 16;
  static constexpr std::size_t kLargest = 4096;
  // Segments of 16, 16, 32, 64 ... 2048 elements hold the first 4096; all later ones hold 4096
  // each.
  static constexpr std::size_t kGrowing = std::bit_width(kLargest / kFirst);

  T* locate(std::size_t index) const {
    DCHECK(index < size_);
    if (index >= kLargest) {
      return &segments_[kGrowing + index / kLargest - 1][index % kLargest];
    }
    const std::size_t segment = static_cast<std::size_t>(std::bit_width(index / kFirst));
    const std::size_t begin = segment == 0 ? 0 : kFirst << (segment - 1);
    return &segments_[segment][index - begin];
  }

  std::vector<std::unique_ptr<T[]>> segments_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace doorbuster::sale
