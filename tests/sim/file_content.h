// The bytes of one simulated file: what is on the disk, and the sectors written since, which a
// power cut may keep, drop or spoil.
//
// Thread: one. Owns: the bytes; a copy shares what is on the disk until one of the two changes it.
// Invariants: a read sees the last write, until a crash. Pending sectors lie within size(). A
// sector is pending from its write to the next sync that is not refused; being rewritten with the
// same bytes puts it at risk as well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "sim/random.h"

namespace doorbuster::simulation {

inline constexpr std::size_t kSectorBytes = 512;

// What a power cut does to what was not synced, as probabilities.
struct CrashOdds {
  // Each sector; the rest of 1 is dropped (the old bytes).
  double sector_kept = 0.45;
  double sector_torn = 0.05;     // new bytes up to somewhere, old ones behind, or the reverse
  double sector_garbage = 0.05;  // random bytes
  // A file's sectors meet one pattern of fates instead of one fate each: all kept, all dropped, a
  // prefix kept, all but one kept, only one kept. Long writes would hardly ever see these
  // otherwise.
  double pattern = 0.5;
  // A size that grew; the rest of 1 is the old size.
  double size_kept = 0.5;
  double size_between = 0.25;
  // Each change of a name.
  double name_kept = 0.5;
};

class FileContent {
 public:
  FileContent();

  std::uint64_t size() const { return size_; }
  bool all_synced() const { return pending_.empty() && size_ == disk_->size(); }

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  // Fewer than asked for at the end only.
  std::size_t read(std::uint64_t offset, std::span<std::byte> bytes) const;
  void sync();
  // A sync that failed as Linux fails: some sectors reached the disk, the others are taken for
  // clean. They are still read back, yet no later sync writes them.
  void lose_pending(Random& random);
  // What memory shows of sectors that a failed sync lost is forgotten: the disk's bytes are read.
  void drop_lost();
  void crash(Random& random, const CrashOdds& odds);

  // What a crash that drops everything would leave.
  const std::vector<std::byte>& on_disk() const { return *disk_; }

  // Damage, at once and on the disk as well as in what is read. False when beyond the end.
  bool flip_bit(std::uint64_t offset, unsigned bit);
  bool truncate(std::uint64_t size);

 private:
  using Sector = std::array<std::byte, kSectorBytes>;
  struct Pending {
    Sector bytes;
    bool lost = false;  // a failed sync took it for written
  };

  std::vector<std::byte>& disk();
  Sector sector(std::uint64_t index) const;
  void store(std::uint64_t index, const Sector& bytes);
  std::uint64_t size_after_crash(Random& random, const CrashOdds& odds, bool all_kept) const;

  std::shared_ptr<std::vector<std::byte>> disk_;  // never null; copied on write when shared
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t size_ = 0;
};

}  // namespace doorbuster::simulation
