// The browsers that have signed in to the console, and the key that each of them showed.
//
// Thread: any. A mutex guards them; only requests of the console take it.
// Owns: a hash of each session's token, and neither a token nor a key. They end with the process.
// Invariants: no more than kOfOneKey at a time of one key, and kMost in all: a further one ends the
// oldest. A token is 256 random bits, and is never one that a caller chose.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/api_key.h"

namespace doorbuster::api {

class Sessions {
 public:
  static constexpr std::size_t kOfOneKey = 16;
  static constexpr std::size_t kMost = 4096;
  static constexpr std::chrono::hours kLifetime{12};

  // Whose a session is, and when it ends (Clock::since_boot).
  struct Holder {
    std::string prefix;  // of the key
    KeyHash key{};
    std::chrono::nanoseconds ends{};
  };

  // `random` fills bytes from a source that nobody can guess.
  explicit Sessions(std::function<void(std::span<std::uint8_t>)> random)
      : random_(std::move(random)) {}

  // A new session; its token is known to nobody else.
  std::string open(std::string_view prefix, const KeyHash& key, std::chrono::nanoseconds now);

  // Nothing where there is no such session, or no longer.
  std::optional<Holder> find(std::string_view token, std::chrono::nanoseconds now) const;

  void end(std::string_view token);

 private:
  void make_room(const KeyHash& key, std::chrono::nanoseconds now);

  const std::function<void(std::span<std::uint8_t>)> random_;
  mutable std::mutex mutex_;
  std::map<KeyHash, Holder> sessions_;  // by the hash of the token; under the mutex
};

}  // namespace doorbuster::api
