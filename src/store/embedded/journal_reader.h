// Reads a journal from its first group, or from where a snapshot leaves off, to its end, and tells
// a torn tail from damage.
//
// One group is written at a time, and the next one only after it is durable. So a group that can be
// read proves that all before it were acknowledged: an unreadable group with a readable later one
// behind it is damage, and nothing may be served. An unreadable last group is what an unclean stop
// leaves: it was never acknowledged, or cannot be told from one that was not.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/embedded/file_system.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

class GroupVisitor {
 public:
  virtual ~GroupVisitor() = default;
  // The next group. An error ends the reading; its message gets the place in front of it.
  virtual Status on_group(const GroupHeader& header, std::span<const std::byte> payload) = 0;
  // What the payload of a damaged group seems to hold, for a person: sales and sequences.
  virtual std::string describe(std::span<const std::byte> payload) = 0;
};

// A place between two groups, at the beginning of a segment: what stands before it is known.
struct JournalStart {
  std::uint64_t segment = 1;
  std::uint64_t next_group = 1;
  std::uint64_t next_position = 1;
  GroupHash previous_hash{};  // zeros: there is no group before
  Time time;                  // of the group before
};

struct JournalEnd {
  std::uint64_t segments = 0;  // read; 0: there is no journal yet
  std::uint64_t segment = 0;   // the last one with a header
  std::uint64_t segment_bytes = 0;
  std::uint64_t offset = 0;             // in it: where the next group goes
  std::uint64_t last_group_offset = 0;  // in it; 0: it has no group
  std::uint64_t torn_end = 0;           // in it: bytes from `offset` to here are not zero
  std::uint64_t torn_behind = 0;        // so many bytes of later segments are not zero
  std::uint64_t next_group = 1;
  std::uint64_t next_position = 1;
  GroupHash previous_hash{};
  Time time;  // of the last group
  bool clean_stop = false;
};

struct JournalPlace {
  std::string directory;
  Incarnation incarnation{};
  JournalStart start;  // segments before it are not looked at
};

// Reads to the end. data_damaged: what is damaged and where, "file, offset, ...".
Result<JournalEnd> read_journal(FileSystem& files, const JournalPlace& place,
                                GroupVisitor& visitor);

// Reads to the end of segment `last`, which the next one must follow: for a journal that is being
// written, of which the later segments are not looked at. Gives the beginning of the next.
Result<JournalStart> read_sealed(FileSystem& files, const JournalPlace& place, std::uint64_t last,
                                 GroupVisitor& visitor);

// What the header of a segment says of the place where it begins. data_damaged: it has none.
Result<JournalStart> read_start(FileSystem& files, const std::string& directory,
                                const Incarnation& incarnation, std::uint64_t segment);

// The numbers of the segments in `directory` from `first` on. data_damaged: one is missing.
Result<std::vector<std::uint64_t>> list_segments(FileSystem& files, const std::string& directory,
                                                 std::uint64_t first);

}  // namespace doorbuster::embedded
