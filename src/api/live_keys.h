// The keys in force, replaced as a whole while requests are judged by them.
//
// Thread: any, but a Reader belongs to one.
// Invariants: a reader that finds nothing new takes no lock: it compares a number. What was
// published is seen by every reader's next look.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "api/key_set.h"

namespace doorbuster::api {

class LiveKeys {
 public:
  // No keys at first.
  LiveKeys() : keys_(std::make_shared<const KeySet>()) {}

  void publish(std::shared_ptr<const KeySet> keys);

  // How the keys are, for /readyz: "ok", or what is wrong.
  void set_condition(std::string condition);
  std::string condition() const;

  // One thread's own hold on them. The keys outlive it.
  class Reader {
   public:
    explicit Reader(const LiveKeys& live) : live_(live), keys_(live.current()) {}
    // Good until the next call.
    const KeySet& look();
    // Whether the last look was at what is in force.
    bool is_current() const { return version_ == live_.version_.load(std::memory_order_acquire); }

   private:
    const LiveKeys& live_;
    std::uint64_t version_ = 0;
    std::shared_ptr<const KeySet> keys_;
  };

 private:
  std::shared_ptr<const KeySet> current() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const KeySet> keys_;  // under the mutex, as the condition is
  std::string condition_ = "ok";
  std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace doorbuster::api
