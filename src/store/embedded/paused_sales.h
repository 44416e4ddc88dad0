// What a store that was restored or repaired begins with: every sale that is not closed is paused,
// so that nothing is sold before a person has looked at what is there.
//
// Thread: one; it owns nothing.
#pragma once

#include "sale/catalog.h"
#include "store/embedded/store_copy.h"

namespace doorbuster::embedded {

struct Paused {
  std::uint64_t sales = 0;   // that were paused
  std::uint64_t groups = 0;  // up to the last one
  std::uint64_t events = 0;  // the same
};

// Appends groups behind `end` that pause all sales of `catalog`, which is changed alike. What
// became due by `now` happens first (R13), but for ends of holds, which wait for a server (R15).
// The last group says that the engine stopped of its own will. Writes nothing for a store without
// sales.
Result<Paused> write_paused(SegmentsWriter& writer, const JournalEnd& end, sale::Catalog& catalog,
                            Time now);

}  // namespace doorbuster::embedded
