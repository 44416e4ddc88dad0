// Sends a crowd over many connections of one thread: an event loop that writes what is due, several
// requests at a time where there are several, and reads what is answered.
//
// Thread: one, that of run(). Owns: its connections.
// Invariants: a request is sent at most once by itself; one whose connection ends before its answer
// is lost, and the crowd is told so.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/bench/connection.h"
#include "cli/bench/crowd.h"
#include "cli/bench/request_texts.h"

namespace doorbuster::bench {

// Nanoseconds of the clock that everything here is timed by.
std::int64_t clock_now();

struct DriverOptions {
  std::uint32_t connections = 1;
  std::uint32_t pipeline = 1;
  std::int64_t patience = 10'000'000'000;  // ns without a byte before an unanswered request is lost
};

// How well the crowd could be sent.
struct Sending {
  Histogram late;                 // behind the moment it was due though a connection was free
  Histogram service;              // from when a request was really sent to its answer
  std::uint64_t waited = 0;       // found no free connection when due
  std::uint32_t connections = 0;  // that were open at the start
  std::uint64_t connections_lost = 0;
  std::uint64_t malformed = 0;  // answers that were none
};

enum class Ending { finished, interrupted, nobody_answers, hopeless };

class Driver {
 public:
  Driver(const Address& address, const DriverOptions& options);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // Opens the connections; false, and why(), if none can be.
  bool open_all();

  // Until the crowd is over and everything answered or lost. `stop` ends it early; `on_tick` is
  // called ten times a second.
  Ending run(Crowd& crowd, const RequestTexts& texts, const std::atomic<bool>& stop,
             const std::function<void(std::int64_t now)>& on_tick);

  const Sending& sending() const { return sending_; }
  const std::string& why() const { return why_; }

 private:
  bool is_open(const Connection& connection) const {
    return connection.state() == Connection::State::open;
  }
  void watch(std::uint32_t index, int operation, bool for_writing);
  void begin_opening(std::uint32_t index);
  void end(std::uint32_t index, std::int64_t now);
  void offer(std::uint32_t index);
  void send_due(std::int64_t now);
  void flush(std::uint32_t index, std::int64_t now);
  void on_event(std::uint32_t index, std::uint32_t events);
  void read(std::uint32_t index);
  bool take_answers(Connection& connection, std::string_view bytes, std::int64_t now);
  void tick(std::int64_t now);
  void wait(std::int64_t until, std::int64_t now);
  bool is_anything_flying() const { return flying_ > 0; }
  Ending ending_at(std::int64_t now, bool stopped);

  const Address address_;
  const DriverOptions options_;
  int epoll_ = -1;
  bool knows_pwait2_ = true;  // some containers forbid it, which costs precision
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<std::uint32_t> free_;  // open ones with room, each once
  std::vector<std::uint32_t> touched_;
  std::vector<char> block_;  // what one read takes
  std::size_t flying_ = 0;
  std::uint32_t open_ = 0;
  std::uint32_t connecting_ = 0;
  std::int64_t no_room_until_ = 0;  // when a due request last found no free connection
  std::int64_t alive_at_ = 0;       // when a connection was open last
  std::int64_t stopped_at_ = 0;
  Sending sending_;
  std::string why_;
  Crowd* crowd_ = nullptr;  // during run()
  const RequestTexts* texts_ = nullptr;
};

}  // namespace doorbuster::bench
