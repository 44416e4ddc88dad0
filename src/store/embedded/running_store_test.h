// A store on real files and threads for tests; the calling thread is the I/O thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "store/embedded/embedded_store.h"
#include "support/manual_clock.h"

namespace doorbuster::embedded {

class RunningStore : private store::ReplySink {
 public:
  RunningStore(const std::string& data_dir, const SnapshotOptions& snapshots,
               bool own_thread = true) {
    StoreOptions options;
    options.data_dir = data_dir;
    options.own_thread = own_thread;
    options.segment_bytes = 1 << 20;
    options.max_group_bytes = 256 * 1024;
    options.snapshots = snapshots;
    options.random = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 7); };
    options.on_failure = [](const Error& error) { FAIL() << error.message; };
    auto opened = open_embedded_store(*files_, clock_, options);
    CHECK(opened.ok());
    store_ = std::move(*opened);
    port_ = store_->connect([this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_one();
    });
  }
  store::Reply ask(const store::Command& command) {
    CHECK(port_->submit(command, *this, 1));
    reply_.reset();
    port_->flush();
    while (!reply_) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return std::exchange(woken_, false); });
      lock.unlock();
      port_->flush();
    }
    return std::move(*reply_);
  }
  std::string condition(const std::string& part) const {
    for (const auto& [name, words] : store_->condition().lines) {
      if (name == part) return words;
    }
    return "";
  }
  store::EventFeed& events() { return store_->events(); }
  ManualClock& clock() { return clock_; }

 private:
  void on_reply(std::uint64_t, store::Reply&& reply) override { reply_ = std::move(reply); }

  std::unique_ptr<FileSystem> files_ = make_system_file_system();
  ManualClock clock_;
  std::mutex mutex_;  // before the store, which wakes to its end
  std::condition_variable changed_;
  bool woken_ = false;
  std::unique_ptr<store::ClaimStore> store_;
  std::unique_ptr<store::StorePort> port_;
  std::optional<store::Reply> reply_;
};

}  // namespace doorbuster::embedded
