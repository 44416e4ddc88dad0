#include "store/embedded/repair.h"

#include <map>
#include <memory>

#include "sale/apply.h"
#include "sale/event_codec.h"
#include "sale/invariants.h"
#include "store/embedded/lenient_reader.h"
#include "store/embedded/paused_sales.h"
#include "store/embedded/snapshot_images.h"
#include "store/embedded/store_copy.h"

namespace doorbuster::embedded {
namespace {

// Created by one group, and lost with it.
constexpr std::uint32_t kMostLostSales = 1'000'000;

// Applies each sale's events up to the first that does not follow.
class Salvage final : public GroupVisitor {
 public:
  explicit Salvage(const HashKey& buyer_hash_key) : catalog_(buyer_hash_key) {}

  sale::Catalog& catalog() { return catalog_; }

  // The image of this sale, the next one, cannot be read.
  void lose(const StoredImage& image) {
    put_placeholder();
    DroppedSale& lost = dropped_[image.sale.value];
    lost.slug = image.slug;
    lost.last_sequence = image.sequence.value;
  }

  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) override {
    for (std::uint64_t position = header.first_position; !payload.empty(); ++position) {
      const auto record = take_record(payload);
      if (!record) return at_event(position, "the bytes are no record");
      const auto event = sale::decode(record->sale, record->event_bytes);
      if (!event) return at_event(position, event.error().message);
      if (event->sale.value > catalog_.size() + kMostLostSales) {
        return at_event(position, "there were not so many sales");
      }
      take(*event);
    }
    return ok_status();
  }
  std::string describe(std::span<const std::byte>) override { return {}; }

  std::vector<DroppedSale> dropped() const {
    std::vector<DroppedSale> all;
    for (const auto& [sale, one] : dropped_) all.push_back(one);
    return all;
  }

 private:
  static Error at_event(std::uint64_t position, const std::string& what) {
    return {ErrorCode::data_damaged, "event " + std::to_string(position) + ": " + what};
  }

  void take(const sale::Event& event) {
    const std::uint32_t ordinal = event.sale.value;
    if (!dropped_.contains(ordinal)) {
      if (ordinal < catalog_.size() && event.sequence <= catalog_[event.sale].sequence()) return;
      if (ordinal >= catalog_.size()) fill_up_to(ordinal);
      if (sale::can_apply(catalog_, event).ok()) return sale::apply(catalog_, event);
    }
    DroppedSale& sale = cut(ordinal);
    sale.last_sequence = std::max(sale.last_sequence, event.sequence.value);
    ++sale.readable_events;
    if (const auto* granted = std::get_if<sale::ClaimGranted>(&event.body)) {
      ++sale.claims;
      sale.units += granted->units.count();
    }
  }

  // Nothing more of this sale is kept.
  DroppedSale& cut(std::uint32_t ordinal) {
    const auto [found, is_new] = dropped_.try_emplace(ordinal);
    if (!is_new) return found->second;
    fill_up_to(ordinal);
    if (ordinal == catalog_.size()) put_placeholder();
    const sale::SaleState& sale = catalog_[{ordinal}];
    found->second.slug = sale.definition().slug;
    const bool is_lost = placeholders_.contains(ordinal);
    found->second.kept_sequence = is_lost ? 0 : sale.sequence().value;
    return found->second;
  }

  // Sales of which nothing is left have been before this one.
  void fill_up_to(std::uint32_t ordinal) {
    while (catalog_.size() < ordinal) {
      const std::uint32_t lost = catalog_.size();
      put_placeholder();
      dropped_[lost].slug = catalog_[{lost}].definition().slug;
    }
  }

  // Numbers of sales are parts of claims' ids: where one is lost, a deleted one takes its place.
  void put_placeholder() {
    const sale::SaleOrdinal ordinal{catalog_.size()};
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "lost-" + std::to_string(ordinal.value);
    while (catalog_.find_ever(definition->slug) != nullptr) definition->slug += "-";
    definition->stock = 1;
    sale::apply(catalog_, {ordinal, {1}, Time{}, sale::SaleCreated{definition}});
    sale::apply(catalog_, {ordinal, {2}, Time{}, sale::SaleDeleted{}});
    placeholders_[ordinal.value] = true;
  }

  sale::Catalog catalog_;
  std::map<std::uint32_t, DroppedSale> dropped_;  // by sale
  std::map<std::uint32_t, bool> placeholders_;
};

// Where the journal is to be read from, with the images before that in the catalog.
struct Base {
  std::unique_ptr<Salvage> salvage;
  JournalStart start;
  std::uint64_t durable_group = 0;
  std::vector<std::string> damages;
  bool lacks_images = false;
};

Base from_the_beginning(const StoreIdentity& identity) {
  return {std::make_unique<Salvage>(identity.buyer_hash_key), {}, 0, {}, false};
}

Base from_snapshot(FileSystem& files, const std::string& data_dir, const StoreIdentity& identity,
                   const Manifest& manifest) {
  Base base = from_the_beginning(identity);
  base.start = manifest.journal;
  base.durable_group = manifest.durable_group;
  ImagesReader reader(files, snapshots_path(data_dir), identity);
  for (const StoredImage& image : manifest.images) {
    auto sale = image.file == 0 ? reader.read_archived(image) : reader.read(image);
    Status put = sale ? sale::check_claims(**sale) : Status(sale.error());
    if (put.ok()) put = sale::put_sale(base.salvage->catalog(), std::move(*sale));
    if (put.ok()) continue;
    base.damages.push_back(put.error().message);
    base.salvage->lose(image);
    base.lacks_images = true;
  }
  return base;
}

Result<bool> has_first_segment(FileSystem& files, const std::string& data_dir) {
  const auto file = files.open(journal_path(data_dir) + "/" + segment_name(1), OpenMode::read);
  if (file) return true;
  if (file.error().code == ErrorCode::not_found) return false;
  return file.error();
}

// The snapshot if it is whole; else the whole journal if that is there; else what is left of the
// snapshot.
Result<Base> find_base(FileSystem& files, const std::string& data_dir,
                       const StoreIdentity& identity) {
  const auto manifest = read_newest_manifest(files, snapshots_path(data_dir), identity.incarnation);
  if (!manifest && manifest.error().code != ErrorCode::data_damaged) return manifest.error();
  if (manifest && !*manifest) return from_the_beginning(identity);
  std::vector<std::string> damages;
  if (manifest) {
    Base base = from_snapshot(files, data_dir, identity, **manifest);
    if (!base.lacks_images) return base;
    damages = base.damages;
  } else {
    damages.push_back(manifest.error().message);
  }
  const auto is_whole = has_first_segment(files, data_dir);
  if (!is_whole) return is_whole.error();
  if (*is_whole) {
    Base base = from_the_beginning(identity);
    base.damages = std::move(damages);
    if (manifest) base.durable_group = (*manifest)->durable_group;
    return base;
  }
  if (manifest) return from_snapshot(files, data_dir, identity, **manifest);
  return Error{ErrorCode::data_damaged, damages.front() + "; and the journal's beginning, which " +
                                            "would replace it, is not kept: only a backup helps"};
}

Result<Manifest> write_images(FileSystem& files, const std::string& data_dir,
                              const StoreIdentity& identity, const sale::Catalog& catalog,
                              const JournalEnd& end) {
  const std::string directory = snapshots_path(data_dir);
  if (Status s = files.create_directory(directory); !s.ok()) return s.error();
  Manifest manifest;
  manifest.journal = {end.segment + 1, end.next_group, end.next_position, end.previous_hash,
                      end.time};
  manifest.durable_group = end.next_group - 1;
  ImagesWriter writer(files, directory, manifest.next_file++);
  if (Status s = writer.open(identity.incarnation); !s.ok()) return s.error();
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    const sale::SaleState& sale = catalog[{i}];
    if (sale.deleted()) {
      manifest.images.push_back(
          {{i}, sale.definition().slug, sale.sequence(), 0, {}, kNever, sale::head_of(sale)});
      continue;
    }
    auto image = writer.add(sale);
    if (!image) return image.error();
    manifest.images.push_back(std::move(*image));
  }
  if (Status s = writer.finish(); !s.ok()) return s.error();
  manifest.files[writer.number()] = writer.bytes();
  const std::string path = manifest_path(directory, manifest.journal.next_group);
  if (Status s = write_manifest(files, path, identity.incarnation, manifest); !s.ok()) {
    return s.error();
  }
  if (Status s = files.sync_directory(directory); !s.ok()) return s.error();
  return manifest;
}

// Where the repaired store begins, and what its new age is made of.
struct NewStore {
  const std::string& directory;
  const RandomSource& random;
  Time now;
};

// Puts what was kept into a new store.
Status write_repaired(FileSystem& files, const StorePlace& from, const NewStore& begun,
                      const LenientEnd& read, sale::Catalog& catalog, Repaired& repaired) {
  const std::string& to = begun.directory;
  if (Status s = begin_store(files, to); !s.ok()) return s;
  const auto lock = files.lock(lock_path(to));
  if (!lock) return lock.error();
  const std::uint64_t known = repaired.loses() ? 0 : read.next_position - 1;
  const StoreIdentity identity = make_next_identity(from.identity, known, catalog, begun.random);
  const std::string journal = journal_path(to);
  if (Status s = files.create_directory(journal); !s.ok()) return s;
  if (catalog.size() > 0) {
    JournalEnd end;
    end.segment = read.segment;
    end.next_group = read.next_group;
    end.next_position = read.next_position;
    end.time = read.time;
    const auto images = write_images(files, to, identity, catalog, end);
    if (!images) return images.error();
    SegmentsWriter writer(files, journal, identity.incarnation);
    const auto paused = write_paused(writer, end, catalog, begun.now);
    if (!paused) return paused.error();
    if (Status s = writer.finish(); !s.ok()) return s;
    repaired.paused_sales = paused->sales;
  }
  const StorePlace place{files, to, identity};
  if (Status s = copy_if_there(from, place, "keys.json"); !s.ok()) return s;
  if (Status s = files.sync_directory(to); !s.ok()) return s;
  if (Status s = finish_store(files, to, identity, sale::digest(catalog)); !s.ok()) return s;
  repaired.incarnation = to_hex(identity.incarnation);
  repaired.written = true;
  return ok_status();
}

}  // namespace

Result<Repaired> repair_store(FileSystem& files, const std::string& data_dir, const std::string& to,
                              const RepairOptions& options, const RandomSource& random, Time now) {
  const auto identity = read_identity(files, data_dir);
  if (!identity) return identity.error();
  const auto lock = files.lock(lock_path(data_dir));
  if (!lock) return lock.error();
  auto base = find_base(files, data_dir, *identity);
  if (!base) return base.error();
  Salvage& salvage = *base->salvage;
  const JournalPlace place{journal_path(data_dir), identity->incarnation, base->start};
  auto read = read_leniently(files, place, salvage);
  if (!read) return read.error();

  Repaired repaired;
  repaired.damages = std::move(base->damages);
  repaired.damages.insert(repaired.damages.end(), read->damages.begin(), read->damages.end());
  repaired.lost_events = read->lost_events;
  repaired.dropped = salvage.dropped();
  if (read->next_group <= base->durable_group) {
    repaired.damages.push_back("groups " + std::to_string(read->next_group) + " to " +
                               std::to_string(base->durable_group) +
                               " at the journal's end, which were durable, cannot be read");
    ++repaired.lost_events;  // one at least; how many, nobody knows
  }
  sale::Catalog& catalog = salvage.catalog();
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    if (!catalog[{i}].deleted()) ++repaired.sales;
    repaired.claims += catalog[{i}].granted();
  }
  if (repaired.loses() && !options.drop_acknowledged) return repaired;
  const StorePlace from{files, data_dir, *identity};
  if (Status s = write_repaired(files, from, {to, random, now}, *read, catalog, repaired);
      !s.ok()) {
    return s.error();
  }
  return repaired;
}

}  // namespace doorbuster::embedded
