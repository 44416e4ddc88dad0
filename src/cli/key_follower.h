// Keeps a running server's keys as their file has them: looked at four times a second, read when it
// is another one. A file that cannot be taken (damaged, half-written, gone) changes nothing: the
// keys that were read before stay in force, and that is said once, and in /readyz?verbose.
//
// Thread: begin() on the one that makes it, before any server runs; then a thread of its own.
// Owns: that thread. The keys that it publishes outlive it.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>

#include "api/live_keys.h"
#include "base/alarm.h"
#include "base/clock.h"
#include "base/result.h"

namespace doorbuster::cli {

class KeyFollower {
 public:
  // `tell` gets a sentence for the operator, from either thread.
  KeyFollower(std::string path, api::LiveKeys& keys, const Clock& clock,
              std::function<void(const std::string&)> tell);
  KeyFollower(const KeyFollower&) = delete;
  KeyFollower& operator=(const KeyFollower&) = delete;

  // Reads the file for the first time and begins to follow it. No file is no error: there are no
  // keys yet. What cannot be taken is one, since nothing was read before it.
  Status begin();

  // Does not wait for the next quarter of a second. Thread: any, after begin().
  void look_soon() { alarm_->set(std::chrono::nanoseconds(0)); }

 private:
  void look();
  Status read();
  bool is_as_it_was() const;
  void cannot(const Error& error);

  const std::string path_;
  api::LiveKeys& keys_;
  const Clock& clock_;
  const std::function<void(const std::string&)> tell_;
  std::optional<std::string> text_;  // of the last reading that was taken
  struct stat file_ {};              // which file that was
  std::size_t count_ = 0;            // of the keys in it
  std::string trouble_;              // as it was told last; empty: none
  std::optional<Alarm> alarm_;       // last: it rings no more once the rest goes
};

}  // namespace doorbuster::cli
