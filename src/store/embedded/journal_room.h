// What of the journal's prepared room may be used for what, so that every hold can still end when
// the disk gives no more (S15). Pure.
//
// Counted in blocks, since a group takes whole ones. What the end of a hold may take:
// its event is at most 232 bytes of a group's payload, and a group that needs more than one block
// holds so many of them that its header adds less than 24 bytes to each. So n ends in one group
// take at most 1 + 256 n / 4,096 blocks, and h ends in g groups at most g + h / 16. How many groups
// they will be nobody knows, for who pays when is not ours to say:
//
// - Up to kLoneGroups holds: a block for each. No order and no timing of the ends takes more.
// - Above: kLoneGroups blocks. When no more can be prepared, and fewer blocks than holds are left,
//   group_interval() spaces the groups so that the blocks last until the last hold has ended by
//   itself, but not by more than a second: so the room lasts whatever comes for kLoneGroups
//   seconds, which is four and a half hours. Who ends more than kLoneGroups holds one by one, over
//   longer than that and on a full disk, may get to the end of it.
//
// A group that does not fit into what is left of the open segment goes to the next one and leaves
// less than its own size behind: less than the largest group for each segment, and not more than
// the groups' blocks beyond the first of each in all.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace doorbuster::embedded {

// What events are for, from what must stand back to what may use the last block.
enum class Purpose {
  growth,       // what makes the journal grow without need: claims, new sales, changes
  upkeep,       // a sale's buttons, longer holds, late money
  end_of_hold,  // confirm, release, expiry, and what is due: each hold ends once
};

inline constexpr std::size_t kEndOfHoldBytes = 288;  // with its share of the group's header
inline constexpr std::uint64_t kLoneGroups = 16'384;
inline constexpr std::chrono::milliseconds kShortestInterval{10};
inline constexpr std::chrono::milliseconds kLongestInterval{1000};

// Sizes that do not change while a journal is open, in blocks.
struct JournalGeometry {
  std::uint64_t segment = 0;  // without its header
  std::uint64_t group = 0;    // the largest
};

struct PreparedRoom {
  std::uint64_t open = 0;           // blocks left in the open segment
  std::uint64_t spares = 0;         // segments prepared behind it
  std::uint64_t spare_segment = 0;  // blocks of each, without its header

  std::uint64_t total() const { return open + spares * spare_segment; }
};

// Blocks a group of so much payload takes.
std::uint64_t blocks_of_group(std::size_t payload_bytes);

// Blocks that `ends` ends of holds may take in all.
std::uint64_t reserve_blocks(std::uint64_t ends, const JournalGeometry& geometry);

// Blocks that events of this purpose must leave behind them.
std::uint64_t blocks_to_keep(Purpose purpose, std::uint64_t ends, const JournalGeometry& geometry);

// Blocks to prepare: what must be kept, and what a rush can use up while the disk makes the next
// segment. At the usual size that is a segment for the blocks of kLoneGroups holds, which may all
// come within a fifth of a second, and a quarter for their claims and what more they reserve.
std::uint64_t blocks_to_prepare(std::uint64_t ends, const JournalGeometry& geometry);

// The largest payload of the next group that leaves `keep` blocks behind; 0: there is none.
std::size_t payload_room(const PreparedRoom& room, std::uint64_t keep);

// How long after the beginning of one group the next may begin, when `left` blocks are left for
// `ends` ends of holds, the last of which ends by itself in `until_last`. Zero while that is no
// concern.
std::chrono::milliseconds group_interval(std::uint64_t left, std::uint64_t ends,
                                         std::chrono::milliseconds until_last,
                                         const JournalGeometry& geometry);

}  // namespace doorbuster::embedded
