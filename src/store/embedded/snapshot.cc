#include "store/embedded/snapshot.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "base/worker.h"
#include "sale/decide.h"
#include "sale/event_codec.h"
#include "store/embedded/replay.h"

namespace doorbuster::embedded {
namespace {

// A file of which less than half is still named is written anew with what is named in it, and so
// are small ones where there are many.
constexpr std::size_t kManyFiles = 64;
constexpr std::uint64_t kSmallFile = std::uint64_t{4} << 20;

constexpr std::uint64_t kRecordsAtOnce = 64;

// What images and events become in memory, roughly, and on the safe side.
constexpr std::uint64_t kMemoryPerImageByte = 2;
constexpr std::uint64_t kMemoryPerEventByte = 4;

Error stopped() { return {ErrorCode::in_use, "the engine stops"}; }

// Goes over the groups of sealed segments, until the engine stops.
class SealedVisitor : public GroupVisitor {
 public:
  explicit SealedVisitor(const std::atomic<bool>& stopping) : stopping_(stopping) {}

  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) final {
    if (stopping_.load(std::memory_order_relaxed)) return stopped();
    for (std::uint64_t position = header.first_position; !payload.empty(); ++position) {
      if (position % kRecordsAtOnce == 0) give_way();
      const auto record = take_record(payload);
      if (!record) {
        return at_event(position, {ErrorCode::data_damaged, "the bytes are no record"});
      }
      if (Status s = on_record(position, *record); !s.ok()) return s;
    }
    return on_group_end();
  }
  std::string describe(std::span<const std::byte>) override { return "not looked at"; }

 private:
  virtual Status on_record(std::uint64_t position, const Record& record) = 0;
  virtual Status on_group_end() { return ok_status(); }

  const std::atomic<bool>& stopping_;
};

// Which sales have new events, and how many bytes of them.
class Touched final : public SealedVisitor {
 public:
  using SealedVisitor::SealedVisitor;
  const std::map<std::uint32_t, std::uint64_t>& bytes() const { return bytes_; }

 private:
  Status on_record(std::uint64_t, const Record& record) override {
    bytes_[record.sale.value] += record.event_bytes.size();
    return ok_status();
  }

  std::map<std::uint32_t, std::uint64_t> bytes_;  // by sale
};

// Applies the events of some sales.
class BatchFold final : public SealedVisitor {
 public:
  BatchFold(const std::atomic<bool>& stopping, sale::Catalog& catalog,
            std::map<std::uint32_t, bool>& exists)
      : SealedVisitor(stopping),
        catalog_(catalog),
        exists_(exists),
        replay_(catalog, [](const sale::SaleState&) {
          return Error{ErrorCode::data_damaged, "something happens to a sale that was deleted"};
        }) {}

 private:
  Status on_record(std::uint64_t position, const Record& record) override {
    const auto wanted = exists_.find(record.sale.value);
    if (wanted == exists_.end()) return ok_status();
    if (!wanted->second) {
      if (Status s = begin(position, record); !s.ok()) return s;
      wanted->second = true;
    }
    return replay_.add(position, record);
  }
  Status on_group_end() override { return replay_.flush(); }

  // The first event of a sale: its place is behind all that exist, others' left empty.
  Status begin(std::uint64_t position, const Record& record) {
    const auto event = sale::decode(record.sale, record.event_bytes);
    if (!event) return at_event(position, event.error());
    if (!std::holds_alternative<sale::SaleCreated>(event->body) ||
        record.sale.value < catalog_.size()) {
      return at_event(position,
                      {ErrorCode::data_damaged, "an event of a sale that was not created"});
    }
    if (Status s = replay_.flush(); !s.ok()) return s;
    sale::leave_places_below(catalog_, record.sale);
    return ok_status();
  }

  sale::Catalog& catalog_;
  std::map<std::uint32_t, bool>& exists_;  // the sales of the batch, and whether they exist yet
  Replay replay_;
};

// One snapshot on its way: what it will consist of, and what has been written for it.
class Taking {
 public:
  Taking(FileSystem& files, const SnapshotTask& task, Manifest last,
         const std::atomic<bool>& stopping)
      : files_(files),
        task_(task),
        stopping_(stopping),
        directory_(snapshots_path(task.data_dir)),
        last_(std::move(last)) {
    for (const StoredImage& image : last_.images) images_.emplace(image.sale.value, image);
    next_.next_file = last_.next_file;
    next_.durable_group = task.durable_group;
  }

  // Writes everything but the manifest.
  Status write_images() {
    Touched touched(stopping_);
    const auto journal = read_sealed(files_, place(), task_.last_sealed, touched);
    if (!journal) return journal.error();
    next_.journal = *journal;
    std::map<std::uint32_t, std::uint64_t> weights;
    for (const auto& [sale, bytes] : touched.bytes()) weights[sale] = bytes * kMemoryPerEventByte;
    add_scattered(weights);
    add_archived(weights);
    for (Weight from = weights.begin(); from != weights.end();) {
      from = take_batch(from, weights.end());
      if (Status s = write_batch(); !s.ok()) return s;
    }
    for (const auto& [sale, image] : images_) {
      next_.images.push_back(image);
      const auto old = last_.files.find(image.file);
      if (old != last_.files.end()) next_.files.insert(*old);
    }
    for (const ImagesWriter& writer : written_) next_.files[writer.number()] = writer.bytes();
    return files_.sync_directory(directory_);
  }

  // Takes back what was written, as long as no manifest names it.
  void discard() {
    for (ImagesWriter& writer : written_) writer.discard();
  }

  const Manifest& manifest() const { return next_; }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const ImagesWriter& writer : written_) sum += writer.bytes();
    return sum;
  }

 private:
  JournalPlace place() const {
    return {journal_path(task_.data_dir), task_.identity.incarnation, last_.journal};
  }

  // Sales without new events whose images are written anew all the same, so that files go away.
  void add_scattered(std::map<std::uint32_t, std::uint64_t>& weights) const {
    std::map<std::uint64_t, std::uint64_t> named;  // bytes that stay named, by file
    for (const auto& [sale, image] : images_) {
      if (!weights.contains(sale)) named[image.file] += image.place.bytes;
    }
    const auto scattered = [&](std::uint64_t file) {
      const std::uint64_t live = named[file];
      return live * 2 < last_.files.at(file) || (named.size() > kManyFiles && live < kSmallFile);
    };
    std::set<std::uint64_t> files;
    for (const auto& [file, bytes] : last_.files) {
      if (named.contains(file) && scattered(file)) files.insert(file);
    }
    for (const auto& [sale, image] : images_) {
      if (files.contains(image.file)) weights.try_emplace(sale, 0);
    }
  }

  // Sales that nothing has happened to but that their time has come.
  void add_archived(std::map<std::uint32_t, std::uint64_t>& weights) const {
    for (const auto& [sale, image] : images_) {
      if (!image.archived() && image.archives_at <= task_.now) {
        weights.try_emplace(sale, 0);
      }
    }
  }

  using Weight = std::map<std::uint32_t, std::uint64_t>::const_iterator;

  // Chooses the sales of the next batch, one at least; gives where the one after it begins.
  Weight take_batch(Weight from, Weight end) {
    batch_.clear();
    for (std::uint64_t sum = 0; from != end; ++from) {
      const auto image = images_.find(from->first);
      const bool exists = image != images_.end();
      sum += from->second + (exists ? image->second.place.bytes * kMemoryPerImageByte : 0);
      if (!batch_.empty() && sum > task_.options.batch_bytes) break;
      batch_.emplace(from->first, exists);
    }
    return from;
  }

  Status write_batch() {
    sale::Catalog catalog(task_.identity.buyer_hash_key);
    ImagesReader reader(files_, directory_, task_.identity);
    for (const auto& [sale, exists] : batch_) {
      if (!exists) continue;
      if (stopping_.load(std::memory_order_relaxed)) return stopped();
      auto image = reader.read(images_.at(sale));
      if (!image) return image.error();
      if (Status s = sale::put_sale(catalog, std::move(*image)); !s.ok()) return s;
    }
    BatchFold fold(stopping_, catalog, batch_);
    const auto end = read_sealed(files_, place(), task_.last_sealed, fold);
    if (!end) return end.error();
    if (Status s = write_file(catalog, false); !s.ok()) return s;
    return write_file(catalog, true);
  }

  // Whether nobody needs the claims of this sale at hand.
  bool is_archived(const sale::SaleState& sale) const {
    return sale.deleted() || sale::archives_at(sale) <= task_.now;
  }

  // Those of the batch that are archived get a file of their own: nothing happens to them any more,
  // so it need hardly ever be written anew.
  Status write_file(const sale::Catalog& catalog, bool archived) {
    ImagesWriter* writer = nullptr;
    for (const auto& [ordinal, exists] : batch_) {
      if (stopping_.load(std::memory_order_relaxed)) return stopped();
      const sale::SaleState& sale = catalog[{ordinal}];
      if (is_archived(sale) != archived) continue;
      StoredImage& stored = images_[ordinal];
      if (sale.deleted()) {
        stored = {{ordinal}, sale.definition().slug, sale.sequence(), 0, {}, kNever, head_of(sale)};
        continue;
      }
      if (writer == nullptr) {
        writer = &written_.emplace_back(files_, directory_, next_.next_file++);
        if (Status s = writer->open(task_.identity.incarnation); !s.ok()) return s;
      }
      auto image = writer->add(sale);
      if (!image) return image.error();
      stored = std::move(*image);
      if (archived) stored.archived_head = head_of(sale);
    }
    return writer == nullptr ? ok_status() : writer->finish();
  }

  FileSystem& files_;
  const SnapshotTask& task_;
  const std::atomic<bool>& stopping_;
  std::string directory_;
  Manifest last_;
  Manifest next_;
  std::map<std::uint32_t, StoredImage> images_;  // by sale, as they will be
  std::map<std::uint32_t, bool> batch_;          // its sales, and whether they exist yet
  std::deque<ImagesWriter> written_;             // each stays where it is
};

// Removes what a durable manifest does not name: older manifests, images, what crashes left.
Status remove_unnamed(FileSystem& files, const std::string& directory, const Manifest& manifest) {
  const auto names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto group = number_of(name, kManifestSuffix);
    const auto file = number_of(name, kImagesSuffix);
    const bool old = group && *group < manifest.journal.next_group;
    const bool unnamed = file && !manifest.files.contains(*file);
    if (!old && !unnamed && !name.ends_with(kTemporarySuffix)) continue;
    std::string path = directory;
    path.append("/").append(name);
    if (Status s = files.remove(path); !s.ok()) return s;
  }
  return ok_status();
}

// When the first group of a segment was written; nothing if that cannot be read.
Result<std::optional<Time>> begun_at(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::read);
  if (!file) return file.error();
  std::array<std::byte, kGroupHeaderBytes> bytes{};
  const auto got = (*file)->read_at(kBlockBytes, bytes);
  if (!got) return got.error();
  const auto header = peek_group(std::span(bytes).first(*got));
  return header ? std::optional(header->written_at) : std::nullopt;
}

// From the lowest on, each for good before the next: whatever a crash leaves has no gap.
Status remove_segments(FileSystem& files, const SnapshotTask& task, std::uint64_t next_segment) {
  const std::string directory = journal_path(task.data_dir);
  const auto segment_path = [&](std::uint64_t number) {
    return directory + "/" + segment_name(number);
  };
  const auto names = files.list(directory);
  if (!names) return names.error();
  std::vector<CoveredSegment> covered;
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (!number || *number >= next_segment) continue;
    auto file = files.open(segment_path(*number), OpenMode::read);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    Time until = task.now;
    if (task.options.retain_seconds.count() > 0) {
      const auto next = begun_at(files, segment_path(*number + 1));
      if (!next) return next.error();
      until = next->value_or(task.now);
    }
    covered.push_back({*number, *size, until});
  }
  const std::size_t count = segments_to_remove(covered, task.options, task.now);
  for (std::size_t i = 0; i < count; ++i) {
    if (Status s = files.remove(segment_path(covered[i].segment)); !s.ok()) return s;
    if (Status s = files.sync_directory(directory); !s.ok()) return s;
  }
  return ok_status();
}

Status clean_up(FileSystem& files, const SnapshotTask& task, const Manifest& manifest) {
  const std::string directory = snapshots_path(task.data_dir);
  // The name of the manifest may be of an earlier attempt, which did not get this far.
  if (Status s = files.sync_directory(directory); !s.ok()) return s;
  if (Status s = remove_unnamed(files, directory, manifest); !s.ok()) return s;
  return remove_segments(files, task, manifest.journal.segment);
}

// Gives the snapshot its manifest, by which it exists.
Status publish(FileSystem& files, const SnapshotTask& task, Taking& taking) {
  const std::string directory = snapshots_path(task.data_dir);
  const std::string path = manifest_path(directory, taking.manifest().journal.next_group);
  const std::string temporary = path + std::string(kTemporarySuffix);
  if (Status s = write_manifest(files, temporary, task.identity.incarnation, taking.manifest());
      !s.ok()) {
    static_cast<void>(files.remove(temporary));
    taking.discard();
    return s;
  }
  // From here on a manifest may name the images, even where the renaming is said to have failed.
  if (Status s = files.rename(temporary, path); !s.ok()) return s;
  return files.sync_directory(directory);
}

}  // namespace

Result<SnapshotTaken> take_snapshot(FileSystem& files, const SnapshotTask& task,
                                    const std::atomic<bool>& stopping) {
  const std::string directory = snapshots_path(task.data_dir);
  if (Status s = files.create_directory(directory); !s.ok()) return s.error();
  if (Status s = files.sync_directory(task.data_dir); !s.ok()) return s.error();
  auto last = read_newest_manifest(files, directory, task.identity.incarnation);
  if (!last) return last.error();
  SnapshotTaken taken;
  Manifest newest = *last ? std::move(**last) : Manifest{};
  if (newest.journal.segment <= task.last_sealed) {
    Taking taking(files, task, std::move(newest), stopping);
    if (Status s = taking.write_images(); !s.ok()) {
      taking.discard();
      return s.error();
    }
    if (Status s = publish(files, task, taking); !s.ok()) return s.error();
    newest = taking.manifest();
    taken.bytes = taking.bytes();
  }
  taken.next_segment = newest.journal.segment;
  taken.archive = archive_index(newest);
  if (Status s = clean_up(files, task, newest); !s.ok()) return s.error();
  return taken;
}

std::size_t segments_to_remove(const std::vector<CoveredSegment>& covered,
                               const SnapshotOptions& options, Time now) {
  std::uint64_t kept = 0;
  std::size_t first_kept = covered.size();
  while (first_kept > 0 && kept + covered[first_kept - 1].bytes <= options.retain_bytes) {
    if (options.retain_seconds.count() > 0 &&
        covered[first_kept - 1].until + options.retain_seconds < now) {
      break;
    }
    kept += covered[--first_kept].bytes;
  }
  return first_kept;
}

}  // namespace doorbuster::embedded
