#include "store/embedded/journal_writer.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/worker.h"

namespace doorbuster::embedded {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{1000};
constexpr std::size_t kStep = std::size_t{1} << 20;  // bytes of a write that fills a file
// Of a segment that is made while groups are committed: so much at a time is written, lest its
// thread keep the processor in the kernel, and after each kStep the disk has to have it, lest a
// group's sync wait for all of it.
constexpr std::size_t kZerosAtOnce = 128 * 1024;

// Makes the file all zeros, in place: that takes no room of a full disk.
Status blank(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::read_write);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  const std::vector<std::byte> zeros(std::min<std::uint64_t>(kStep, *size));
  std::vector<std::byte> found(zeros.size());
  bool changed = false;
  for (std::uint64_t at = 0; at < *size; at += zeros.size()) {
    const auto step = std::span(found).first(std::min<std::uint64_t>(found.size(), *size - at));
    const auto read = (*file)->read_at(at, step);
    if (!read) return read.error();
    if (std::ranges::equal(step, std::span(zeros).first(step.size()))) continue;
    if (Status s = (*file)->write_at(at, std::span(zeros).first(step.size())); !s.ok()) return s;
    changed = true;
  }
  return changed ? (*file)->sync() : ok_status();
}

}  // namespace

// One group on its way to the disk. The committer's job owns it together with the writer; `done`
// hands the rest over.
struct JournalWriter::Writing {
  GroupBuffer buffer{0};
  GroupHeader header;
  std::shared_ptr<File> file;
  std::uint64_t offset = 0;
  std::optional<SegmentHeader> new_segment;
  GroupHash hash{};
  std::shared_ptr<JournalProbe> probe;
  Status result = ok_status();
  std::atomic<bool> done = false;

  Status run() {
    if (Status s = write(); !s.ok()) {
      if (probe != nullptr) probe->write_failed();
      return s;
    }
    const auto began = std::chrono::steady_clock::now();
    Status synced = file->sync();
    if (probe == nullptr) return synced;
    if (synced.ok()) {
      const auto took = std::chrono::steady_clock::now() - began;
      probe->group_synced(took, header.events, buffer.padded().size());
    } else {
      probe->sync_failed();
    }
    return synced;
  }

 private:
  Status write() {
    if (new_segment) {
      GroupBuffer block(kBlockBytes);
      const auto bytes = block.padded();
      encode(*new_segment, bytes);
      if (Status s = file->write_at(0, bytes); !s.ok()) return s;
    }
    seal_group(header, buffer.group());
    hash = hash_group(buffer.group());
    return file->write_at(offset, buffer.padded());
  }
};

struct JournalWriter::Preparing {
  std::uint64_t segment = 0;
  Result<std::shared_ptr<File>> result{std::shared_ptr<File>()};
  std::atomic<bool> done = false;
};

JournalWriter::JournalWriter(FileSystem& files, JournalWorkers workers, JournalOptions options,
                             JournalEnd end, std::function<void()> wake)
    : files_(files),
      workers_(workers),
      options_(std::move(options)),
      geometry_{options_.segment_bytes / kBlockBytes - 1,
                blocks_of_group(options_.max_payload_bytes)},
      end_(end),
      wake_(std::move(wake)) {
  CHECK(options_.segment_bytes % kBlockBytes == 0);
  CHECK(padded_bytes(options_.max_payload_bytes) + kBlockBytes <= options_.segment_bytes);
}

JournalWriter::~JournalWriter() = default;

Status JournalWriter::open() {
  if (Status s = adopt_spares(); !s.ok()) return s;
  if (end_.segment > 0) {
    auto opened = files_.open(path_of(end_.segment), OpenMode::direct_write);
    if (!opened) return opened.error();
    segment_ = std::move(*opened);
  } else if (spares_.empty()) {
    // The first group makes it the open segment, as it does with every spare one.
    auto made = prepare_segment(files_, options_.directory, 1, options_.segment_bytes);
    if (!made) return made.error();
    spares_.push_back(std::move(*made));
  }
  if (wants_more()) begin_preparing();
  return ok_status();
}

std::string JournalWriter::path_of(std::uint64_t segment) const {
  return options_.directory + "/" + segment_name(segment);
}

Status JournalWriter::adopt_spares() {
  const auto names = files_.list(options_.directory);
  if (!names) return names.error();
  std::uint64_t last = end_.segment;
  for (const std::string& name : *names) last = std::max(last, segment_number(name).value_or(0));
  while (end_.segment + spares_.size() < last) {
    auto file = files_.open(path_of(end_.segment + spares_.size() + 1), OpenMode::direct_write);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    if (*size != options_.segment_bytes) break;
    spares_.push_back(std::move(*file));
  }
  // Others have another size than is wanted now. From the last one down, each for good before the
  // next: whatever a crash leaves has no gap.
  for (; last > end_.segment + spares_.size(); --last) {
    if (Status s = files_.remove(path_of(last)); !s.ok()) return s;
    if (Status s = files_.sync_directory(options_.directory); !s.ok()) return s;
  }
  return ok_status();
}

PreparedRoom JournalWriter::prepared() const {
  PreparedRoom room;
  if (segment_ != nullptr && end_.offset < end_.segment_bytes) {
    room.open = (end_.segment_bytes - end_.offset) / kBlockBytes;
  }
  room.spares = spares_.size();
  room.spare_segment = geometry_.segment;
  return room;
}

std::size_t JournalWriter::room(Purpose purpose) const {
  if (failed_) return 0;
  const std::uint64_t keep = blocks_to_keep(purpose, reserved_ends_, geometry_);
  return std::min(options_.max_payload_bytes, payload_room(prepared(), keep));
}

std::chrono::milliseconds JournalWriter::interval(std::size_t payload_bytes,
                                                  std::chrono::milliseconds until_last) const {
  const std::uint64_t left = prepared().total();
  const std::uint64_t group = blocks_of_group(payload_bytes);
  return group_interval(left > group ? left - group : 0, reserved_ends_, until_last, geometry_);
}

bool JournalWriter::seal(std::size_t payload_bytes) {
  PreparedRoom behind = prepared();
  behind.open = 0;
  const std::uint64_t keep = blocks_to_keep(Purpose::growth, reserved_ends_, geometry_);
  if (failed_ || payload_room(behind, keep) <= payload_bytes) return false;
  seal_ = end_.offset > kBlockBytes;  // a segment without a group stays open
  return true;
}

void JournalWriter::write(GroupBuffer buffer, Time now, std::uint32_t flags) {
  CHECK(!busy() && !failed_ && buffer.payload_bytes() <= room(Purpose::end_of_hold));
  auto writing = std::make_shared<Writing>();
  const std::size_t padded = padded_bytes(buffer.payload_bytes());
  const bool sealing = std::exchange(seal_, false);
  if (segment_ == nullptr || end_.offset + padded > end_.segment_bytes || sealing) {
    segment_ = std::move(spares_.front());
    spares_.pop_front();
    ++end_.segment;
    end_.segment_bytes = options_.segment_bytes;
    end_.offset = kBlockBytes;
    writing->new_segment = SegmentHeader{end_.segment,    options_.incarnation, end_.segment_bytes,
                                         end_.next_group, end_.next_position,   end_.previous_hash};
  }
  writing->header.incarnation = options_.incarnation;
  writing->header.segment = end_.segment;
  writing->header.group = end_.next_group;
  writing->header.durable_group = end_.next_group - 1;
  writing->header.first_position = end_.next_position;
  writing->header.events = buffer.records();
  writing->header.payload_bytes = static_cast<std::uint32_t>(buffer.payload_bytes());
  writing->header.flags = flags;
  writing->header.written_at = now;
  writing->header.previous_hash = end_.previous_hash;
  writing->probe = options_.probe;
  writing->file = segment_;
  writing->offset = end_.offset;
  end_.offset += padded;
  ++end_.next_group;
  end_.next_position += buffer.records();
  writing->buffer = std::move(buffer);
  writing_ = writing;
  workers_.committer.run([writing, wake = wake_] {
    writing->result = writing->run();
    writing->done.store(true, std::memory_order_release);
    wake();
  });
  prepare(now);
}

std::optional<Status> JournalWriter::take_finished() {
  take_prepared();
  if (!writing_ || !writing_->done.load(std::memory_order_acquire)) return std::nullopt;
  const std::shared_ptr<Writing> finished = std::exchange(writing_, nullptr);
  end_.previous_hash = finished->hash;
  idle_buffer_ = std::move(finished->buffer);
  idle_buffer_->clear();
  if (!finished->result.ok()) failed_ = true;
  return finished->result;
}

GroupBuffer JournalWriter::take_buffer() {
  if (!idle_buffer_) return GroupBuffer();
  GroupBuffer buffer = std::move(*idle_buffer_);
  idle_buffer_.reset();
  return buffer;
}

bool JournalWriter::wants_more() const {
  return prepared().total() < blocks_to_prepare(reserved_ends_, geometry_);
}

void JournalWriter::prepare(Time now) {
  if (preparing_ || failed_ || !wants_more()) return;
  if (!spare_problem_.empty()) {
    if (!retry_at_) retry_at_ = now + kRetryAfter;
    if (now < *retry_at_) return;
  }
  begin_preparing();
}

void JournalWriter::begin_preparing() {
  retry_at_.reset();
  auto preparing = std::make_shared<Preparing>();
  preparing->segment = end_.segment + spares_.size() + 1;
  preparing_ = preparing;
  workers_.preparer.run([preparing, &files = files_, directory = options_.directory,
                         bytes = options_.segment_bytes, wake = wake_] {
    preparing->result = prepare_segment(files, directory, preparing->segment, bytes);
    preparing->done.store(true, std::memory_order_release);
    wake();
  });
}

void JournalWriter::take_prepared() {
  if (!preparing_ || !preparing_->done.load(std::memory_order_acquire)) return;
  const std::shared_ptr<Preparing> finished = std::exchange(preparing_, nullptr);
  if (finished->result.ok()) {
    spares_.push_back(*finished->result);
    spare_problem_.clear();
  } else {
    spare_problem_ = finished->result.error().message;
    if (options_.probe != nullptr) options_.probe->segment_not_made();
  }
}

Result<std::shared_ptr<File>> prepare_segment(FileSystem& files, const std::string& directory,
                                              std::uint64_t segment, std::uint64_t bytes) {
  const std::string path = directory + "/" + segment_name(segment);
  const std::string temporary = path + ".tmp";
  if (Status s = files.remove(temporary); !s.ok() && s.error().code != ErrorCode::not_found) {
    return s.error();
  }
  const auto fill = [&]() -> Status {
    auto file = files.open(temporary, OpenMode::create);
    if (!file) return file.error();
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(kZerosAtOnce, bytes));
    std::uint64_t unsynced = 0;
    for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
      const auto step = std::span(zeros).first(std::min<std::uint64_t>(zeros.size(), bytes - at));
      if (Status s = (*file)->write_at(at, step); !s.ok()) return s;
      unsynced += step.size();
      if (unsynced >= kStep) {
        if (Status s = (*file)->sync(); !s.ok()) return s;
        unsynced = 0;
      }
      give_way();
    }
    if (Status s = (*file)->sync(); !s.ok()) return s;
    if (Status s = files.rename(temporary, path); !s.ok()) return s;
    return files.sync_directory(directory);
  };
  if (Status s = fill(); !s.ok()) {
    // What was taken of a full disk is given back; that this may fail too changes nothing.
    static_cast<void>(files.remove(temporary));
    return s.error();
  }
  auto file = files.open(path, OpenMode::direct_write);
  if (!file) return file.error();
  return std::shared_ptr<File>(std::move(*file));
}

Status mend_tail(FileSystem& files, const std::string& directory, const JournalEnd& end) {
  const auto names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    std::string path = directory;
    path.append("/").append(name);
    const auto number = segment_number(name);
    if (number && *number > end.segment) {
      if (Status s = blank(files, path); !s.ok()) return s;
    } else if (name.ends_with(".tmp")) {
      if (Status s = files.remove(path); !s.ok()) return s;
    }
  }
  if (Status s = files.sync_directory(directory); !s.ok()) return s;
  if (end.segment == 0) return ok_status();
  auto file = files.open(directory + "/" + segment_name(end.segment), OpenMode::read_write);
  if (!file) return file.error();
  // Only what was never acknowledged is overwritten: a crash in here may tear it again, and no
  // more.
  const std::uint64_t begin = end.offset;
  if (end.torn_end > begin) {
    const std::vector<std::byte> zeros(end.torn_end - begin);
    if (Status s = (*file)->write_at(begin, zeros); !s.ok()) return s;
  }
  return (*file)->sync();
}

}  // namespace doorbuster::embedded
