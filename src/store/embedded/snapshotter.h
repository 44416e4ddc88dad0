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
  // `wake` is called from the worker when a snapshot has been taken, or has failed.
  Snapshotter(FileSystem& files, Worker& worker, SnapshotTask task, std::uint64_t segment_bytes,
              std::uint64_t next_segment, std::function<void()> wake);
  ~Snapshotter();

  // The journal is durable up to `durable_group`, and its segments up to `last_sealed` are sealed:
  // begins a snapshot if one is due. `archiving_due`: there are sales to be archived.
  void consider(std::uint64_t last_sealed, std::uint64_t durable_group, Time now,
                bool archiving_due);
  // What the last snapshot says of archived sales, once after each; else null.
  std::shared_ptr<const ArchiveIndex> take_archive(Time now);
  bool under_way() const { return job_ != nullptr; }
  // The first segment that no snapshot covers.
  std::uint64_t next_segment() const { return next_segment_; }
  // When sales may next be archived, if there are any.
  Time archives_not_before() const { return std::max(not_before_, archives_not_before_); }
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
  std::function<void()> wake_;
  std::shared_ptr<Job> job_;
  std::uint64_t next_segment_;
  std::uint64_t last_bytes_ = 0;  // that the last snapshot wrote
  Time not_before_;               // after a failure
  Time archives_not_before_;
  std::shared_ptr<const ArchiveIndex> archive_;
  std::string problem_;
  bool stopped_ = false;
};

// Whether `segments` sealed ones of `segment_bytes` each that no snapshot covers are worth one,
// when the last one wrote `last_bytes`: where large images have to be written anew, snapshots are
// rarer, so that they write no more than some eight bytes for each byte of the journal.
bool worth_a_snapshot(std::uint64_t segments, std::uint64_t segment_bytes, std::uint64_t last_bytes,
                      const SnapshotOptions& options);

}  // namespace doorbuster::embedded
