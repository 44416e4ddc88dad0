#include "sim/file_content.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace doorbuster::simulation {
namespace {

enum class Fate { kept, dropped, torn, garbage };
enum class Pattern { one_by_one, all_kept, all_dropped, prefix_kept, one_dropped, one_kept };

// Draws the fates of a file's sectors, in their order.
class Fates {
 public:
  Fates(Random& random, const CrashOdds& odds, std::size_t sectors)
      : random_(random), odds_(odds), chosen_(below(random, sectors + 1)) {
    if (!chance(random, odds.pattern)) return;
    pattern_ = static_cast<Pattern>(1 + below(random, 5));
  }

  bool all_kept() const { return pattern_ == Pattern::all_kept; }

  Fate next() {
    const std::size_t at = next_++;
    switch (pattern_) {
      case Pattern::one_by_one:
        return draw();
      case Pattern::all_kept:
        return Fate::kept;
      case Pattern::all_dropped:
        return Fate::dropped;
      case Pattern::prefix_kept:
        return at < chosen_ ? Fate::kept : Fate::dropped;
      case Pattern::one_dropped:
        return at == chosen_ ? Fate::dropped : Fate::kept;
      case Pattern::one_kept:
        return at == chosen_ ? Fate::kept : Fate::dropped;
    }
    CHECK(false);
  }

 private:
  Fate draw() {
    const double drawn = static_cast<double>(random_() >> 11) * 0x1p-53;
    if (drawn < odds_.sector_kept) return Fate::kept;
    if (drawn < odds_.sector_kept + odds_.sector_torn) return Fate::torn;
    if (drawn < odds_.sector_kept + odds_.sector_torn + odds_.sector_garbage) return Fate::garbage;
    return Fate::dropped;
  }

  Random& random_;
  const CrashOdds& odds_;
  std::size_t chosen_;
  std::size_t next_ = 0;
  Pattern pattern_ = Pattern::one_by_one;
};

template <typename Sector>
Sector mixed(Fate fate, const Sector& old_bytes, const Sector& new_bytes, Random& random) {
  switch (fate) {
    case Fate::kept:
      return new_bytes;
    case Fate::dropped:
      return old_bytes;
    case Fate::torn: {
      const bool starts_new = chance(random, 0.5);
      Sector result = starts_new ? new_bytes : old_bytes;
      const Sector& rest = starts_new ? old_bytes : new_bytes;
      const std::size_t split = 1 + below(random, kSectorBytes - 1);
      std::copy(rest.begin() + static_cast<std::ptrdiff_t>(split), rest.end(),
                result.begin() + static_cast<std::ptrdiff_t>(split));
      return result;
    }
    case Fate::garbage: {
      Sector result;
      for (std::byte& byte : result) byte = static_cast<std::byte>(random() >> 32);
      return result;
    }
  }
  CHECK(false);
}

}  // namespace

FileContent::FileContent() : disk_(std::make_shared<std::vector<std::byte>>()) {}

std::vector<std::byte>& FileContent::disk() {
  if (disk_.use_count() > 1) disk_ = std::make_shared<std::vector<std::byte>>(*disk_);
  return *disk_;
}

// The sector's bytes on the disk, zeros behind its end.
FileContent::Sector FileContent::sector(std::uint64_t index) const {
  Sector result{};
  const std::uint64_t from = index * kSectorBytes;
  if (from < disk_->size()) {
    std::memcpy(result.data(), disk_->data() + from,
                std::min<std::uint64_t>(kSectorBytes, disk_->size() - from));
  }
  return result;
}

// Puts the part of a sector that lies within the disk's size there.
void FileContent::store(std::uint64_t index, const Sector& bytes) {
  auto& target = disk();
  const std::uint64_t from = index * kSectorBytes;
  if (from >= target.size()) return;
  std::memcpy(target.data() + from, bytes.data(),
              std::min<std::uint64_t>(kSectorBytes, target.size() - from));
}

void FileContent::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  size_ = std::max(size_, offset + bytes.size());
  while (!bytes.empty()) {
    const std::uint64_t index = offset / kSectorBytes;
    const std::size_t within = offset % kSectorBytes;
    const std::size_t length = std::min(bytes.size(), kSectorBytes - within);
    auto [at, added] = pending_.try_emplace(index);
    if (added && length < kSectorBytes) at->second.bytes = sector(index);
    std::memcpy(at->second.bytes.data() + within, bytes.data(), length);
    at->second.lost = false;
    offset += length;
    bytes = bytes.subspan(length);
  }
}

std::size_t FileContent::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  if (offset >= size_) return 0;
  bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), size_ - offset));
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t stored = std::clamp<std::uint64_t>(disk_->size(), offset, end) - offset;
  std::copy_n(disk_->begin() + static_cast<std::ptrdiff_t>(stored == 0 ? 0 : offset), stored,
              bytes.begin());
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(stored), bytes.end(), std::byte{0});
  for (auto at = pending_.lower_bound(offset / kSectorBytes); at != pending_.end(); ++at) {
    const std::uint64_t from = at->first * kSectorBytes;
    if (from >= end) break;
    const std::uint64_t first = std::max(from, offset);
    const std::uint64_t last = std::min(from + kSectorBytes, end);
    std::memcpy(bytes.data() + (first - offset), at->second.bytes.data() + (first - from),
                last - first);
  }
  return bytes.size();
}

void FileContent::sync() {
  if (all_synced()) return;
  if (disk_->size() < size_) disk().resize(size_);
  for (auto at = pending_.begin(); at != pending_.end();) {
    if (at->second.lost) {
      ++at;
      continue;
    }
    store(at->first, at->second.bytes);
    at = pending_.erase(at);
  }
}

void FileContent::drop_lost() {
  std::erase_if(pending_, [](const auto& sector) { return sector.second.lost; });
}

void FileContent::lose_pending(Random& random) {
  if (disk_->size() < size_ && chance(random, 0.5)) disk().resize(size_);
  for (auto at = pending_.begin(); at != pending_.end();) {
    const bool within = (at->first + 1) * kSectorBytes <= disk_->size();
    if (!at->second.lost && within && chance(random, 0.5)) {
      store(at->first, at->second.bytes);
      at = pending_.erase(at);
    } else {
      at->second.lost = true;
      ++at;
    }
  }
}

std::uint64_t FileContent::size_after_crash(Random& random, const CrashOdds& odds,
                                            bool all_kept) const {
  const std::uint64_t old_size = disk_->size();
  if (old_size == size_ || all_kept) return size_;
  if (chance(random, odds.size_kept)) return size_;
  // The chance is that of all three cases, so what is left for this one has to be scaled.
  const double left = 1 - odds.size_kept;
  if (left <= 0 || !chance(random, odds.size_between / left)) return old_size;
  return old_size + below(random, size_ - old_size);
}

void FileContent::crash(Random& random, const CrashOdds& odds) {
  if (all_synced()) return;
  Fates fates(random, odds, pending_.size());
  const std::uint64_t size = size_after_crash(random, odds, fates.all_kept());
  if (size != disk_->size()) disk().resize(size);
  for (const auto& [index, pending] : pending_) {
    Fate fate = fates.next();
    if (pending.lost && fate == Fate::kept) fate = Fate::dropped;
    if (fate != Fate::dropped) store(index, mixed(fate, sector(index), pending.bytes, random));
  }
  pending_.clear();
  size_ = size;
}

bool FileContent::flip_bit(std::uint64_t offset, unsigned bit) {
  CHECK(bit < 8);
  if (offset >= size_) return false;
  const auto mask = static_cast<std::byte>(1U << bit);
  if (offset < disk_->size()) disk()[offset] ^= mask;
  const auto at = pending_.find(offset / kSectorBytes);
  if (at != pending_.end()) at->second.bytes[offset % kSectorBytes] ^= mask;
  return true;
}

bool FileContent::truncate(std::uint64_t size) {
  if (size > size_) return false;
  size_ = size;
  if (disk_->size() > size) disk().resize(size);
  pending_.erase(pending_.lower_bound((size + kSectorBytes - 1) / kSectorBytes), pending_.end());
  const auto last = pending_.find(size / kSectorBytes);
  if (last == pending_.end()) return true;
  auto& bytes = last->second.bytes;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(size % kSectorBytes), bytes.end(),
            std::byte{0});
  return true;
}

}  // namespace doorbuster::simulation
