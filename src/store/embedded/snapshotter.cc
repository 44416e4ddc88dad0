#include "store/embedded/snapshotter.h"

#include <utility>

#include "base/check.h"

namespace doorbuster::embedded {
namespace {

constexpr std::chrono::milliseconds kSnapshotRetryAfter{10'000};
constexpr std::uint64_t kWrittenPerJournalByte = 8;

}  // namespace

// Shared with the worker; `done` hands the result over.
struct Snapshotter::Job {
  SnapshotTask task;
  Result<SnapshotTaken> result{SnapshotTaken{}};
  std::atomic<bool> stopping = false;
  std::atomic<bool> done = false;
};

Snapshotter::Snapshotter(FileSystem& files, Worker& worker, SnapshotTask task,
                         std::uint64_t segment_bytes, std::uint64_t next_segment,
                         std::function<void()> wake)
    : files_(files),
      worker_(worker),
      task_(std::move(task)),
      segment_bytes_(segment_bytes),
      wake_(std::move(wake)),
      next_segment_(next_segment) {
  CHECK(next_segment >= 1);
}

Snapshotter::~Snapshotter() { stop(); }

void Snapshotter::stop() {
  stopped_ = true;
  if (job_) job_->stopping.store(true, std::memory_order_relaxed);
}

void Snapshotter::consider(std::uint64_t last_sealed, std::uint64_t durable_group, Time now,
                           bool archiving_due) {
  take_finished(now);
  if (job_ || stopped_ || last_sealed < next_segment_ || now < not_before_) return;
  const std::uint64_t segments = last_sealed + 1 - next_segment_;
  const bool archives = archiving_due && now >= archives_not_before_ && task_.options.segments > 0;
  if (!archives && !worth_a_snapshot(segments, segment_bytes_, last_bytes_, task_.options)) return;
  archives_not_before_ = now + task_.options.archive_pause;
  job_ = std::make_shared<Job>();
  job_->task = task_;
  job_->task.last_sealed = last_sealed;
  job_->task.durable_group = durable_group;
  job_->task.now = now;
  worker_.run([job = job_, &files = files_, wake = wake_] {
    job->result = take_snapshot(files, job->task, job->stopping);
    job->done.store(true, std::memory_order_release);
    wake();
  });
}

void Snapshotter::take_finished(Time now) {
  if (!job_ || !job_->done.load(std::memory_order_acquire)) return;
  const std::shared_ptr<Job> finished = std::exchange(job_, nullptr);
  if (finished->result.ok()) {
    next_segment_ = finished->result->next_segment;
    last_bytes_ = finished->result->bytes;
    archive_ = finished->result->archive;
    problem_.clear();
    return;
  }
  problem_ = finished->result.error().message;
  not_before_ = now + kSnapshotRetryAfter;
}

std::shared_ptr<const ArchiveIndex> Snapshotter::take_archive(Time now) {
  take_finished(now);
  return std::exchange(archive_, nullptr);
}

bool worth_a_snapshot(std::uint64_t segments, std::uint64_t segment_bytes, std::uint64_t last_bytes,
                      const SnapshotOptions& options) {
  if (options.segments == 0 || segments < options.segments) return false;
  return segments * segment_bytes >= last_bytes / kWrittenPerJournalByte;
}

}  // namespace doorbuster::embedded
