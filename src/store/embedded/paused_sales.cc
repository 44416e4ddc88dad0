#include "store/embedded/paused_sales.h"

#include <algorithm>
#include <vector>

#include "sale/apply.h"
#include "sale/decide.h"
#include "sale/event_codec.h"

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kGroupBytes = std::size_t{128} << 10;

// Gathers events into groups.
class Groups {
 public:
  Groups(SegmentsWriter& writer, const JournalEnd& end, Time now) : writer_(writer) {
    header_.segment = end.segment + 1;
    header_.group = end.next_group;
    header_.first_position = end.next_position;
    header_.written_at = now;
    header_.previous_hash = end.previous_hash;
  }

  Status add(const sale::Event& event) {
    event_bytes_.clear();
    sale::encode(event, event_bytes_);
    append_record(payload_, event.sale, event_bytes_);
    ++header_.events;
    return payload_.size() < kGroupBytes ? ok_status() : write(0);
  }

  Status write(std::uint32_t flags) {
    header_.durable_group = header_.group - 1;
    header_.flags = flags;
    header_.payload_bytes = static_cast<std::uint32_t>(payload_.size());
    if (Status s = writer_.add(header_, std::as_bytes(std::span(payload_))); !s.ok()) return s;
    ++header_.group;
    header_.first_position += header_.events;
    header_.events = 0;
    payload_.clear();
    return ok_status();
  }

  const GroupHeader& next() const { return header_; }

 private:
  SegmentsWriter& writer_;
  GroupHeader header_;
  std::string payload_;
  std::string event_bytes_;
};

Status apply_and_add(sale::Catalog& catalog, const sale::Event& event, Groups& groups) {
  Status added = groups.add(event);
  sale::apply(catalog, event);
  return added;
}

}  // namespace

Result<Paused> write_paused(SegmentsWriter& writer, const JournalEnd& end, sale::Catalog& catalog,
                            Time now) {
  Paused paused{0, end.next_group - 1, end.next_position - 1};
  if (catalog.size() == 0) return paused;
  now = std::max(now, end.time);
  catalog.grant_grace(kNever);
  Groups groups(writer, end, now);
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    const sale::SaleState& sale = catalog[{i}];
    while (const auto due = sale::next_due(sale, now)) {
      if (Status s = apply_and_add(catalog, *due, groups); !s.ok()) return s.error();
    }
    std::vector<sale::Event> events;
    const auto change = sale::decide(
        sale, sale::SteerSale{sale::Slug(sale.definition().slug), sale::SaleAction::pause}, now,
        events);
    if (change == sale::SaleChange::done) ++paused.sales;
    for (const sale::Event& event : events) {
      if (Status s = apply_and_add(catalog, event, groups); !s.ok()) return s.error();
    }
  }
  if (Status s = groups.write(kCleanStop); !s.ok()) return s.error();
  paused.groups = groups.next().group - 1;
  paused.events = groups.next().first_position - 1;
  return paused;
}

}  // namespace doorbuster::embedded
