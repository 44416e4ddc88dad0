// The arithmetic of a full disk: whatever stands reserved for ends of holds is enough for them.
#include "store/embedded/journal_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "base/check.h"
#include "base/trace_parent.h"
#include "sale/event_codec.h"
#include "sim/random.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::below;
using simulation::Random;

constexpr std::size_t kLargestEnd = 257;

constexpr JournalGeometry kGeometries[] = {
    {16'383, 257},  // 64 MiB, groups of 1 MiB
    {1'023, 257},   // 4 MiB
    {255, 255},     // 1 MiB: a group may fill it
    {51, 49},       // as small as the tests have it
};

// A full disk: the room that stands prepared, spent as the writer spends it.
class FillingDisk {
 public:
  // So many blocks, as few of them as can be in the open segment.
  FillingDisk(std::uint64_t blocks, const JournalGeometry& geometry)
      : geometry_(geometry),
        room_{blocks % geometry.segment, blocks / geometry.segment, geometry.segment} {}

  bool has_room(std::size_t payload, std::uint64_t keep = 0) const {
    return payload <= payload_room(room_, keep);
  }
  std::size_t largest_group() const {
    return std::min(payload_room(room_, 0), geometry_.group * kBlockBytes - kGroupHeaderBytes);
  }
  void write(std::size_t payload) {
    const std::uint64_t blocks = blocks_of_group(payload);
    if (blocks > room_.open) {
      CHECK(room_.spares > 0);
      --room_.spares;
      room_.open = room_.spare_segment;
    }
    room_.open -= blocks;
  }
  std::uint64_t left() const { return room_.total(); }
  std::size_t open_bytes() const { return room_.open * kBlockBytes; }

 private:
  JournalGeometry geometry_;
  PreparedRoom room_;
};

TEST(JournalRoom, TheLargestEndOfAHoldIsNotLargerThanTheArithmeticSays) {
  const std::string reference(sale::Reference::kCapacity, 'r');
  const std::string buyer(sale::BuyerId::kCapacity, 'b');
  const Time far(std::chrono::milliseconds(std::int64_t{1} << 42));  // the year 2109
  const std::uint32_t last = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t sequence = std::numeric_limits<std::uint64_t>::max();
  const sale::EventBody bodies[] = {
      sale::ClaimConfirmed{{{last}, buyer, sale::kMaxQuantity}, reference},
      sale::ClaimReleased{{{last}, buyer, sale::kMaxQuantity}, sale::EndReason::expired},
      sale::SaleOpened{},
      sale::SaleClosed{},
  };
  std::size_t largest = 0;
  for (const sale::EventBody& body : bodies) {
    std::string bytes;
    std::string record;
    const std::string trace(TraceParent::kBytes, 't');
    sale::encode({{last}, {sequence}, far, body, trace}, bytes);
    append_record(record, {last}, bytes);
    largest = std::max(largest, record.size());
  }
  EXPECT_LE(largest, kLargestEnd);
  EXPECT_GT(largest, kLargestEnd / 2);
  // A group of more than one block: the header's share of each end.
  const std::size_t ends = (kBlockBytes - kGroupHeaderBytes) / kLargestEnd + 1;
  EXPECT_LE(kLargestEnd + (kGroupHeaderBytes + ends - 1) / ends, kEndOfHoldBytes);
}

// Ends so many holds, each in a group of its own, from nothing but what is reserved for them.
void end_one_by_one(std::uint64_t holds, const JournalGeometry& geometry) {
  FillingDisk disk(reserve_blocks(holds, geometry), geometry);
  for (; holds > 0; --holds) {
    ASSERT_TRUE(disk.has_room(kLargestEnd)) << geometry.segment << ": " << holds << " left";
    // Nobody is kept waiting either.
    ASSERT_EQ(group_interval(disk.left(), holds, 1h, geometry), 0ms);
    disk.write(kLargestEnd);
  }
}

TEST(JournalRoom, EveryHoldCanEndInAGroupOfItsOwn) {
  for (const JournalGeometry& geometry : kGeometries) {
    for (const std::uint64_t holds : {1ULL, 2ULL, 50ULL, 1'000ULL, 10'000ULL, 16'384ULL}) {
      end_one_by_one(holds, geometry);
    }
  }
}

TEST(JournalRoom, EveryHoldCanEndInGroupsOfAnySize) {
  for (const JournalGeometry& geometry : kGeometries) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
      Random random(seed);
      std::uint64_t holds = 1 + below(random, seed % 4 == 0 ? 16'384 : 2'000);
      const std::uint64_t largest = 1 + below(random, seed % 3 == 0 ? 5'000 : 100);
      FillingDisk disk(reserve_blocks(holds, geometry), geometry);
      while (holds > 0) {
        ASSERT_TRUE(disk.has_room(kLargestEnd))
            << geometry.segment << ": " << holds << " left, seed " << seed;
        const std::uint64_t ends = std::min(
            {holds, 1 + below(random, largest), disk.largest_group() / std::uint64_t{kLargestEnd}});
        disk.write(ends * kLargestEnd);
        holds -= ends;
      }
    }
  }
}

TEST(JournalRoom, EveryHoldCanEndInGroupsThatJustDoNotFitIntoTheOpenSegment) {
  for (const JournalGeometry& geometry : kGeometries) {
    for (std::uint64_t holds = 100; holds <= 10'000'000; holds = holds * 7 / 5) {
      FillingDisk disk(reserve_blocks(holds, geometry), geometry);
      for (std::uint64_t left = holds; left > 0;) {
        ASSERT_TRUE(disk.has_room(kLargestEnd))
            << geometry.segment << ": " << left << " of " << holds;
        const std::uint64_t too_many = disk.open_bytes() / kLargestEnd + 1;
        const bool wasted = too_many <= left && disk.has_room(too_many * kLargestEnd) &&
                            too_many * kLargestEnd <= disk.largest_group();
        // Until the end of the segment is near, groups of one, which take the most blocks.
        const std::uint64_t lone =
            std::min<std::uint64_t>(left, holds > kLoneGroups ? holds / kLoneGroups + 1 : 1);
        const std::uint64_t ends =
            wasted ? too_many : std::min(lone, disk.largest_group() / std::uint64_t{kLargestEnd});
        disk.write(ends * kLargestEnd);
        left -= ends;
      }
    }
  }
}

TEST(JournalRoom, AMillionHoldsOfAQuarterOfAnHourCanEndAsSlowlyAsTheyLike) {
  for (const JournalGeometry& geometry : kGeometries) {
    std::uint64_t holds = 1'000'000;
    FillingDisk disk(reserve_blocks(holds, geometry), geometry);
    // One end each time a group may begin, which takes the most blocks; then all expire at once.
    std::uint64_t groups = 0;
    std::chrono::milliseconds until_last = 15min;
    while (until_last > 0ms) {
      ASSERT_TRUE(disk.has_room(kLargestEnd)) << geometry.segment << ", " << until_last.count();
      disk.write(kLargestEnd);
      ++groups;
      --holds;
      const auto interval = group_interval(disk.left(), holds, until_last, geometry);
      ASSERT_GE(interval, kShortestInterval);
      ASSERT_LT(interval, 100ms);
      until_last -= interval;
    }
    EXPECT_GT(groups, 10'000U);
    while (holds > 0) {
      ASSERT_TRUE(disk.has_room(kLargestEnd)) << geometry.segment << ": " << holds;
      const std::uint64_t ends = std::min<std::uint64_t>(
          {holds, 1'000, disk.largest_group() / std::uint64_t{kLargestEnd}});
      disk.write(ends * kLargestEnd);
      holds -= ends;
    }
  }
}

TEST(JournalRoom, NobodyIsKeptWaitingLongerThanASecond) {
  const JournalGeometry& geometry = kGeometries[0];
  const std::uint64_t holds = 1'000'000;
  const std::uint64_t kept = reserve_blocks(holds, geometry);
  EXPECT_EQ(group_interval(kept, holds, std::chrono::days(30), geometry), kLongestInterval);
  EXPECT_EQ(group_interval(0, holds, 1min, geometry), kLongestInterval);
  EXPECT_EQ(group_interval(kept, holds, -1min, geometry), kShortestInterval);
  // While the disk gives segments there is nothing to wait for.
  EXPECT_EQ(group_interval(kept + geometry.segment, holds, 15min, geometry), 0ms);
}

TEST(JournalRoom, WhatGrowsTheJournalLeavesTheReserveAloneWhateverCameBefore) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const JournalGeometry& geometry = kGeometries[seed % std::size(kGeometries)];
    Random random(seed);
    FillingDisk disk(below(random, 40 * geometry.segment), geometry);
    std::uint64_t holds = 0;
    for (int i = 0; i < 1'000; ++i) {
      const std::size_t payload = 1 + below(random, geometry.group * kBlockBytes / 2);
      if (!disk.has_room(payload, blocks_to_keep(Purpose::growth, holds + 1, geometry))) continue;
      ++holds;
      disk.write(payload);
      ASSERT_GE(disk.left(), reserve_blocks(holds, geometry)) << "seed " << seed;
    }
  }
}

TEST(JournalRoom, AButtonCanBePressedWhenNoClaimIsTakenAndAHoldEndsWhenNoButtonWorks) {
  const JournalGeometry& geometry = kGeometries[0];
  const std::uint64_t growth = blocks_to_keep(Purpose::growth, 100, geometry);
  const std::uint64_t upkeep = blocks_to_keep(Purpose::upkeep, 100, geometry);
  EXPECT_GE(growth, upkeep + 1'000);
  EXPECT_EQ(payload_room({growth, 0, geometry.segment}, growth), 0U);
  EXPECT_GT(payload_room({growth, 0, geometry.segment}, upkeep), 0U);
  EXPECT_EQ(payload_room({upkeep, 0, geometry.segment}, upkeep), 0U);
  EXPECT_GT(payload_room({upkeep, 0, geometry.segment},
                         blocks_to_keep(Purpose::end_of_hold, 100, geometry)),
            0U);
}

TEST(JournalRoom, AGroupMayGoToTheNextSegmentOnlyIfWhatItLeavesBehindIsNotNeeded) {
  const PreparedRoom room{10, 1, 50};
  const auto blocks = [](std::uint64_t count) { return count * kBlockBytes - kGroupHeaderBytes; };
  EXPECT_EQ(payload_room(room, 0), blocks(50));
  EXPECT_EQ(payload_room(room, 20), blocks(30));
  EXPECT_EQ(payload_room(room, 45), blocks(10));
  EXPECT_EQ(payload_room(room, 55), blocks(5));
  EXPECT_EQ(payload_room(room, 60), 0U);
  EXPECT_EQ(payload_room({0, 0, 50}, 0), 0U);
}

}  // namespace
}  // namespace doorbuster::embedded
