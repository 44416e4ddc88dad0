#include "cli/server_metrics.h"

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

constexpr Family kLastBackup = {"doorbuster_last_backup_timestamp_seconds", Type::gauge,
                                "When the data of the last backup was taken; 0: none is known."};

double seconds_of(Time time) { return static_cast<double>(time.time_since_epoch().count()) / 1000; }

}  // namespace

void append_disk(Exposition& out, const DiskFigures& disk) {
  out.only(kJournal, disk.journal_bytes);
  out.only(kSnapshots, disk.snapshot_bytes);
  out.begin(kLastSnapshot);
  if (disk.last_snapshot > 0) out.sample({}, disk.last_snapshot);
  out.begin(kFree);
  if (disk.free_bytes) out.sample({}, *disk.free_bytes);
  out.only(kLastBackup, seconds_of(disk.last_backup.value_or(Time{})));
}

}  // namespace doorbuster::cli
