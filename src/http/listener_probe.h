// What a listener tells of its connections, in cells for others to look at.
//
// Thread: the I/O thread of its loop; reading is for any. Owns: the cells.
#pragma once

#include "metrics/cells.h"

namespace doorbuster::http {

struct ListenerProbe {
  // `served`: how many there now are, without those that are open only to be told that they are too
  // many.
  void connection_opened(std::size_t served) {
    accepted.add();
    connections.set(served);
  }
  void connection_closed(std::size_t served) { connections.set(served); }
  // One too many: told so, or, where too many are being told, closed without a word.
  void connection_refused() { refused.add(); }
  void connection_dropped() { dropped.add(); }
  // No descriptor, or no memory, for what waits to be accepted.
  void accepting_paused() { pauses.add(); }

  metrics::Counter accepted;
  metrics::Gauge connections;
  metrics::Counter refused;
  metrics::Counter dropped;
  metrics::Counter pauses;
};

}  // namespace doorbuster::http
