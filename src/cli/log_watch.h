// Tells the log once a second what is told in sums or in changes: how often each problem was the
// answer, in a line each, and which part of the store is no longer as it was.
//
// Thread: one of its own; made and destroyed on another.
// Owns: that thread. The log, the book and the store outlive it.
// Invariants: every refusal is in exactly one line, the last ones in those of the destructor.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "api/refusal_book.h"
#include "base/alarm.h"
#include "cli/server_log.h"
#include "store/claim_store.h"

namespace doorbuster::cli {

class LogWatch {
 public:
  LogWatch(ServerLog& log, const api::RefusalBook& refusals, const store::ClaimStore& store);
  ~LogWatch();
  LogWatch(const LogWatch&) = delete;
  LogWatch& operator=(const LogWatch&) = delete;

 private:
  void look();
  void tell_refusals();
  void tell_changes();

  ServerLog& log_;
  const api::RefusalBook& refusals_;
  const store::ClaimStore& store_;
  api::ProblemCounts told_{};
  std::map<std::string, std::string> states_;  // by part, as they were told last
  std::optional<bool> ready_;
  std::optional<Alarm> alarm_;
};

}  // namespace doorbuster::cli
