// What a run came to, as one block for people and as JSON for programs.
//
// Thread: any; pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/audit.h"
#include "cli/bench/driver.h"
#include "cli/bench/plan.h"
#include "cli/bench/processor_use.h"
#include "cli/bench/tally.h"

namespace doorbuster::bench {

// What was the slowest part, as far as can be seen from here.
enum class Limit {
  nothing,
  client,       // this program's thread
  server,       // its busiest thread
  connections,  // none of them was free
  machine,      // one of the two sides waited for a processor more than it ran
};

struct Proof {
  bool was_read = false;  // the sale could be read back
  bool stood_still = false;
  std::uint64_t acknowledged = 0;
  std::uint64_t found = 0;
  std::uint64_t listed = 0;
  SaleFigures figures;
  std::vector<std::string> breaches;

  bool adds_up() const { return was_read && breaches.empty(); }
};

struct Report {
  std::string url;
  std::string sale;
  Plan plan;
  std::uint32_t pipeline = 1;
  Ending ending = Ending::finished;
  std::int64_t opening = 0;  // when the sale opened
  std::int64_t took = 0;     // ns, from the first moment to the last answer
  const Tally* tally = nullptr;
  const Sending* sending = nullptr;
  const ProcessorUse* use = nullptr;
  Proof proof;

  bool is_colourful = false;
};

Limit limit_of(const Sending& sending, Busy client, Busy server);
Limit limit_of(const Report& report);

// "812 us", "3.1 ms", "1.24 s"
std::string shown_duration(std::chrono::nanoseconds duration);

std::string report_text(const Report& report);
std::string report_json(const Report& report);

// "flash", "winners": as they are named on the command line.
std::string_view name_of(cli::ArrivalShape shape);
std::string_view name_of(cli::BenchMix mix);

}  // namespace doorbuster::bench
