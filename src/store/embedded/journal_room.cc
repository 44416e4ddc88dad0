#include "store/embedded/journal_room.h"

#include <algorithm>

#include "base/check.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {
namespace {

// Of a segment, for upkeep: enough for a thousand presses of a button at the usual size.
constexpr std::uint64_t kUpkeepPart = 16;

std::uint64_t upkeep_blocks(const JournalGeometry& geometry) {
  return std::max<std::uint64_t>(1, geometry.segment / kUpkeepPart);
}

// What ends of holds take beyond the first block of each of their groups.
std::uint64_t further_blocks(std::uint64_t ends, const JournalGeometry& geometry) {
  const std::uint64_t payload = (ends * kEndOfHoldBytes + kBlockBytes - 1) / kBlockBytes;
  const std::uint64_t at_most = std::min(ends, kLoneGroups) + 2 * payload;
  const std::uint64_t segments = at_most / geometry.segment + 1;
  return payload + std::min(payload, segments * (geometry.group - 1));
}

}  // namespace

std::uint64_t blocks_of_group(std::size_t payload_bytes) {
  return padded_bytes(payload_bytes) / kBlockBytes;
}

std::uint64_t reserve_blocks(std::uint64_t ends, const JournalGeometry& geometry) {
  CHECK(geometry.segment > 0 && geometry.group > 0);
  return std::min(ends, kLoneGroups) + further_blocks(ends, geometry);
}

std::uint64_t blocks_to_keep(Purpose purpose, std::uint64_t ends, const JournalGeometry& geometry) {
  switch (purpose) {
    case Purpose::growth:
      return reserve_blocks(ends, geometry) + upkeep_blocks(geometry);
    case Purpose::upkeep:
      return reserve_blocks(ends, geometry);
    case Purpose::end_of_hold:
      return 0;
  }
  CHECK(false);
}

std::uint64_t blocks_to_prepare(std::uint64_t ends, const JournalGeometry& geometry) {
  return blocks_to_keep(Purpose::growth, ends, geometry) + geometry.segment + geometry.segment / 4;
}

std::size_t payload_room(const PreparedRoom& room, std::uint64_t keep) {
  const std::uint64_t total = room.total();
  if (total <= keep) return 0;
  const std::uint64_t usable = total - keep;
  std::uint64_t blocks = std::min(room.open, usable);
  if (room.spares > 0 && usable > room.open) {
    // Going to the next segment gives up what is left of this one.
    blocks = std::max(blocks, std::min(room.spare_segment, usable - room.open));
  }
  return blocks == 0 ? 0 : blocks * kBlockBytes - kGroupHeaderBytes;
}

std::chrono::milliseconds group_interval(std::uint64_t left, std::uint64_t ends,
                                         std::chrono::milliseconds until_last,
                                         const JournalGeometry& geometry) {
  constexpr std::chrono::milliseconds kNone{0};
  if (left > blocks_to_keep(Purpose::growth, ends, geometry)) return kNone;
  const std::uint64_t further = further_blocks(ends, geometry);
  const std::uint64_t groups = left > further ? left - further : 0;
  if (groups >= ends) return kNone;
  if (groups == 0) return kLongestInterval;
  return std::clamp(until_last / static_cast<std::int64_t>(groups), kShortestInterval,
                    kLongestInterval);
}

}  // namespace doorbuster::embedded
