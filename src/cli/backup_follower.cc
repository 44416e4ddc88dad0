#include "cli/backup_follower.h"

#include <utility>

#include "store/embedded/backup_mark.h"

namespace doorbuster::cli {
namespace {

constexpr std::chrono::seconds kBetweenBackupLooks{2};

}  // namespace

BackupFollower::BackupFollower(embedded::FileSystem& files, std::string data_dir)
    : files_(files), data_dir_(std::move(data_dir)), alarm_("db-backups", [this] { look(); }) {
  look();
}

std::optional<Time> BackupFollower::last() const {
  const Time last = last_.load();
  return last == kNever ? std::nullopt : std::optional(last);
}

void BackupFollower::look() {
  last_ = embedded::last_backup(files_, data_dir_).value_or(kNever);
  alarm_.set(kBetweenBackupLooks);
}

}  // namespace doorbuster::cli
