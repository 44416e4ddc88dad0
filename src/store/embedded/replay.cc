#include "store/embedded/replay.h"

#include "sale/apply.h"
#include "sale/event_codec.h"

namespace doorbuster::embedded {

Error at_event(std::uint64_t position, const Error& error) {
  return {error.code, "event " + std::to_string(position) + ": " + error.message};
}

Status Replay::add(std::uint64_t position, const Record& record) {
  auto event = sale::decode(record.sale, record.event_bytes);
  if (!event) return at_event(position, event.error());
  sale::expect(catalog_, *event);
  events_[count_] = std::move(*event);
  positions_[count_] = position;
  if (++count_ == kAtOnce) return flush();
  return ok_status();
}

Status Replay::flush() {
  for (std::size_t i = 0; i < count_; ++i) {
    if (Status s = apply(positions_[i], events_[i]); !s.ok()) return s;
  }
  count_ = 0;
  return ok_status();
}

Status Replay::apply(std::uint64_t position, const sale::Event& event) {
  if (event.sale.value < catalog_.size() && catalog_[event.sale].archived() &&
      !std::holds_alternative<sale::SaleDeleted>(event.body)) {
    if (Status s = bring_back_(catalog_[event.sale]); !s.ok()) {
      return at_event(position, {s.error().code, place(event) + ": " + s.error().message});
    }
  }
  if (Status s = sale::can_apply(catalog_, event); !s.ok()) {
    return at_event(position, {s.error().code, place(event) + ": " + s.error().message});
  }
  sale::apply(catalog_, event);
  return ok_status();
}

std::string Replay::place(const sale::Event& event) const {
  const bool known = event.sale.value < catalog_.size();
  return "sale " +
         (known ? catalog_[event.sale].definition().slug
                : "number " + std::to_string(event.sale.value)) +
         ", sequence " + std::to_string(event.sequence.value);
}

}  // namespace doorbuster::embedded
