// What is known of the data directory: what it takes, what its disk has left, when it was last
// backed up. Looked at every two seconds, so that who asks does not wait for a disk, which may
// stand still just when somebody wants to know why.
//
// Thread: made before any server runs; seen() any. Owns: a thread of its own.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/alarm.h"
#include "base/time.h"
#include "store/embedded/file_system.h"

namespace doorbuster::cli {

struct DiskFigures {
  std::uint64_t journal_bytes = 0;  // segments made ahead included
  std::uint64_t snapshot_bytes = 0;
  double last_snapshot = 0;  // seconds since 1970; 0: there is none
  std::optional<std::uint64_t> free_bytes;
  std::optional<Time> last_backup;  // when its data was taken; nothing: none is known
};

class DiskWatch {
 public:
  DiskWatch(embedded::FileSystem& files, std::string data_dir);
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;

  // As they were seen last; while the disk stands still, that may be long ago.
  DiskFigures seen() const;

 private:
  void look();

  embedded::FileSystem& files_;
  const std::string data_dir_;
  mutable std::mutex mutex_;  // not held while the disk is looked at
  DiskFigures seen_;
  Alarm alarm_;  // last: it rings no more once the rest goes
};

}  // namespace doorbuster::cli
