// What a crowd has seen: answers by kind, and how long each took from the moment it was meant to be
// asked.
//
// Thread: one at a time. Times are nanoseconds on the crowd's clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/histogram.h"

namespace doorbuster::bench {

// How often each of a few words was said.
class WordCount {
 public:
  struct Entry {
    std::string word;
    std::uint64_t count = 0;
  };

  void add(std::string_view word);
  const std::vector<Entry>& entries() const { return entries_; }  // as they were first said
  std::uint64_t total() const;
  std::uint64_t of(std::string_view word) const;

 private:
  std::vector<Entry> entries_;
  std::size_t last_ = 0;
};

struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t granted = 0;  // 201
  std::uint64_t known = 0;    // 200: told again
  std::uint64_t confirmed = 0;
  std::uint64_t released = 0;
  std::uint64_t lost = 0;         // unknown: the connection ended, or no answer came in time
  std::uint64_t never_sent = 0;   // came, and found no free connection until the end
  std::uint64_t asked_again = 0;  // of the sent: retries and second taps

  WordCount refused;      // 409, by code
  WordCount turned_away;  // 429 and 502 to 504, by code: nothing was decided
  WordCount errors;       // anything else, "422 invalid"

  Histogram wins;      // 201
  Histogram repeats;   // 200
  Histogram refusals;  // 409
  Histogram busy;      // turned away
  Histogram ends;      // confirmations and releases

  std::int64_t last_grant = 0;
  std::int64_t first_sold_out = 0;

  // Answers by second since the first moment.
  std::vector<std::uint64_t> by_second;

  void answer_at(std::int64_t since_first);
  std::uint64_t busiest_second() const;
};

}  // namespace doorbuster::bench
