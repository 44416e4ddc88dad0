#include "api/live_keys.h"

#include <utility>

namespace doorbuster::api {

void LiveKeys::publish(std::shared_ptr<const KeySet> keys) {
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
  version_.fetch_add(1, std::memory_order_release);
}

void LiveKeys::set_condition(std::string condition) {
  const std::lock_guard lock(mutex_);
  condition_ = std::move(condition);
}

std::string LiveKeys::condition() const {
  const std::lock_guard lock(mutex_);
  return condition_;
}

std::shared_ptr<const KeySet> LiveKeys::current() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

// The number is read before the keys: should they change in between, the next look takes them once
// more.
const KeySet& LiveKeys::Reader::look() {
  const std::uint64_t version = live_.version_.load(std::memory_order_acquire);
  if (version != version_) {
    keys_ = live_.current();
    version_ = version;
  }
  return *keys_;
}

}  // namespace doorbuster::api
