#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "cli/server_metrics.h"
#include "store/embedded/snapshot_manifest.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::cli {
namespace {

using metrics::Exposition;
using metrics::Family;
using metrics::Type;

constexpr Family kJournal = {"doorbuster_journal_size_bytes", Type::gauge,
                             "What the journal takes of the disk, segments made ahead included."};
constexpr Family kSnapshots = {"doorbuster_snapshot_size_bytes", Type::gauge,
                               "What snapshots take of the disk."};
constexpr Family kLastSnapshot = {"doorbuster_snapshot_last_success_timestamp_seconds", Type::gauge,
                                  "When the last snapshot was made, in seconds since 1970; none "
                                  "before the first."};
constexpr Family kFree = {"doorbuster_disk_free_bytes", Type::gauge,
                          "What the disk of the data directory has left for the server."};

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

void append_disk(Exposition& out, const std::string& data_dir) {
  const Folder snapshots = look_at(embedded::snapshots_path(data_dir));
  out.only(kJournal, look_at(embedded::journal_path(data_dir)).bytes);
  out.only(kSnapshots, snapshots.bytes);
  out.begin(kLastSnapshot);
  if (snapshots.newest_manifest > 0) out.sample({}, snapshots.newest_manifest);
  out.begin(kFree);
  struct statvfs disk {};
  if (::statvfs(data_dir.c_str(), &disk) == 0) {
    out.sample({}, static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize);
  }
}

}  // namespace doorbuster::cli
