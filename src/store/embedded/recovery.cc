#include "store/embedded/recovery.h"

#include <map>

#include "sale/apply.h"
#include "sale/event_codec.h"
#include "sale/invariants.h"
#include "store/embedded/journal_writer.h"

namespace doorbuster::embedded {
namespace {

class Fold final : public GroupVisitor {
 public:
  explicit Fold(Recovered& into) : into_(into) {}

  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) override {
    std::uint32_t count = 0;
    while (!payload.empty()) {
      const auto record = take_record(payload);
      if (!record) return damaged(header.first_position + count, "the bytes are no record");
      const auto event = sale::decode(record->sale, record->event_bytes);
      if (!event) return at(header.first_position + count, event.error());
      if (Status s = sale::can_apply(into_.catalog, *event); !s.ok()) {
        return at(header.first_position + count,
                  {s.error().code, place(*event) + ": " + s.error().message});
      }
      sale::apply(into_.catalog, *event);
      ++count;
    }
    if (count != header.events) {
      return damaged(header.first_position, "the group does not hold as many events as it says");
    }
    into_.events += count;
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
  static Status at(std::uint64_t position, const Error& error) {
    return Error{error.code, "event " + std::to_string(position) + ": " + error.message};
  }
  static Status damaged(std::uint64_t position, const std::string& what) {
    return at(position, {ErrorCode::data_damaged, what});
  }
  std::string place(const sale::Event& event) const {
    const bool known = event.sale.value < into_.catalog.size();
    return "sale " +
           (known ? into_.catalog[event.sale].definition().slug
                  : "number " + std::to_string(event.sale.value)) +
           ", sequence " + std::to_string(event.sequence.value);
  }

  Recovered& into_;
};

Result<Recovered> fold(FileSystem& files, const std::string& data_dir,
                       const StoreIdentity& identity) {
  Recovered recovered{identity, sale::Catalog(identity.buyer_hash_key), {}, 0};
  Fold visitor(recovered);
  auto end = read_journal(files, journal_path(data_dir), identity.incarnation, visitor);
  if (!end) return end.error();
  recovered.end = *end;
  for (std::uint32_t i = 0; i < recovered.catalog.size(); ++i) {
    if (Status s = sale::check_state(recovered.catalog[{i}]); !s.ok()) return s.error();
  }
  return recovered;
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

Result<Recovered> read_store(FileSystem& files, const std::string& data_dir) {
  const auto identity = read_identity(files, data_dir);
  if (!identity) return identity.error();
  return fold(files, data_dir, *identity);
}

Result<Recovered> recover_store(FileSystem& files, const std::string& data_dir,
                                const RandomSource& random) {
  const std::string journal = journal_path(data_dir);
  if (Status s = files.create_directory(journal); !s.ok()) return s.error();
  if (Status s = files.sync_directory(data_dir); !s.ok()) return s.error();
  auto identity = read_identity(files, data_dir);
  if (!identity) {
    if (identity.error().code != ErrorCode::not_found) return identity.error();
    if (Status s = refuse_orphans(files, data_dir); !s.ok()) return s.error();
    identity = make_identity(random);
    if (Status s = write_identity(files, data_dir, *identity); !s.ok()) return s.error();
  }
  auto recovered = fold(files, data_dir, *identity);
  if (!recovered) return recovered;
  if (Status s = mend_tail(files, journal, recovered->end); !s.ok()) return s.error();
  return recovered;
}

}  // namespace doorbuster::embedded
