// A whole store with its threads on a disk that fails: what it says of itself, and whom it tells.
#include "store/embedded/embedded_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "support/manual_clock.h"
#include "support/shared_files.h"

namespace doorbuster::embedded {
namespace {

using simulation::Fault;
using simulation::Operation;
using simulation::SimulatedFileSystem;

// The parameter: whether the engine has a thread of its own, or this one drives it.
class StoreOnADisk : public testing::TestWithParam<bool>, private store::ReplySink {
 protected:
  static constexpr std::size_t kMaxWaiting = 200;

  StoreOnADisk() {
    StoreOptions options;
    options.data_dir = "data";
    options.own_thread = GetParam();
    options.segment_bytes = 1 << 20;
    options.max_group_bytes = 256 * 1024;
    options.max_waiting = kMaxWaiting;
    options.snapshots.segments = 1;
    options.probe = &probe_;
    options.random = [](std::span<std::uint8_t> bytes) { std::ranges::fill(bytes, 7); };
    options.on_failure = [this](const Error& error) {
      const std::lock_guard lock(mutex_);
      failures_.push_back(error);
      changed_.notify_one();
    };
    auto opened = open_embedded_store(files_, clock_, options);
    CHECK(opened.ok());
    store_ = std::move(*opened);
    port_ = store_->connect([this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_one();
    });
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "demo";
    definition->stock = 1'000'000;
    ask(sale::CreateSale{definition});
  }

  bool submit(const store::Command& command, std::uint64_t context) {
    return port_->submit(command, *this, context);
  }
  // What was submitted, until there are so many replies; fewer when the store has failed instead.
  // By context, in the order in which they came.
  std::vector<std::pair<std::uint64_t, store::Reply>> replies(std::size_t count) {
    port_->flush();
    while (replies_.size() < count) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return woken_ || !failures_.empty(); });
        woken_ = false;
        if (!failures_.empty()) break;
      }
      port_->flush();
    }
    return std::exchange(replies_, {});
  }
  // The reply; nothing when the store has failed instead.
  std::optional<store::Reply> ask(const store::Command& command) {
    CHECK(submit(command, 1));
    auto all = replies(1);
    if (all.empty()) return std::nullopt;
    return std::move(all.front().second);
  }
  store::Command next_claim() {
    return sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId(std::to_string(buyers_++)), 1, {}};
  }
  std::optional<store::Reply> claim() { return ask(next_claim()); }
  std::string condition(const std::string& part) const {
    for (const auto& [name, words] : store_->condition().lines) {
      if (name == part) return words;
    }
    return "";
  }
  void break_disk(Operation operation, const std::string& path_part) {
    files_.with_disk([&](SimulatedFileSystem& disk) {
      Fault fault;
      fault.operation = operation;
      fault.path_part = path_part;
      fault.for_ever = true;
      disk.faults().add(fault);
    });
  }
  // Asks until that part of the store's condition is another than `before`.
  void await_change(const std::string& part, const std::string& before) {
    while (condition(part) == before) ASSERT_TRUE(ask(store::ReadSale{sale::Slug("demo")}));
  }

  std::mutex mutex_;  // before the store, which wakes to its end
  std::condition_variable changed_;
  bool woken_ = false;
  std::vector<Error> failures_;
  SimulatedFileSystem disk_{9};
  SharedFiles files_{disk_};
  ManualClock clock_;
  StoreProbe probe_;
  std::unique_ptr<store::ClaimStore> store_;
  std::unique_ptr<store::StorePort> port_;

 private:
  void on_reply(std::uint64_t context, store::Reply&& reply) override {
    replies_.emplace_back(context, std::move(reply));
  }

  std::vector<std::pair<std::uint64_t, store::Reply>> replies_;
  int buyers_ = 0;
};

TEST_P(StoreOnADisk, IsReadyAsLongAsItsJournalIsWritten) {
  EXPECT_TRUE(claim());
  EXPECT_TRUE(store_->condition().ready);
  for (const char* part : {"engine", "disk", "snapshot", "archive"}) {
    EXPECT_EQ(condition(part), "ok") << part;
  }
}

// A turn's commands are decided in batches; nobody can tell.
TEST_P(StoreOnADisk, ManyInOneTurnAreDecidedAndAnsweredInTheirOrder) {
  constexpr std::uint64_t kClaims = 150;
  for (std::uint64_t i = 0; i < kClaims; ++i) ASSERT_TRUE(submit(next_claim(), i));
  const auto all = replies(kClaims);
  ASSERT_EQ(all.size(), kClaims);
  for (std::uint64_t i = 0; i < kClaims; ++i) {
    EXPECT_EQ(all[i].first, i);
    EXPECT_EQ(std::get<store::ClaimReply>(all[i].second).claim.units.first.first, i + 1);
  }
}

// The one too many is not taken, or told so.
TEST_P(StoreOnADisk, TooManyInOneTurnAreTurnedAwayAndTheOthersAnswered) {
  for (std::uint64_t i = 0; i < kMaxWaiting; ++i) ASSERT_TRUE(submit(next_claim(), i)) << i;
  const bool taken = submit(next_claim(), kMaxWaiting);
  const auto all = replies(kMaxWaiting + (taken ? 1 : 0));
  ASSERT_EQ(all.size(), kMaxWaiting + (taken ? 1 : 0));
  for (const auto& [context, reply] : all) {
    if (context == kMaxWaiting) {
      EXPECT_EQ(std::get<Error>(reply).code, ErrorCode::overloaded);
    } else {
      EXPECT_EQ(std::get<store::ClaimReply>(reply).verdict, sale::ClaimVerdict::granted);
    }
  }
  EXPECT_TRUE(submit(next_claim(), 0)) << "there is room again";
  EXPECT_EQ(replies(1).size(), 1U);
}

// With a thread of its own they are refused on this one, and nothing else happens that would have
// the engine show what was counted.
TEST_P(StoreOnADisk, WhatIsRefusedWhileNothingElseHappensIsCountedAndShown) {
  constexpr int kRefusals = 10;
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "later";
  definition->stock = 1;
  definition->opens_at = clock_.wall() + std::chrono::hours(1);
  ASSERT_TRUE(ask(sale::CreateSale{definition}));
  for (int i = 0; i < kRefusals; ++i) {
    const auto reply =
        ask(sale::ClaimUnits{sale::Slug("later"), sale::BuyerId(std::to_string(i)), 1, {}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(std::get<store::ClaimReply>(*reply).refusal, sale::Refusal::not_open);
  }
  const auto shown = [&] {
    std::uint64_t refused = 0;
    for (const auto& named : probe_.sales.read().named) {
      refused += named.figures.claims[index_of(sale::Refusal::not_open)];
    }
    return refused;
  };
  while (shown() < kRefusals) std::this_thread::yield();
  EXPECT_EQ(shown(), static_cast<std::uint64_t>(kRefusals));
}

TEST_P(StoreOnADisk, WhoseJournalFailsTellsItOnceAndAnswersNothingMore) {
  EXPECT_TRUE(claim());
  break_disk(Operation::sync, "data/journal/");
  EXPECT_FALSE(claim()) << "answered although nothing is durable";
  EXPECT_FALSE(store_->condition().ready);
  EXPECT_EQ(condition("engine"), "the journal could not be written");
  port_.reset();
  store_.reset();
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_EQ(failures_[0].code, ErrorCode::io_failed);
}

TEST_P(StoreOnADisk, WhoseSnapshotFailsSaysSoAndSellsOn) {
  break_disk(Operation::write, "data/snapshots/");
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(claim());  // more than a segment holds
  await_change("snapshot", "ok");
  const std::string words = condition("snapshot");
  EXPECT_EQ(words.substr(0, 11), "not taken: ") << words;
  EXPECT_TRUE(store_->condition().ready);
  files_.with_disk([](SimulatedFileSystem& disk) { disk.faults().clear(); });
  clock_.advance(std::chrono::seconds(10));  // it is tried again, but not at once
  EXPECT_TRUE(claim());
  await_change("snapshot", words);
  EXPECT_EQ(condition("snapshot"), "ok");
}

TEST_P(StoreOnADisk, ThatIsFullSaysWhatThatMeansAndIsReady) {
  files_.with_disk([](SimulatedFileSystem& disk) { disk.set_capacity(disk.used_bytes()); });
  const std::string full = "no room for the journal: claims are refused, holds can end";
  for (int i = 0; i < 20'000 && condition("disk") != full; ++i) ASSERT_TRUE(claim());
  EXPECT_EQ(condition("disk"), full);
  EXPECT_TRUE(store_->condition().ready);
  const auto refused = claim();
  ASSERT_TRUE(refused);
  ASSERT_TRUE(std::holds_alternative<Error>(*refused));
  EXPECT_EQ(std::get<Error>(*refused).code, ErrorCode::storage_unavailable);
}

INSTANTIATE_TEST_SUITE_P(Embedded, StoreOnADisk, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "threaded" : "driven";
});

}  // namespace
}  // namespace doorbuster::embedded
