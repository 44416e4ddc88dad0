#include "store/embedded/recovery.h"

#include <algorithm>
#include <limits>
#include <map>

#include "sale/event_codec.h"
#include "sale/invariants.h"
#include "store/embedded/journal_writer.h"
#include "store/embedded/replay.h"
#include "store/embedded/snapshot_images.h"

namespace doorbuster::embedded {
namespace {

class Fold final : public GroupVisitor {
 public:
  // Groups from `end` on are read and not applied.
  Fold(Recovered& into, ImagesReader images,
       std::uint64_t end = std::numeric_limits<std::uint64_t>::max())
      : into_(into),
        images_(std::move(images)),
        replay_(into.catalog, [this](const sale::SaleState& sale) { return bring_back(sale); }),
        end_(end) {}

  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) override {
    if (header.group >= end_) return ok_status();
    std::uint32_t count = 0;
    for (; !payload.empty(); ++count) {
      const std::uint64_t position = header.first_position + count;
      const auto record = take_record(payload);
      if (!record) return damaged(position, "the bytes are no record");
      if (Status s = replay_.add(position, *record); !s.ok()) return s;
    }
    if (Status s = replay_.flush(); !s.ok()) return s;
    if (count != header.events) {
      return damaged(header.first_position, "the group does not hold as many events as it says");
    }
    return ok_status();
  }

  // Goes through the records as far as they make sense, and names the first that does not, or else
  // all.
  std::string describe(std::span<const std::byte> payload) override {
    struct Range {
      std::string slug;
      std::uint64_t first = 0;
      std::uint64_t last = 0;
    };
    std::map<std::uint32_t, Range> ranges;  // by sale
    const std::uint32_t sales = into_.catalog.size();
    while (const auto record = take_record(payload)) {
      const auto event = sale::decode(record->sale, record->event_bytes);
      const std::uint32_t ordinal = record->sale.value;
      const bool known = ordinal < sales;
      if (!known && !ranges.contains(ordinal) && ordinal > sales + ranges.size()) break;
      auto [found, is_new] = ranges.try_emplace(ordinal);
      Range& range = found->second;
      if (is_new) {
        range.slug = known ? into_.catalog[{ordinal}].definition().slug : slug_of(event, ordinal);
        range.last = known ? into_.catalog[{ordinal}].sequence().value : 0;
        range.first = range.last + 1;
      }
      if (!event.ok() || event->sequence.value != range.last + 1) {
        return "sale " + range.slug + ", sequence " + std::to_string(range.last + 1);
      }
      ++range.last;
    }
    if (ranges.empty()) return "its events cannot be read; before it, " + last_sequences();
    std::string words;
    for (const auto& [ordinal, range] : ranges) {
      words += (words.empty() ? "sale " : "; sale ") + range.slug + ", sequence " +
               std::to_string(range.first) + " to " + std::to_string(range.last);
    }
    return words;
  }

 private:
  Status bring_back(const sale::SaleState& sale) {
    auto whole = images_.read(image_of(*into_.archive, sale));
    if (!whole) return whole.error();
    sale::replace_sale(into_.catalog, std::move(*whole));
    return ok_status();
  }
  // Where the newest sales stood before a group that says nothing of itself.
  std::string last_sequences() const {
    constexpr std::uint32_t kMost = 3;
    const std::uint32_t sales = into_.catalog.size();
    if (sales == 0) return "there was no sale, and no sequence";
    std::string words;
    for (std::uint32_t i = sales > kMost ? sales - kMost : 0; i < sales; ++i) {
      const sale::SaleState& sale = into_.catalog[{i}];
      words += (words.empty() ? "sale " : "; sale ") + sale.definition().slug +
               " ended at sequence " + std::to_string(sale.sequence().value);
    }
    return words;
  }
  // What a sale that the group itself creates is called.
  static std::string slug_of(const Result<sale::Event>& event, std::uint32_t ordinal) {
    if (event.ok()) {
      if (const auto* created = std::get_if<sale::SaleCreated>(&event->body)) {
        return created->definition->slug;
      }
    }
    return "number " + std::to_string(ordinal);
  }
  static Status damaged(std::uint64_t position, const std::string& what) {
    return at_event(position, {ErrorCode::data_damaged, what});
  }

  Recovered& into_;
  ImagesReader images_;
  Replay replay_;
  std::uint64_t end_;
};

std::shared_ptr<const ArchiveIndex> nothing_archived() {
  return std::make_shared<const ArchiveIndex>();
}

enum class ArchivedSales : std::uint8_t { whole, left };

// Puts the images of a snapshot into the catalog.
Status load_images(FileSystem& files, const std::string& data_dir, const Manifest& manifest,
                   ArchivedSales archived, Recovered& into) {
  ImagesReader reader(files, snapshots_path(data_dir), into.identity);
  // Who wants all of an archived sale looks at what a start takes of it, too.
  const auto read = [&](const StoredImage& image) {
    if (!image.archived()) return reader.read(image);
    auto left = reader.read_archived(image);
    const bool is_enough = image.file == 0 || archived == ArchivedSales::left;
    return !left || is_enough ? std::move(left) : reader.read(image);
  };
  for (const StoredImage& image : manifest.images) {
    if (image.sale.value != into.catalog.size()) {
      return Error{ErrorCode::data_damaged,
                   manifest_path(snapshots_path(data_dir), manifest.journal.next_group) +
                       " names no image of sale number " + std::to_string(into.catalog.size())};
    }
    auto sale = read(image);
    if (!sale) return sale.error();
    if (Status s = sale::put_sale(into.catalog, std::move(*sale)); !s.ok()) return s;
  }
  return ok_status();
}

// The journal went at least as far when the snapshot was taken.
Status check_end(const std::string& data_dir, const Manifest& manifest, const JournalEnd& end) {
  if (end.next_group > manifest.durable_group) return ok_status();
  return Error{ErrorCode::data_damaged,
               journal_path(data_dir) + "/" + segment_name(end.segment) + ", offset " +
                   std::to_string(end.offset) + ": group " + std::to_string(end.next_group) +
                   " is damaged; the snapshot says that the journal was durable up to group " +
                   std::to_string(manifest.durable_group)};
}

// Whether what was read can be served.
Status check_sales(const sale::Catalog& catalog) {
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    if (Status s = sale::check_state(catalog[{i}]); !s.ok()) return s;
  }
  return ok_status();
}

Result<Recovered> fold(FileSystem& files, const std::string& data_dir,
                       const StoreIdentity& identity, ArchivedSales archived) {
  const auto manifest = read_newest_manifest(files, snapshots_path(data_dir), identity.incarnation);
  if (!manifest) return manifest.error();
  Recovered recovered{identity,          sale::Catalog(identity.buyer_hash_key), {}, 1, 0,
                      nothing_archived()};
  JournalPlace place{journal_path(data_dir), identity.incarnation, {}};
  if (*manifest) {
    if (Status s = load_images(files, data_dir, **manifest, archived, recovered); !s.ok()) {
      return s.error();
    }
    place.start = (*manifest)->journal;
    recovered.first_segment = place.start.segment;
    recovered.images = (*manifest)->images.size();
    recovered.archive = archive_index(**manifest);
  }
  Fold visitor(recovered, {files, snapshots_path(data_dir), identity});
  auto end = read_journal(files, place, visitor);
  if (!end) return end.error();
  recovered.end = *end;
  if (*manifest) {
    if (Status s = check_end(data_dir, **manifest, *end); !s.ok()) return s.error();
  }
  if (Status s = check_sales(recovered.catalog); !s.ok()) return s.error();
  return recovered;
}

// Going on with a backup would leave its store and this one with one name for two histories; and of
// what was being restored a part may be missing.
Status refuse_what_is_no_store(FileSystem& files, const std::string& data_dir) {
  const auto names = files.list(data_dir);
  if (!names) return names.error();
  if (std::ranges::binary_search(*names, kBackupName)) {
    return Error{ErrorCode::invalid_argument,
                 data_dir + " is a backup: doorbuster restore makes a data directory of it"};
  }
  if (!std::ranges::binary_search(*names, kUnfinishedName)) return ok_status();
  return Error{ErrorCode::invalid_argument,
               data_dir + " is unfinished: restoring or repairing to here did not come to its " +
                   "end; remove it, and do that again"};
}

// A directory that holds segments but no identity has lost it: nothing may be made anew there.
Status refuse_orphans(FileSystem& files, const std::string& data_dir) {
  const auto names = files.list(journal_path(data_dir));
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (segment_number(name)) {
      return Error{ErrorCode::data_damaged,
                   identity_path(data_dir) + " is missing, but there is a journal"};
    }
  }
  return ok_status();
}

}  // namespace

Status make_data_directory(FileSystem& files, const std::string& data_dir) {
  if (Status s = files.create_directory(data_dir); !s.ok()) return s;
  const std::string path = data_dir.substr(0, data_dir.find_last_not_of('/') + 1);
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return files.sync_directory(".");
  return files.sync_directory(slash == 0 ? "/" : path.substr(0, slash));
}

Result<Recovered> read_store(FileSystem& files, const std::string& data_dir,
                             const StoreIdentity& identity) {
  return fold(files, data_dir, identity, ArchivedSales::whole);
}

Result<Recovered> read_whole_journal(FileSystem& files, const std::string& data_dir,
                                     const StoreIdentity& identity, std::uint64_t end) {
  Recovered recovered{identity,          sale::Catalog(identity.buyer_hash_key), {}, 1, 0,
                      nothing_archived()};
  Fold visitor(recovered, {files, snapshots_path(data_dir), identity}, end);
  const auto read =
      read_journal(files, {journal_path(data_dir), identity.incarnation, {}}, visitor);
  if (!read) return read.error();
  recovered.end = *read;
  if (Status s = check_sales(recovered.catalog); !s.ok()) return s.error();
  return recovered;
}

Result<Recovered> recover_store(FileSystem& files, const std::string& data_dir,
                                const RandomSource& random) {
  const std::string journal = journal_path(data_dir);
  if (Status s = refuse_what_is_no_store(files, data_dir); !s.ok()) return s.error();
  if (Status s = files.create_directory(journal); !s.ok()) return s.error();
  if (Status s = files.sync_directory(data_dir); !s.ok()) return s.error();
  auto identity = read_identity(files, data_dir);
  if (!identity) {
    if (identity.error().code != ErrorCode::not_found) return identity.error();
    if (Status s = refuse_orphans(files, data_dir); !s.ok()) return s.error();
    identity = make_identity(random);
    if (Status s = write_identity(files, data_dir, *identity); !s.ok()) return s.error();
  }
  auto recovered = fold(files, data_dir, *identity, ArchivedSales::left);
  if (!recovered) return recovered;
  if (Status s = mend_tail(files, journal, recovered->end); !s.ok()) return s.error();
  return recovered;
}

}  // namespace doorbuster::embedded
