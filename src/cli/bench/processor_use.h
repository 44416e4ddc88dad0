// How busy the two sides of a run are: this thread, and the server's threads where it runs on this
// machine. What a thread waits for a processor counts too: on a shared machine that is its limit as
// well.
//
// Thread: that of the run, which is the one that is looked at. Owns: nothing but figures.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "cli/bench/connection.h"

namespace doorbuster::bench {

// The process that listens at `address` on this machine; 0 where there is none, or none to be seen.
pid_t local_server_at(const Address& address);

struct Busy {
  double ran = 0;     // share of a processor
  double waited = 0;  // share of the time it could have run and had none
  double total() const { return ran + waited; }
};

class ProcessorUse {
 public:
  explicit ProcessorUse(pid_t server);

  // Looks at both; about every half second makes a window.
  void sample(std::int64_t now);

  bool knows_server() const { return server_ != 0; }
  Busy client_at_peak() const { return client_.peak; }
  Busy server_at_peak() const { return server_peak_; }  // of its busiest thread
  std::int64_t client_ns() const { return client_.ran - client_.first_ran; }  // of CPU, in all
  std::int64_t server_ns() const { return server_total_; }

 private:
  struct Thread {
    std::int64_t first_ran = 0;
    std::int64_t ran = 0;  // ns since it began
    std::int64_t waited = 0;
    bool is_known = false;
    Busy peak;
  };
  static Busy look(const std::string& path, Thread& thread, std::int64_t passed);

  const pid_t server_;
  std::int64_t last_ = 0;
  Thread client_;
  std::map<std::string, Thread> threads_;  // of the server, by path
  Busy server_peak_;
  std::int64_t server_total_ = 0;
};

}  // namespace doorbuster::bench
