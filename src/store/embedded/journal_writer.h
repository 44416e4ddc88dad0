// Appends groups to the journal: one write and one sync a group, one group at a time, on a worker.
// Keeps the next segment preallocated and filled with zeros, on another worker.
//
// Thread: engine; the jobs it gives to its workers touch only what they were handed.
// Owns: the open segment, the spare one, the group being written.
// Invariants: after the first failed write or sync nothing is written any more (R11).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/worker.h"
#include "store/embedded/group_buffer.h"
#include "store/embedded/journal_reader.h"

namespace doorbuster::embedded {

struct JournalWorkers {
  Worker& committer;  // writes and syncs groups
  Worker& preparer;   // makes segments
};

struct JournalOptions {
  std::string directory;
  std::uint64_t segment_bytes = 0;
  std::size_t max_payload_bytes = 0;
  Incarnation incarnation{};
};

class JournalWriter {
 public:
  // Goes on at `end`. `wake` is called from a worker when something has finished.
  JournalWriter(FileSystem& files, JournalWorkers workers, JournalOptions options, JournalEnd end,
                std::function<void()> wake);
  ~JournalWriter();

  // Opens the segment that `end` names, or makes the first one. Waits for the disk.
  Status open();

  // The most payload that the next group may have: 0 while the disk gives no room for another
  // segment.
  std::size_t room() const;
  // Tries again, at most once a second, to make a segment after the disk had no room for one.
  void want_room(Time now);
  bool busy() const { return writing_ != nullptr; }

  // Begins to write a group that has at most room() bytes. Not while busy().
  void write(GroupBuffer buffer, Time now, std::uint32_t flags = 0);

  // The end of the write under way, once: ok when the group is durable. Nothing while it goes on.
  std::optional<Status> take_finished();
  // The buffer of the last finished group, cleared, to be filled again.
  GroupBuffer take_buffer();

  std::uint64_t next_group() const { return end_.next_group; }
  std::uint64_t durable_group() const { return end_.next_group - 1 - (busy() ? 1 : 0); }
  // Why there is no spare segment; empty while all is well.
  const std::string& spare_problem() const { return spare_problem_; }

 private:
  struct Writing;
  struct Preparing;

  void begin_preparing();
  void take_prepared();
  std::size_t room_in_segment() const;
  std::size_t room_in_spare() const;

  FileSystem& files_;
  JournalWorkers workers_;
  JournalOptions options_;
  JournalEnd end_;
  std::function<void()> wake_;
  std::shared_ptr<File> segment_;
  std::shared_ptr<File> spare_;
  std::shared_ptr<Writing> writing_;
  std::shared_ptr<Preparing> preparing_;
  std::optional<GroupBuffer> idle_buffer_;
  std::string spare_problem_;
  Time last_attempt_;
  bool failed_ = false;
};

// Makes a segment file of zeros, durable in every way, and opens it for journal writes.
Result<std::shared_ptr<File>> prepare_segment(FileSystem& files, const std::string& directory,
                                              std::uint64_t segment, std::uint64_t bytes);

// Removes what an unclean stop left behind `end`: a torn group, later segments.
Status mend_tail(FileSystem& files, const std::string& directory, const JournalEnd& end);

}  // namespace doorbuster::embedded
