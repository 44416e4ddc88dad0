// A store with all that a store can have, for tests of what is done to its files.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "sim/simulated_engine.h"
#include "store/embedded/backup.h"
#include "store/embedded/restore.h"

namespace doorbuster::embedded {

using namespace std::chrono_literals;
using simulation::Random;
using simulation::SimulatedEngine;
using simulation::SimulatedFileSystem;

inline constexpr Time kLater = ManualClock::kBegin + 48h;

inline RandomSource random_bytes(std::uint64_t seed) {
  return [random = Random(seed)](std::span<std::uint8_t> bytes) mutable {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  };
}

// Makes it: segments that a snapshot covers and others, images of a sale that is archived and of
// some that are not, former ages, holds, and a clean stop.
class WholeStore {
 public:
  WholeStore() : engine_(21, options_in("first")) {}

  // In "first" the store as it began, in "backup" a backup of it, in "second" what was restored
  // from that and has gone on, and in "data" that after another backup: no byte is there in vain.
  std::unique_ptr<SimulatedFileSystem> make(int claims) {
    start(engine_);
    open_sale("demo", 100'000, 0);
    open_sale("held", 100'000, 600);
    auto old = std::make_shared<sale::SaleDefinition>();
    old->slug = "old";
    old->stock = 5;
    old->archive_after_seconds = 1;
    engine_.ask(sale::CreateSale{old});
    claim("old", 2);
    engine_.ask(sale::SteerSale{sale::Slug("old"), sale::SaleAction::close});
    engine_.clock().advance(10s);
    claim("demo", claims);
    claim("held", claims);
    engine_.stop_in_good_order();
    pass_on(engine_.files(), "first", "backup", "second");

    SimulatedEngine second(22, options_in("second"));
    second.replace_files(engine_.files().clone());
    second.clock().advance(50h);
    start(second);
    second.ask(sale::SteerSale{sale::Slug("demo"), sale::SaleAction::resume});
    snapshot(second);
    for (int i = 0; i < claims; ++i) {
      second.ask(claim_of("demo", "later-" + std::to_string(i)));
    }
    second.stop_in_good_order();
    pass_on(second.files(), "second", "backup-2", "data");
    return second.files().clone();
  }

  // "data" alone, and nothing that is no part of a store.
  std::unique_ptr<SimulatedFileSystem> data(int claims) {
    auto files = make(claims);
    for (const std::string& path : files->paths()) {
      if (!path.starts_with("data/") || path.ends_with("LOCK")) files->erase(path);
    }
    return files;
  }

  static SimulatedEngine::Options options_in(const char* directory) {
    return {.data_dir = directory, .segment_bytes = 208 * 1024, .max_group_bytes = 192 * 1024};
  }

 private:
  static void pass_on(SimulatedFileSystem& files, const std::string& from,
                      const std::string& backup, const std::string& to) {
    const auto taken = take_backup(files, from, backup, kLater);
    ASSERT_TRUE(taken.ok()) << taken.error().message;
    const auto restored = restore_backup(files, backup, to, random_bytes(to.size()), kLater);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
  }
  static void start(SimulatedEngine& engine) {
    const Status started = engine.start();
    ASSERT_TRUE(started.ok()) << started.error().message;
  }
  void open_sale(const std::string& slug, std::uint32_t stock, std::uint32_t hold_seconds) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = stock;
    definition->hold_seconds = hold_seconds;
    engine_.ask(sale::CreateSale{definition});
  }
  static store::Command claim_of(const std::string& slug, const std::string& buyer) {
    return sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}};
  }
  void claim(const std::string& slug, int count) {
    for (int i = 0; i < count; ++i) engine_.ask(claim_of(slug, "buyer-" + std::to_string(i)));
  }
  static void snapshot(SimulatedEngine& engine) {
    const StoreIdentity identity = *read_identity(engine.files(), "second");
    std::uint64_t last = 0;
    const auto names = engine.files().list("second/journal");
    for (const std::string& name : *names) {
      const auto number = segment_number(name);
      if (number &&
          read_start(engine.files(), "second/journal", identity.incarnation, *number).ok()) {
        last = *number;
      }
    }
    const SnapshotTask task{"second", identity, {}, last - 1, 1, engine.engine().now()};
    const std::atomic<bool> stopping = false;
    ASSERT_TRUE(take_snapshot(engine.files(), task, stopping).ok());
  }

  SimulatedEngine engine_;
};

}  // namespace doorbuster::embedded
