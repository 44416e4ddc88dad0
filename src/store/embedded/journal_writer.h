// Appends groups to the journal: one write and one sync a group, one group at a time, on a worker.
// Keeps segments preallocated and filled with zeros ahead of it, on another worker: so many that
// every hold can still end when the disk gives no more (journal_room.h).
//
// Thread: engine; the jobs it gives to its workers touch only what they were handed.
// Owns: the open segment, the spare ones, the group being written.
// Invariants: after the first failed write or sync nothing is written any more (R11).
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/worker.h"
#include "store/embedded/group_buffer.h"
#include "store/embedded/journal_reader.h"
#include "store/embedded/journal_room.h"
#include "store/embedded/store_probe.h"

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
  // A job on a worker may tell it after the writer has gone; null: nobody looks.
  std::shared_ptr<JournalProbe> probe = nullptr;
};

class JournalWriter {
 public:
  // Goes on at `end`. `wake` is called from a worker when something has finished.
  JournalWriter(FileSystem& files, JournalWorkers workers, JournalOptions options, JournalEnd end,
                std::function<void()> wake);
  ~JournalWriter();

  // Opens the segment that `end` names, or makes the first one, and the spare ones behind it, which
  // mend_tail() has left all zeros. Waits for the disk.
  Status open();

  // From now on so many ends of holds must still fit, whatever the disk does.
  void set_reserve(std::uint64_t ends) { reserved_ends_ = ends; }
  // The most payload that the next group may have, with events of this purpose in it; 0: none.
  std::size_t room(Purpose purpose) const;
  // How long after the beginning of one group the next may begin, if its payload is this, and the
  // last hold ends by itself in `until_last`.
  std::chrono::milliseconds interval(std::size_t payload_bytes,
                                     std::chrono::milliseconds until_last) const;
  // Begins to make a segment if more are wanted; at most once a second while the disk has no room.
  void prepare(Time now);
  // Whether a segment is being made, and nothing says yet that the disk has no room for it.
  bool awaits_segment() const { return preparing_ != nullptr && spare_problem_.empty(); }
  // When prepare() wants to be called again, should nothing else happen before.
  std::optional<Time> prepare_at() const { return retry_at_; }
  bool busy() const { return writing_ != nullptr; }
  // Has the next group, of so much payload, begin a segment, so that the one before is sealed.
  // False: the segments that are prepared are not enough for that.
  bool seal(std::size_t payload_bytes);

  // Begins to write a group that has at most room(end_of_hold) bytes. Not while busy().
  void write(GroupBuffer buffer, Time now, std::uint32_t flags = 0);

  // The end of the write under way, once: ok when the group is durable. Nothing while it goes on.
  std::optional<Status> take_finished();
  // The buffer of the last finished group, cleared, to be filled again.
  GroupBuffer take_buffer();

  std::uint64_t next_group() const { return end_.next_group; }
  // Of the first event of the group that is written next.
  std::uint64_t next_position() const { return end_.next_position; }
  // The last segment that is full, when nothing is being written: no byte of it changes any more.
  std::uint64_t last_sealed() const { return end_.segment == 0 ? 0 : end_.segment - 1; }
  std::uint64_t durable_group() const { return end_.next_group - 1 - (busy() ? 1 : 0); }
  // Why there are fewer spare segments than are wanted; empty while all is well.
  const std::string& spare_problem() const { return spare_problem_; }

 private:
  struct Writing;
  struct Preparing;

  Status adopt_spares();
  std::string path_of(std::uint64_t segment) const;
  void begin_preparing();
  void take_prepared();
  PreparedRoom prepared() const;
  bool wants_more() const;

  FileSystem& files_;
  JournalWorkers workers_;
  JournalOptions options_;
  JournalGeometry geometry_;
  JournalEnd end_;
  std::function<void()> wake_;
  std::shared_ptr<File> segment_;
  std::deque<std::shared_ptr<File>> spares_;  // segments end_.segment + 1, + 2 ...
  std::shared_ptr<Writing> writing_;
  std::shared_ptr<Preparing> preparing_;
  std::optional<GroupBuffer> idle_buffer_;
  std::string spare_problem_;
  std::optional<Time> retry_at_;
  std::uint64_t reserved_ends_ = 0;
  bool seal_ = false;
  bool failed_ = false;
};

// Makes a segment file of zeros, durable in every way, and opens it for journal writes.
Result<std::shared_ptr<File>> prepare_segment(FileSystem& files, const std::string& directory,
                                              std::uint64_t segment, std::uint64_t bytes);

// Clears away what an unclean stop left behind `end`: a torn group is overwritten with zeros, and
// so are later segments that have anything in them. The segments stay: on a full disk their room
// might not be had again, and ends of holds count on it.
Status mend_tail(FileSystem& files, const std::string& directory, const JournalEnd& end);

}  // namespace doorbuster::embedded
