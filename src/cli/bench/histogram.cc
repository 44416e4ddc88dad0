#include "cli/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace doorbuster::bench {
namespace {

constexpr int kPrecisionBits = 7;
constexpr std::uint64_t kPerPower = std::uint64_t{1} << kPrecisionBits;
constexpr int kMostBits = 40;  // of nanoseconds: 18 minutes
constexpr std::uint64_t kMost = (std::uint64_t{1} << kMostBits) - 1;

// Up to 2^7 a bucket is one nanosecond wide; behind each further power of two twice as wide.
std::size_t bucket_of(std::uint64_t value) {
  if (value < kPerPower) return value;
  const int shift = static_cast<int>(std::bit_width(value)) - kPrecisionBits - 1;
  return kPerPower * static_cast<std::size_t>(shift) + (value >> shift);
}

std::uint64_t last_of_bucket(std::size_t bucket) {
  if (bucket < 2 * kPerPower) return bucket;
  const auto shift = static_cast<int>(bucket / kPerPower) - 1;
  const std::uint64_t step = bucket - kPerPower * static_cast<std::size_t>(shift);
  return ((step + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(bucket_of(kMost) + 1) {}

void Histogram::add(Nanoseconds duration) {
  const std::int64_t value = std::max<std::int64_t>(duration.count(), 0);
  ++buckets_[bucket_of(std::min(static_cast<std::uint64_t>(value), kMost))];
  ++count_;
  longest_ = std::max(longest_, value);
}

Histogram::Nanoseconds Histogram::quantile(double share) const {
  const double all = static_cast<double>(count_);
  const auto wanted = static_cast<std::uint64_t>(std::ceil(std::clamp(share, 0.0, 1.0) * all));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (buckets_[bucket] > 0 && seen >= wanted) {
      const auto value = static_cast<std::int64_t>(last_of_bucket(bucket));
      const bool is_last = bucket + 1 == buckets_.size();
      return Nanoseconds(is_last ? longest_ : std::min(value, longest_));
    }
  }
  return Nanoseconds(0);
}

}  // namespace doorbuster::bench
