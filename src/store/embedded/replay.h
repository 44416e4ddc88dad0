// Applies events as they come from the journal, some at a time: while one is applied, what the next
// ones will look for is on its way into the processor's cache. With ten million buyers that halves
// the time.
//
// Thread: whoever holds it. Owns: the events at hand; they are views of the bytes they came from,
// so flush() comes before those go.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "sale/catalog.h"
#include "sale/event.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

class Replay {
 public:
  // Brings back the claims of a sale that is archived, and something happens to all the same.
  using BringBack = std::function<Status(const sale::SaleState&)>;

  Replay(sale::Catalog& catalog, BringBack bring_back)
      : catalog_(catalog), bring_back_(std::move(bring_back)) {}

  // Takes the event that stands at this position of the journal. data_damaged or unsupported, with
  // the position, and with sale and sequence where they are known, for it or for one before it.
  Status add(std::uint64_t position, const Record& record);
  // Applies what is left.
  Status flush();

 private:
  static constexpr std::size_t kAtOnce = 32;

  Status apply(std::uint64_t position, const sale::Event& event);
  std::string place(const sale::Event& event) const;

  sale::Catalog& catalog_;
  BringBack bring_back_;
  std::array<sale::Event, kAtOnce> events_;
  std::array<std::uint64_t, kAtOnce> positions_{};
  std::size_t count_ = 0;
};

// "event 17: what".
Error at_event(std::uint64_t position, const Error& error);

}  // namespace doorbuster::embedded
