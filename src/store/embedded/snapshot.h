// A snapshot is a second fold: the images of the last one, and the events of the segments sealed
// since, make new images, one batch of sales after the other. It reads files alone, never the
// engine's state, so it stops nobody; recovery is then the images and the journal behind them.
//
// Whatever a crash leaves, the newest manifest names images that are whole and durable, and a place
// in the journal from which nothing is missing: images get their names before the manifest does,
// and what the manifest makes unnecessary is removed only when its own name is durable.
//
// A sale that is archived when the snapshot is taken gets its image in a file with others of its
// kind, and its head in the manifest: recovery then leaves its claims where they are.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "store/embedded/archive.h"

namespace doorbuster::embedded {

struct SnapshotOptions {
  // So many sealed segments that no snapshot covers are worth a new one; 0: none is ever taken.
  std::uint64_t segments = 2;
  // Segments that a snapshot covers are kept for the events in them: no more bytes of them than
  // this, and not for longer than that. 0 seconds: for as long as there is room.
  std::uint64_t retain_bytes = std::uint64_t{1} << 30;
  std::chrono::seconds retain_seconds{0};
  // The memory that images and events of a batch of sales may take; one sale may take more.
  std::uint64_t batch_bytes = std::uint64_t{256} << 20;
  // Where sales are to be archived, that too is worth a snapshot, but not more often than this.
  std::chrono::milliseconds archive_pause{600'000};
};

struct SnapshotTask {
  std::string data_dir;
  StoreIdentity identity;
  SnapshotOptions options;
  std::uint64_t last_sealed = 0;    // segments up to this one are sealed
  std::uint64_t durable_group = 0;  // and the journal is durable up to this group
  Time now{};                       // the engine's, by which sales are archived and events grow old
};

struct SnapshotTaken {
  std::uint64_t next_segment = 0;  // where the journal goes on
  std::uint64_t bytes = 0;         // written
  std::shared_ptr<const ArchiveIndex> archive;
};

// Takes a snapshot through `last_sealed`, unless there is one already, and removes what it makes
// unnecessary. An error leaves the last snapshot as it was, or the new one in its place. When
// `stopping` becomes true it ends soon, with an error.
//
// Thread: one at a time for a data directory; beside the engine.
Result<SnapshotTaken> take_snapshot(FileSystem& files, const SnapshotTask& task,
                                    const std::atomic<bool>& stopping);

struct CoveredSegment {
  std::uint64_t segment = 0;
  std::uint64_t bytes = 0;
  Time until{};  // no event in it is later
};

// Of the segments that a snapshot covers, in order, how many to remove from the front on.
std::size_t segments_to_remove(const std::vector<CoveredSegment>& covered,
                               const SnapshotOptions& options, Time now);

}  // namespace doorbuster::embedded
