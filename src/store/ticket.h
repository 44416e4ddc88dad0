// A command on its way through an engine, and where its reply goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

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
  Ticket ticket;
  Reply reply;
};

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
