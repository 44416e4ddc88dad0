// Knows when the store was last backed up, for who asks on a thread that must not wait for a disk:
// looks every few seconds.
//
// Thread: made before any server runs; last() any. Owns: a thread of its own.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "base/alarm.h"
#include "base/time.h"
#include "store/embedded/file_system.h"

namespace doorbuster::cli {

class BackupFollower {
 public:
  BackupFollower(embedded::FileSystem& files, std::string data_dir);
  BackupFollower(const BackupFollower&) = delete;
  BackupFollower& operator=(const BackupFollower&) = delete;

  // When the data in it was taken; nothing: no backup is known.
  std::optional<Time> last() const;

 private:
  void look();

  embedded::FileSystem& files_;
  const std::string data_dir_;
  std::atomic<Time> last_ = kNever;  // kNever: none
  Alarm alarm_;                      // last: it rings no more once the rest goes
};

}  // namespace doorbuster::cli
