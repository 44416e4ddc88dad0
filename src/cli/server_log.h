// The log of a server that runs: lines on stderr, written by a thread of its own.
//
// Thread: any, but made and destroyed on one, after the signals are blocked and when no other
// thread uses it. Owns: that thread, and a queue of a fixed number of lines. Invariants: nobody
// waits for who reads the log. When the queue is full its oldest line is dropped; every line that
// is dropped or lost is counted, and the next one that gets out says how many.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "api/access_log.h"
#include "base/clock.h"
#include "cli/log_line.h"
#include "cli/setting.h"

namespace doorbuster::cli {

class ServerLog final : public api::AccessLog {
 public:
  struct Options {
    LogFormat format = LogFormat::automatic;
    LogLevel level = LogLevel::info;  // the least that is told
    api::AccessMode access = api::AccessMode::sampled;
    HashKey buyer_hash_key{};
    int descriptor = 2;
  };

  ServerLog(const Clock& clock, const Options& options);
  // What is in the queue goes out, unless nobody reads it for half a second.
  ~ServerLog() override;
  ServerLog(const ServerLog&) = delete;
  ServerLog& operator=(const ServerLog&) = delete;

  // `event` and the members' names are words of ours; everything else may be anything.
  void tell(LogLevel level, std::string_view event, std::string_view message,
            std::span<const LogMember> members = {});
  void tell(LogLevel level, std::string_view event, const Secret& secret) = delete;
  // For a process that ends now: past the queue, and without waiting.
  void tell_at_once(LogLevel level, std::string_view event, std::string_view message);
  void on_answer(const api::AccessNote& note) override;

  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  bool is_json() const { return json_; }
  // Lines that nobody will read. Never falls.
  std::uint64_t dropped() const;

 private:
  class Backend;

  bool is_told(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }

  const Clock& clock_;
  const bool json_;
  const int descriptor_;
  std::atomic<LogLevel> level_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace doorbuster::cli
