#include "store/embedded/store_copy.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/check.h"
#include "sale/invariants.h"
#include "store/embedded/recovery.h"

namespace doorbuster::embedded {
namespace {

constexpr std::uint64_t kSyncCopyEvery = std::uint64_t{8} << 20;
constexpr std::size_t kLargestText = std::size_t{16} << 20;

// Passes the groups on, and sees that the snapshot goes on where it says.
class CopiedGroups final : public GroupVisitor {
 public:
  CopiedGroups(SegmentsWriter& writer, Manifest* manifest) : writer_(writer), manifest_(manifest) {}

  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) override {
    const bool is_first = first_position_ == 0;
    if (is_first) first_position_ = header.first_position;
    if (manifest_ != nullptr && header.group == manifest_->journal.next_group) {
      JournalStart& start = manifest_->journal;
      if (header.segment != start.segment || header.first_position != start.next_position ||
          header.previous_hash != start.previous_hash) {
        return Error{ErrorCode::data_damaged, "it is not the group that the snapshot goes on with"};
      }
      if (!is_first) start.previous_hash = writer_.hash();
    }
    return writer_.add(header, payload);
  }
  std::string describe(std::span<const std::byte>) override { return "not looked at"; }

  std::uint64_t first_position() const { return first_position_; }

 private:
  SegmentsWriter& writer_;
  Manifest* manifest_;
  std::uint64_t first_position_ = 0;
};

// The beginning of the oldest segment that is kept; nothing: there is no journal yet.
Result<std::optional<JournalStart>> oldest_start(const StorePlace& from) {
  const std::string directory = journal_path(from.directory);
  const auto names = from.files.list(directory);
  if (!names) return names.error();
  std::optional<std::uint64_t> first;
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (number && (!first || *number < *first)) first = number;
  }
  if (!first) return std::optional<JournalStart>();
  if (*first == 1) return std::optional(JournalStart{});
  const auto start = read_start(from.files, directory, from.identity.incarnation, *first);
  if (!start) return start.error();
  return std::optional(*start);
}

// Copies the images of one file to the places they have in it.
Status copy_images(const StorePlace& from, const StorePlace& to, std::uint64_t number,
                   const std::vector<StoredImage>& images) {
  const std::string path = images_path(snapshots_path(from.directory), number);
  auto source = from.files.open(path, OpenMode::read);
  if (!source) {
    if (source.error().code != ErrorCode::not_found) return source.error();
    return Error{ErrorCode::data_damaged, path + " is missing"};
  }
  if (Status s =
          check_header(**source, path, {CheckedKind::images, number, from.identity.incarnation});
      !s.ok()) {
    return s;
  }
  auto target = to.files.open(images_path(snapshots_path(to.directory), number), OpenMode::create);
  if (!target) return target.error();
  if (Status s = write_header(**target, {CheckedKind::images, number, to.identity.incarnation});
      !s.ok()) {
    return s;
  }
  std::vector<std::byte> content;
  for (const StoredImage& image : images) {
    const auto named = [&](const Error& error) {
      return Error{error.code, error.message + " (" + words_for(image) + ")"};
    };
    StreamReader reader(**source, path, image.place);
    StreamWriter writer(**target, image.place.offset);
    while (!reader.at_end()) {
      content.clear();
      if (Status s = reader.read_some(content); !s.ok()) return named(s.error());
      if (Status s = writer.write(content); !s.ok()) return s;
    }
    if (Status s = reader.finish(); !s.ok()) return named(s.error());
    const auto place = writer.finish();
    if (!place) return place.error();
    CHECK(*place == image.place);
  }
  return (*target)->sync();
}

Status copy_all_images(const StorePlace& from, const StorePlace& to, const Manifest& manifest) {
  const std::string directory = snapshots_path(to.directory);
  if (Status s = to.files.create_directory(directory); !s.ok()) return s;
  std::map<std::uint64_t, std::vector<StoredImage>> by_file;
  for (const StoredImage& image : manifest.images) {
    if (image.file != 0) by_file[image.file].push_back(image);
  }
  for (const auto& [number, images] : by_file) {
    if (Status s = copy_images(from, to, number, images); !s.ok()) return s;
  }
  return ok_status();
}

Status write_snapshot(const StorePlace& to, const Manifest& manifest) {
  const std::string directory = snapshots_path(to.directory);
  const std::string path = manifest_path(directory, manifest.journal.next_group);
  if (Status s = write_manifest(to.files, path, to.identity.incarnation, manifest); !s.ok()) {
    return s;
  }
  return to.files.sync_directory(directory);
}

}  // namespace

Status SegmentsWriter::begin_segment(const GroupHeader& header) {
  if (Status s = end_segment(); !s.ok()) return s;
  auto file = files_.open(directory_ + "/" + segment_name(header.segment), OpenMode::create);
  if (!file) return file.error();
  file_ = std::move(*file);
  segment_ = {header.segment, incarnation_, 0, header.group, header.first_position, hash_};
  offset_ = kBlockBytes;
  return ok_status();
}

Status SegmentsWriter::add(const GroupHeader& header, std::span<const std::byte> payload) {
  if (!has_hash_) hash_ = header.previous_hash;
  has_hash_ = true;
  if (file_ == nullptr || segment_.segment != header.segment) {
    if (Status s = begin_segment(header); !s.ok()) return s;
  }
  GroupHeader own = header;
  own.incarnation = incarnation_;
  own.previous_hash = hash_;
  group_.assign(padded_bytes(payload.size()), std::byte{0});
  const auto group = std::span(group_).first(kGroupHeaderBytes + payload.size());
  std::ranges::copy(payload, group.begin() + kGroupHeaderBytes);
  seal_group(own, group);
  hash_ = hash_group(group);
  if (Status s = file_->write_at(offset_, group_); !s.ok()) return s;
  offset_ += group_.size();
  unsynced_ += group_.size();
  if (unsynced_ < kSyncCopyEvery) return ok_status();
  unsynced_ = 0;
  return file_->sync();
}

Status SegmentsWriter::end_segment() {
  if (file_ == nullptr) return ok_status();
  segment_.segment_bytes = offset_;
  std::vector<std::byte> block(kBlockBytes);
  encode(segment_, block);
  if (Status s = file_->write_at(0, block); !s.ok()) return s;
  if (Status s = file_->sync(); !s.ok()) return s;
  file_.reset();
  bytes_ += offset_;
  ++segments_;
  return ok_status();
}

Status SegmentsWriter::finish() {
  if (Status s = end_segment(); !s.ok()) return s;
  return files_.sync_directory(directory_);
}

Result<Copied> copy_store(const StorePlace& from, const StorePlace& to, const MoreGroups& more) {
  Copied copied;
  const std::string journal = journal_path(to.directory);
  if (Status s = to.files.create_directory(journal); !s.ok()) return s.error();
  auto manifest =
      read_newest_manifest(from.files, snapshots_path(from.directory), from.identity.incarnation);
  if (!manifest) return manifest.error();
  if (*manifest) {
    if (Status s = copy_all_images(from, to, **manifest); !s.ok()) return s.error();
    copied.images = (*manifest)->images.size();
    for (const StoredImage& image : (*manifest)->images) copied.bytes += image.place.bytes;
  }
  const auto start = oldest_start(from);
  if (!start) return start.error();
  SegmentsWriter writer(to.files, journal, to.identity.incarnation);
  CopiedGroups groups(writer, *manifest ? &**manifest : nullptr);
  if (*start) {
    const auto end = read_journal(
        from.files, {journal_path(from.directory), from.identity.incarnation, **start}, groups);
    if (!end) return end.error();
    copied.end = *end;
  }
  if (*manifest && copied.end.next_group <= (*manifest)->durable_group) {
    return Error{ErrorCode::data_damaged,
                 journal_path(from.directory) + ": group " + std::to_string(copied.end.next_group) +
                     " is missing; the snapshot says that the journal was durable up to group " +
                     std::to_string((*manifest)->durable_group)};
  }
  if (Status s = more(writer, copied.end); !s.ok()) return s.error();
  if (Status s = writer.finish(); !s.ok()) return s.error();
  if (*manifest) {
    if (Status s = write_snapshot(to, **manifest); !s.ok()) return s.error();
  }
  copied.first_position = groups.first_position();
  copied.segments = writer.segments();
  copied.bytes += writer.bytes();
  if (Status s = to.files.sync_directory(to.directory); !s.ok()) return s.error();
  return copied;
}

Status make_empty_directory(FileSystem& files, const std::string& directory) {
  const auto refused = [&](const std::string& name) {
    return Error{ErrorCode::invalid_argument,
                 directory + " is not empty: it holds " + name + ", and nothing is overwritten"};
  };
  for (const char* below : {"", "/journal", "/snapshots"}) {
    const auto names = files.list(directory + below);
    if (!names) {
      if (names.error().code == ErrorCode::not_found) continue;
      return names.error();
    }
    if (!names->empty()) return refused((directory + below).append("/").append(names->front()));
  }
  return make_data_directory(files, directory);
}

Status begin_store(FileSystem& files, const std::string& data_dir) {
  if (Status s = make_empty_directory(files, data_dir); !s.ok()) return s;
  const std::string path = data_dir + "/" + std::string(kUnfinishedName);
  return write_text(files, data_dir, path, "a store is being made here\n");
}

Status finish_store(FileSystem& files, const std::string& data_dir, const StoreIdentity& identity,
                    std::uint64_t digest) {
  {
    const auto written = read_store(files, data_dir, identity);
    if (!written) return written.error();
    if (sale::digest(written->catalog) != digest) {
      return Error{ErrorCode::io_failed, data_dir + " does not hold what was written to it: its " +
                                             "disk or memory is failing"};
    }
  }
  if (Status s = write_identity(files, data_dir, identity); !s.ok()) return s;
  const std::string path = data_dir + "/" + std::string(kUnfinishedName);
  if (Status s = files.remove(path); !s.ok()) return s;
  return files.sync_directory(data_dir);
}

Status copy_if_there(const StorePlace& from, const StorePlace& to, const std::string& name) {
  const auto text = read_text(from.files, from.directory + "/" + name, kLargestText);
  if (!text) {
    return text.error().code == ErrorCode::not_found ? ok_status() : Status(text.error());
  }
  return write_text(to.files, to.directory, to.directory + "/" + name, *text);
}

}  // namespace doorbuster::embedded
