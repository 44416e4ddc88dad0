// Decides when the next snapshot is due, and has it taken on a worker of its own. What goes wrong
// there is told and tried again later; it never stops the engine.
//
// Thread: engine; the job it gives to the worker touches files alone.
// Owns: the snapshot under way.
#pragma once

#include <memory>
#include <string>

#include "base/worker.h"
#include "store/embedded/snapshot.h"

namespace doorbuster::embedded {

class Snapshotter {
 public:
  // `next_segment`: the first that no snapshot covers. Segments have `segment_bytes` each.
  Snapshotter(FileSystem& files, Worker& worker, SnapshotTask task, std::uint64_t segment_bytes,
              std::uint64_t next_segment);
  ~Snapshotter();

  // The journal is durable up to `durable_group`, and its segments up to `last_sealed` are sealed:
  // begins a snapshot if one is due.
  void consider(std::uint64_t last_sealed, std::uint64_t durable_group, Time now);
  // No more snapshots; the one under way ends soon.
  void stop();

  // What went wrong with the last one; empty when nothing did.
  const std::string& problem() const { return problem_; }

 private:
  struct Job;

  void take_finished(Time now);

  FileSystem& files_;
  Worker& worker_;
  SnapshotTask task_;
  std::uint64_t segment_bytes_;
  std::shared_ptr<Job> job_;
  std::uint64_t next_segment_;    // the first that no snapshot covers
  std::uint64_t last_bytes_ = 0;  // that the last snapshot wrote
  Time not_before_;               // after a failure
  std::string problem_;
  bool stopped_ = false;
};

// Whether `segments` sealed ones of `segment_bytes` each that no snapshot covers are worth one,
// when the last one wrote `last_bytes`: where large images have to be written anew, snapshots are
// rarer, so that they write no more than some eight bytes for each byte of the journal.
bool worth_a_snapshot(std::uint64_t segments, std::uint64_t segment_bytes, std::uint64_t last_bytes,
                      const SnapshotOptions& options);

}  // namespace doorbuster::embedded
