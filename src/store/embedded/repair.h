// What can be saved of a damaged store, in a directory of its own: the damaged one is left as it
// is.
//
// Sales do not depend on each other. So of each everything is kept up to the first event that
// cannot be read, and nothing after: what followed was decided on what is lost. Where nothing is
// lost but the snapshot, or events that it covers, everything is kept.
#pragma once

#include <string>
#include <vector>

#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

struct RepairOptions {
  // Also where claims are lost that were acknowledged, or events that nobody knows the content of.
  bool drop_acknowledged = false;
};

// What is lost of one sale.
struct DroppedSale {
  std::string slug;                 // "lost-3" where that is lost, too
  std::uint64_t kept_sequence = 0;  // everything up to it is kept
  std::uint64_t last_sequence = 0;  // that is known of
  // Of the events that can still be read, but were decided on others that cannot.
  std::uint64_t readable_events = 0;
  std::uint64_t claims = 0;  // granted by them
  std::uint64_t units = 0;   // of those claims
};

struct Repaired {
  bool written = false;              // false: something would have been dropped, and must not be
  std::vector<std::string> damages;  // what was found and where
  std::uint64_t lost_events = 0;     // that cannot be read any more
  std::vector<DroppedSale> dropped;
  // What is in the repaired store.
  std::string incarnation;
  std::uint64_t sales = 0;
  std::uint64_t claims = 0;
  std::uint64_t paused_sales = 0;

  bool loses() const { return lost_events > 0 || !dropped.empty(); }
};

// Reads the store in `data_dir`, and writes what can be kept to `to`, a new or empty directory,
// with another incarnation and its sales paused. The events themselves are not kept, so that the
// feed of the repaired store begins anew; where something was lost no cursor of before is known
// there.
//
// not_found: no store. in_use: a server has it. invalid_argument: `to` holds something.
// data_damaged: identity or snapshot is lost, and nothing else says what was in it.
Result<Repaired> repair_store(FileSystem& files, const std::string& data_dir, const std::string& to,
                              const RepairOptions& options, const RandomSource& random, Time now);

}  // namespace doorbuster::embedded
