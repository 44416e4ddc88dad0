// The keys of those who are not done once they are let in: a stream of events may last for weeks,
// and ends when its key does.
//
// Thread: I/O; one for each such thread. Owns: its hold on the keys.
// Invariants: with nothing new it takes no lock: it compares a number and a time.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/admission.h"
#include "api/sessions.h"

namespace doorbuster::api {

// A key that was let in, as its record names it, and what for. Not the key itself.
struct WatchedKey {
  std::string prefix;
  KeyHash hash{};
  Who who = Who::any_key;
  // When the session ends in which it was shown (Clock::since_boot); nothing: it was no session.
  std::optional<std::chrono::nanoseconds> ends;
};

class KeyWatch {
 public:
  // Of a server that asks nobody for keys it watches none.
  explicit KeyWatch(const AdmissionOptions& options);

  // What the caller showed, who was let in; nothing where no key is asked for.
  std::optional<WatchedKey> watch(Who who, const KnownFields& fields);
  // Whether any key may be judged otherwise than when this was last asked, which asks for judge()
  // of every watched one.
  bool has_news();
  // Nothing: he would be let in now.
  std::optional<Refused> judge(const WatchedKey& key);

 private:
  const Clock* clock_;
  const Sessions* sessions_;
  std::optional<LiveKeys::Reader> keys_;
  Time soonest_ = kNever;  // when the first of those judged expires
};

}  // namespace doorbuster::api
