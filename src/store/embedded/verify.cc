#include "store/embedded/verify.h"

#include <algorithm>
#include <map>

#include "sale/event_codec.h"
#include "sale/invariants.h"
#include "store/embedded/recovery.h"
#include "store/embedded/snapshot_manifest.h"

namespace doorbuster::embedded {
namespace {

// A server beside it may take snapshots and remove what they cover: reading begins again then.
constexpr int kAttempts = 5;

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
    const auto whole = read_whole_journal(files, data_dir, store.end.next_group);
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

Result<VerifyReport> verify_once(FileSystem& files, const std::string& data_dir) {
  const auto store = read_store(files, data_dir);
  if (!store) return store.error();
  const auto first = first_segment(files, data_dir);
  if (!first) return first.error();
  if (*first && **first < store->first_segment) {
    if (Status s = check_covered(files, data_dir, *store, **first); !s.ok()) return s.error();
  }
  VerifyReport report;
  report.incarnation = to_hex(store->identity.incarnation);
  report.segments = store->end.segment == 0 ? 0 : store->end.segment - first->value_or(1) + 1;
  report.groups = store->end.next_group - 1;
  report.events = store->end.next_position - 1;
  report.images = store->images;
  report.digest = sale::digest(store->catalog);
  report.clean_stop = store->end.clean_stop;
  report.torn_bytes =
      store->end.torn_end > store->end.offset ? store->end.torn_end - store->end.offset : 0;
  for (std::uint32_t i = 0; i < store->catalog.size(); ++i) {
    const sale::SaleState& sale = store->catalog[{i}];
    if (Status s = sale::check_claims(sale); !s.ok()) return s.error();
    const sale::Totals& totals = sale.totals();
    report.sales.push_back({sale.definition().slug, sale.sequence().value, totals.stock,
                            totals.available, totals.held, totals.confirmed, totals.burned,
                            sale.claims().size()});
  }
  return report;
}

// The names of everything that a snapshot may take away.
std::vector<std::string> names_there(FileSystem& files, const std::string& data_dir) {
  std::vector<std::string> all;
  for (const std::string& directory : {snapshots_path(data_dir), journal_path(data_dir)}) {
    const auto names = files.list(directory);
    if (names) all.insert(all.end(), names->begin(), names->end());
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace

Result<VerifyReport> verify_directory(FileSystem& files, const std::string& data_dir) {
  for (int attempt = 1;; ++attempt) {
    const auto before = names_there(files, data_dir);
    auto report = verify_once(files, data_dir);
    const auto after = names_there(files, data_dir);
    const bool something_went = !std::ranges::includes(after, before);
    if (report.ok() || attempt == kAttempts || !something_went) return report;
  }
}

}  // namespace doorbuster::embedded
