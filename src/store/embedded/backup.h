// Backups: a copy of a data directory as it stood at one moment, taken while a server goes on
// selling from it, which never waits for that.
//
// A backup is there as a whole or not at all: the file that makes it one is written last, and says
// how far the journal in it goes, so that one of which a part got lost later is not taken for
// whole.
#pragma once

#include <string>

#include "base/time.h"
#include "store/embedded/recovery.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

struct Backup {
  Time taken_at;  // by the wall clock
  std::uint64_t groups = 0;
  std::uint64_t events = 0;
  std::uint64_t images = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  StoreIdentity identity;
};

// Copies `data_dir` to `backup_dir`, which is made, or empty. Everything that was acknowledged
// before the call is in it, and nothing that was never decided. All that is read is checked; what
// is written is durable when it returns ok.
//
// not_found: there is no data directory. invalid_argument: `backup_dir` holds something.
// data_damaged: file, offset, sequence, sale. storage_unavailable: no room.
Result<Backup> take_backup(FileSystem& files, const std::string& data_dir,
                           const std::string& backup_dir, Time now);

// not_found: it is no backup, or one that did not come to its end. data_damaged, unsupported.
Result<Backup> read_backup(FileSystem& files, const std::string& backup_dir);

// Whether what was read of it is all that it had: data_damaged if not.
Status check_complete(FileSystem& files, const std::string& backup_dir, const Backup& backup,
                      const Recovered& read);

}  // namespace doorbuster::embedded
