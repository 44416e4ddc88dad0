// A command on its way through an engine, and where its reply goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "store/claim_store.h"

namespace doorbuster::store {

using Instant = std::chrono::steady_clock::time_point;

struct Ticket {
  std::uint32_t port = 0;
  ReplySink* sink = nullptr;
  std::uint64_t context = 0;
  Instant received{};  // what was handed over together has the same
};

struct Released {
  Released(const Ticket& its_ticket, Reply&& its_reply)
      : ticket(its_ticket), reply(std::move(its_reply)) {}

  Ticket ticket;
  Reply reply;
};

// Moves all of `from` behind what is in `to`.
template <typename Item>
void move_all(std::vector<Item>& from, std::vector<Item>& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from.clear();
}

// When a turn began: at the first thing that it has to do.
class TurnBegin {
 public:
  Instant begun() {
    if (begun_ == Instant{}) begun_ = std::chrono::steady_clock::now();
    return begun_;
  }
  void end() { begun_ = {}; }

 private:
  Instant begun_{};
};

}  // namespace doorbuster::store
