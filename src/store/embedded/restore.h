// A backup becomes a data directory that a server can go on with, under another incarnation: what
// the store had given out after the backup means nothing here (store_identity.h).
#pragma once

#include <string>

#include "store/embedded/backup.h"

namespace doorbuster::embedded {

struct Restored {
  std::string incarnation;
  std::uint64_t groups = 0;       // with those that were added
  std::uint64_t events = 0;       // the same
  std::uint64_t kept_events = 0;  // of the backup
  std::uint64_t sales = 0;
  std::uint64_t claims = 0;
  std::uint64_t paused_sales = 0;  // by restoring; those that are not closed are paused now
  std::uint64_t kept_digest = 0;   // of the state in the backup (S11)
};

// Makes `data_dir` from the backup: a new directory, or one that is empty. The backup is read whole
// and checked before, what was written is read again after, and a directory in which that did not
// come to its end is none that a server starts from.
//
// not_found: no backup. invalid_argument: `data_dir` holds something. data_damaged names file,
// offset, sequence and sale.
Result<Restored> restore_backup(FileSystem& files, const std::string& backup_dir,
                                const std::string& data_dir, const RandomSource& random, Time now);

}  // namespace doorbuster::embedded
