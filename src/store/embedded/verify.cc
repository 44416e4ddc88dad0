#include "store/embedded/verify.h"

#include <map>

#include "sale/event_codec.h"
#include "sale/invariants.h"
#include "store/embedded/backup.h"
#include "store/embedded/frozen_store.h"
#include "store/embedded/recovery.h"
#include "store/embedded/snapshot_manifest.h"

namespace doorbuster::embedded {
namespace {

// Events of segments that a snapshot covers: each must be whole, and follow the one before it.
class CoveredEvents final : public GroupVisitor {
 public:
  explicit CoveredEvents(const sale::Catalog& catalog) : catalog_(catalog) {}

  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) override {
    std::uint64_t position = header.first_position;
    for (; !payload.empty(); ++position) {
      const auto record = take_record(payload);
      if (!record) return at(position, "the bytes are no record");
      const auto event = sale::decode(record->sale, record->event_bytes);
      if (!event) return at(position, event.error().message);
      const auto [last, is_first] = last_.try_emplace(record->sale.value, event->sequence);
      if (!is_first && event->sequence != last->second.next()) {
        return at(position, next_of(record->sale) + " is missing");
      }
      last->second = event->sequence;
    }
    return ok_status();
  }

  std::string describe(std::span<const std::byte> payload) override {
    const auto record = take_record(payload);
    if (!record || record->sale.value >= catalog_.size()) return "its events cannot be read";
    return next_of(record->sale) + " and others";
  }

 private:
  std::string next_of(sale::SaleOrdinal sale) const {
    const auto last = last_.find(sale.value);
    return "sale " + catalog_[sale].definition().slug + ", sequence " +
           (last == last_.end() ? "unknown" : std::to_string(last->second.value + 1));
  }
  static Status at(std::uint64_t position, const std::string& what) {
    return Error{ErrorCode::data_damaged, "event " + std::to_string(position) + ": " + what};
  }

  const sale::Catalog& catalog_;
  std::map<std::uint32_t, sale::Sequence> last_;  // by sale
};

// The lowest segment there is; nothing when there is none.
Result<std::optional<std::uint64_t>> first_segment(FileSystem& files, const std::string& data_dir) {
  const auto names = files.list(journal_path(data_dir));
  if (!names) return names.error();
  std::optional<std::uint64_t> first;
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (number && (!first || *number < *first)) first = number;
  }
  return first;
}

// The segments that are kept although a snapshot covers them. When none is missing they must fold
// to what the images hold (S11).
Status check_covered(FileSystem& files, const std::string& data_dir, const Recovered& store,
                     std::uint64_t first) {
  if (first == 1) {
    const auto whole = read_whole_journal(files, data_dir, store.identity, store.end.next_group);
    if (!whole) return whole.error();
    if (sale::digest(whole->catalog) == sale::digest(store.catalog)) return ok_status();
    return Error{ErrorCode::data_damaged, snapshots_path(data_dir) +
                                              ": the images and the journal behind them are not " +
                                              "what the whole journal folds to"};
  }
  const std::string directory = journal_path(data_dir);
  const auto start = read_start(files, directory, store.identity.incarnation, first);
  if (!start) return start.error();
  CoveredEvents visitor(store.catalog);
  const auto end = read_sealed(files, {directory, store.identity.incarnation, *start},
                               store.first_segment - 1, visitor);
  if (!end) return end.error();
  return ok_status();
}

// Whose data it is, and what a backup says of itself.
struct Label {
  StoreIdentity identity;
  std::optional<Backup> backup;
};

Result<Label> read_label(FileSystem& files, const std::string& data_dir) {
  auto identity = read_identity(files, data_dir);
  if (identity) return Label{std::move(*identity), {}};
  if (identity.error().code != ErrorCode::not_found) return identity.error();
  auto backup = read_backup(files, data_dir);
  if (backup) return Label{backup->identity, std::move(*backup)};
  return backup.error().code == ErrorCode::not_found ? identity.error() : backup.error();
}

Result<VerifyReport> report_on(const Recovered& store) {
  VerifyReport report;
  report.incarnation = to_hex(store.identity.incarnation);
  report.groups = store.end.next_group - 1;
  report.events = store.end.next_position - 1;
  report.images = store.images;
  report.digest = sale::digest(store.catalog);
  report.clean_stop = store.end.clean_stop;
  for (std::uint32_t i = 0; i < store.catalog.size(); ++i) {
    const sale::SaleState& sale = store.catalog[{i}];
    if (Status s = sale::check_claims(sale); !s.ok()) return s.error();
    const sale::Totals& totals = sale.totals();
    report.sales.push_back({sale.definition().slug, sale.sequence().value, totals.stock,
                            totals.available, totals.held, totals.confirmed, totals.burned,
                            sale.claims().size()});
  }
  return report;
}

}  // namespace

Result<VerifyReport> verify_directory(FileSystem& files, const std::string& data_dir) {
  const auto label = read_label(files, data_dir);
  if (!label) return label.error();
  const auto frozen = FrozenStore::freeze(files, data_dir, label->identity);
  if (!frozen) return frozen.error();
  const auto store = read_store(**frozen, data_dir, label->identity);
  if (!store) return store.error();
  if (label->backup) {
    if (Status s = check_complete(files, data_dir, *label->backup, *store); !s.ok()) {
      return s.error();
    }
  }
  const auto first = first_segment(**frozen, data_dir);
  if (!first) return first.error();
  if (*first && **first < store->first_segment) {
    if (Status s = check_covered(**frozen, data_dir, *store, **first); !s.ok()) return s.error();
  }
  auto report = report_on(*store);
  if (!report) return report.error();
  report->segments = store->end.segment == 0 ? 0 : store->end.segment - first->value_or(1) + 1;
  report->torn_bytes = (*frozen)->torn_bytes();
  report->clean_stop = report->clean_stop && report->torn_bytes == 0;
  if (label->backup) report->backup_taken_at = label->backup->taken_at;
  return report;
}

}  // namespace doorbuster::embedded
