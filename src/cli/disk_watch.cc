#include "cli/disk_watch.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "store/embedded/backup_mark.h"
#include "store/embedded/snapshot_manifest.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::cli {
namespace {

constexpr std::chrono::seconds kBetweenDiskLooks{2};

struct Folder {
  std::uint64_t bytes = 0;
  double newest_manifest = 0;  // seconds since 1970; 0: there is none
};

// Files that go away meanwhile are not there.
Folder look_at(const std::string& path) {
  Folder folder;
  std::error_code error;
  std::filesystem::directory_iterator each(path, error);
  for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
    struct stat found {};
    if (::stat(each->path().c_str(), &found) != 0) continue;
    constexpr std::uint64_t kUnit = 512;  // of st_blocks, whatever the disk's blocks are
    folder.bytes += static_cast<std::uint64_t>(found.st_blocks) * kUnit;
    if (each->path().native().ends_with(embedded::kManifestSuffix)) {
      const double made = static_cast<double>(found.st_mtim.tv_sec) +
                          static_cast<double>(found.st_mtim.tv_nsec) * 1e-9;
      folder.newest_manifest = std::max(folder.newest_manifest, made);
    }
  }
  return folder;
}

}  // namespace

DiskWatch::DiskWatch(embedded::FileSystem& files, std::string data_dir)
    : files_(files), data_dir_(std::move(data_dir)), alarm_("db-disk", [this] { look(); }) {
  look();
}

DiskFigures DiskWatch::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void DiskWatch::look() {
  DiskFigures figures;
  figures.journal_bytes = look_at(embedded::journal_path(data_dir_)).bytes;
  const Folder snapshots = look_at(embedded::snapshots_path(data_dir_));
  figures.snapshot_bytes = snapshots.bytes;
  figures.last_snapshot = snapshots.newest_manifest;
  struct statvfs disk {};
  if (::statvfs(data_dir_.c_str(), &disk) == 0) {
    figures.free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  }
  figures.last_backup = embedded::last_backup(files_, data_dir_);
  {
    const std::lock_guard lock(mutex_);
    seen_ = figures;
  }
  alarm_.set(kBetweenDiskLooks);
}

}  // namespace doorbuster::cli
