// How a run is going, on stderr: a bar that is written over on a terminal, elsewhere a line every
// five seconds.
//
// Thread: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "cli/bench/tally.h"

namespace doorbuster::bench {

// One line about a run: `share` of it is over (0 to 1), `left` is what the sale had to offer.
std::string progress_line(double share, std::int64_t since_opening, const Tally& tally,
                          std::uint64_t stock, bool with_bar);

class Progress {
 public:
  Progress();

  bool is_terminal() const { return is_terminal_; }
  // Whether a line would be shown now.
  bool is_due(std::int64_t now) const;
  void show(std::int64_t now, const std::string& line);
  // Before anything else is written to stderr or stdout.
  void end();

 private:
  const bool is_terminal_;
  std::int64_t last_;
  bool shown_ = false;
};

}  // namespace doorbuster::bench
