// Reads what can be read of a journal that is damaged: every group that is whole, wherever it
// stands, and what is missing between them.
//
// Thread: whoever calls.
#pragma once

#include <string>
#include <vector>

#include "store/embedded/journal_reader.h"

namespace doorbuster::embedded {

struct LenientEnd {
  std::uint64_t segment = 0;  // the highest there is
  std::uint64_t next_group = 1;
  std::uint64_t next_position = 1;
  Time time;
  std::uint64_t lost_events = 0;  // between groups that could be read, or refused by the visitor
  std::vector<std::string> damages;
};

// Goes on from `place.start`, as far as there are files. Only the file's own errors are errors;
// the visitor's end nothing but the group, and are damages.
Result<LenientEnd> read_leniently(FileSystem& files, const JournalPlace& place,
                                  GroupVisitor& visitor);

}  // namespace doorbuster::embedded
