// Backups: that they hold what the store held, whatever is sold, removed or broken meanwhile, and
// that what is restored neither forgets what it kept nor knows what it lost.
#include "store/embedded/backup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sale/invariants.h"
#include "sim/simulated_engine.h"
#include "store/embedded/ages.h"
#include "store/embedded/restore.h"
#include "store/embedded/verify.h"
#include "support/intercepted_files.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::kGoOn;
using simulation::Operation;
using simulation::OperationRecord;
using simulation::Random;
using simulation::SimulatedEngine;
using simulation::SimulatedFileSystem;

constexpr Time kAfterBackup = ManualClock::kBegin + 1h;

RandomSource bytes_from(std::uint64_t seed) {
  return [random = Random(seed)](std::span<std::uint8_t> bytes) mutable {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  };
}

SimulatedEngine::Options options_in(const char* directory) {
  return {.data_dir = directory,
          .segment_bytes = 208 * 1024,
          .max_group_bytes = 192 * 1024,
          .restart_grace = 10s};
}

// An engine whose segments hold some fifty groups, and what it was at each position of its journal.
class Backups : public testing::Test {
 protected:
  Backups() : engine_(11, options_in("data")) {
    EXPECT_TRUE(engine_.start().ok());
    open_sale("demo", 10'000, 0);
    open_sale("held", 100, 600);
    open_sale("over", 10, 0);
    claim("over", 0, 2);
    ask(sale::SteerSale{sale::Slug("over"), sale::SaleAction::close});
    auto early = std::make_shared<sale::SaleDefinition>();
    early->slug = "early";
    early->stock = 3;
    early->opens_at = engine_.engine().now() + 24h;
    ask(sale::CreateSale{early});
  }

  store::Reply ask(const store::Command& command) {
    store::Reply reply = engine_.ask(command);
    digests_[events()] = sale::digest(engine_.engine().catalog());
    return reply;
  }
  void open_sale(const std::string& slug, std::uint32_t stock, std::uint32_t hold_seconds) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = stock;
    definition->hold_seconds = hold_seconds;
    ask(sale::CreateSale{definition});
  }
  static store::Command claim_of(const std::string& slug, const std::string& buyer) {
    return sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}};
  }
  std::vector<sale::ClaimId> claim(const std::string& slug, int from, int to) {
    std::vector<sale::ClaimId> ids;
    for (int i = from; i < to; ++i) {
      const auto reply = ask(claim_of(slug, "buyer-" + std::to_string(i)));
      const auto* answer = std::get_if<store::ClaimReply>(&reply);
      EXPECT_TRUE(answer != nullptr && answer->verdict == sale::ClaimVerdict::granted);
      if (answer != nullptr) ids.push_back(answer->claim.id);
    }
    return ids;
  }
  std::uint64_t events() { return engine_.engine().durable_head().position(); }
  StoreIdentity identity() { return *read_identity(engine_.files(), "data"); }
  std::uint64_t last_segment() {
    std::uint64_t last = 0;
    const auto names = engine_.files().list("data/journal");
    for (const std::string& name : *names) {
      const auto number = segment_number(name);
      if (!number) continue;
      const auto start =
          read_start(engine_.files(), "data/journal", identity().incarnation, *number);
      if (start) last = std::max(last, *number);
    }
    return last;
  }
  void take_snapshot_now(std::uint64_t retain_bytes = std::uint64_t{1} << 30) {
    const SnapshotTask task{"data",
                            identity(),
                            {.retain_bytes = retain_bytes},
                            last_segment() - 1,
                            1,
                            engine_.engine().now()};
    const auto taken = take_snapshot(engine_.files(), task, kGoOn);
    EXPECT_TRUE(taken.ok()) << taken.error().message;
  }
  Result<Backup> back_up(FileSystem& files, const std::string& to = "backup") {
    return take_backup(files, "data", to, kAfterBackup);
  }
  static Result<Restored> restore(FileSystem& files, const std::string& to = "new") {
    return restore_backup(files, "backup", to, bytes_from(5), kAfterBackup);
  }
  // A backup of now is restored whole, and is what the engine was at its last event.
  void expect_whole(FileSystem& files, std::uint64_t events_before) {
    const auto backup = read_backup(files, "backup");
    ASSERT_TRUE(backup.ok()) << backup.error().message;
    EXPECT_GE(backup->events, events_before) << "what was acknowledged is not in the backup";
    const auto restored = restore(files);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    ASSERT_TRUE(digests_.contains(restored->kept_events));
    EXPECT_EQ(restored->kept_digest, digests_.at(restored->kept_events));
    const auto report = verify_directory(files, "new");
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_TRUE(report->clean_stop);
  }
  // A machine with this disk, and an engine on `directory`.
  static std::unique_ptr<SimulatedEngine> engine_on(const SimulatedFileSystem& files,
                                                    const char* directory) {
    auto engine = std::make_unique<SimulatedEngine>(12, options_in(directory));
    engine->replace_files(files.clone());
    engine->clock().advance(2h);
    return engine;
  }

  SimulatedEngine engine_;
  std::map<std::uint64_t, std::uint64_t> digests_;  // by position
};

TEST_F(Backups, OfARunningStoreHoldAllThatWasAcknowledged) {
  claim("demo", 0, 60);
  take_snapshot_now();
  claim("held", 0, 5);
  claim("demo", 60, 65);
  const auto backup = back_up(engine_.files());
  ASSERT_TRUE(backup.ok()) << backup.error().message;
  EXPECT_EQ(backup->events, events());
  EXPECT_EQ(backup->images, 4U);
  const auto report = verify_directory(engine_.files(), "backup");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->digest, digests_.at(events()));
  EXPECT_EQ(report->backup_taken_at, kAfterBackup);
  claim("demo", 65, 80);
  expect_whole(engine_.files(), backup->events);
}

TEST_F(Backups, OfAStoreThatNothingHappenedToCanBeRestored) {
  SimulatedEngine fresh(1, options_in("data"));
  ASSERT_TRUE(fresh.start().ok());
  ASSERT_TRUE(back_up(fresh.files()).ok());
  const auto restored = restore(fresh.files());
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->events, 0U);
  auto machine = engine_on(fresh.files(), "new");
  EXPECT_TRUE(machine->start().ok());
}

TEST_F(Backups, BeginPausedWhenRestoredAndGoOnWhenToldTo) {
  claim("demo", 0, 3);
  ASSERT_TRUE(back_up(engine_.files()).ok());
  const auto restored = restore(engine_.files());
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ(restored->sales, 4U);
  EXPECT_EQ(restored->paused_sales, 3U);  // one is closed, and that is final
  auto machine = engine_on(engine_.files(), "new");
  ASSERT_TRUE(machine->start().ok());
  const sale::Catalog& catalog = machine->engine().catalog();
  EXPECT_EQ(catalog.find("demo")->status(), sale::SaleStatus::paused);
  EXPECT_EQ(catalog.find("early")->status(), sale::SaleStatus::paused);
  EXPECT_EQ(catalog.find("over")->status(), sale::SaleStatus::closed);
  auto reply = machine->ask(claim_of("demo", "zoe"));
  EXPECT_EQ(std::get<store::ClaimReply>(reply).refusal, sale::Refusal::paused);
  machine->ask(sale::SteerSale{sale::Slug("demo"), sale::SaleAction::resume});
  reply = machine->ask(claim_of("demo", "zoe"));
  EXPECT_EQ(std::get<store::ClaimReply>(reply).verdict, sale::ClaimVerdict::granted);
}

// A shop confirms what a buyer won after the backup. His claim is gone, and another buyer has its
// number: nobody else's claim may be confirmed for his money.
TEST_F(Backups, WhenRestoredKnowTheIdsOfKeptClaimsAndNoneOfLostOnes) {
  const auto kept = claim("held", 0, 3);
  ASSERT_TRUE(back_up(engine_.files()).ok());
  const auto lost = claim("held", 3, 6);
  ASSERT_TRUE(restore(engine_.files()).ok());
  auto machine = engine_on(engine_.files(), "new");
  ASSERT_TRUE(machine->start().ok());
  machine->ask(sale::SteerSale{sale::Slug("held"), sale::SaleAction::resume});
  std::vector<sale::ClaimId> fresh;
  for (int i = 0; i < 5; ++i) {
    const auto reply = machine->ask(claim_of("held", "late-" + std::to_string(i)));
    fresh.push_back(std::get<store::ClaimReply>(reply).claim.id);
  }
  const auto confirm = [&](sale::ClaimId id) {
    return machine->ask(store::ConfirmClaim{sale::Slug("held"), id, sale::Reference("order")});
  };
  for (const sale::ClaimId id : lost) {
    EXPECT_TRUE(std::holds_alternative<store::NoSuchClaim>(confirm(id)));
    EXPECT_EQ(std::ranges::count(fresh, id), 0);
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto reply = confirm(kept[i]);
    const auto& told = std::get<store::ClaimChangeReply>(reply);
    EXPECT_EQ(told.change, sale::ClaimChange::done);
    EXPECT_EQ(told.claim.buyer.view(), "buyer-" + std::to_string(i));
    EXPECT_EQ(told.claim.id, kept[i]);
  }
  for (const sale::ClaimId id : fresh) {
    EXPECT_TRUE(std::holds_alternative<store::ClaimChangeReply>(confirm(id)));
  }
  // A sale that was closed then grants nothing, so that each of its ids is of before; of sales that
  // came later none is.
  const ClaimIds before(identity());
  const ClaimIds after(*read_identity(engine_.files(), "new"));
  EXPECT_EQ(after.encode({{2}, {1}}), before.encode({{2}, {1}}));
  EXPECT_NE(after.encode({{4}, {0}}), before.encode({{4}, {0}}));
}

TEST_F(Backups, WhenRestoredKnowCursorsOfKeptEventsAndNoneOfLostOnes) {
  claim("demo", 0, 5);
  const auto backup = back_up(engine_.files());
  ASSERT_TRUE(backup.ok());
  ASSERT_TRUE(restore(engine_.files()).ok());
  const StoreIdentity before = identity();
  const StoreIdentity after = *read_identity(engine_.files(), "new");
  EXPECT_NE(after.incarnation, before.incarnation);
  const Cursors old_ones(before);
  const Cursors cursors(after);
  const std::uint64_t last = backup->events;
  EXPECT_EQ(cursors.parse(old_ones.print(last)), last);
  EXPECT_EQ(cursors.print(last), old_ones.print(last)) << "the bytes of an event never change";
  EXPECT_EQ(cursors.incarnation_of(last), to_hex(before.incarnation));
  EXPECT_FALSE(cursors.parse(old_ones.print(last + 1))) << "of an event that is lost";
  EXPECT_EQ(cursors.parse(cursors.print(last + 1)), last + 1);
  EXPECT_EQ(cursors.incarnation_of(last + 1), to_hex(after.incarnation));
  for (const char* text : {"", "x", "-", "7-", "7-00000000", "18446744073709551616"}) {
    EXPECT_FALSE(cursors.parse(text)) << text;
  }
}

TEST_F(Backups, OfWhatWasRestoredRememberEveryAge) {
  const auto first = claim("held", 0, 2);
  ASSERT_TRUE(back_up(engine_.files()).ok());
  ASSERT_TRUE(restore(engine_.files()).ok());
  auto machine = engine_on(engine_.files(), "new");
  ASSERT_TRUE(machine->start().ok());
  machine->ask(sale::SteerSale{sale::Slug("held"), sale::SaleAction::resume});
  const auto reply = machine->ask(claim_of("held", "late"));
  const sale::ClaimId second = std::get<store::ClaimReply>(reply).claim.id;
  ASSERT_TRUE(take_backup(machine->files(), "new", "backup-2", kAfterBackup).ok());
  const auto again =
      restore_backup(machine->files(), "backup-2", "newest", bytes_from(6), kAfterBackup);
  ASSERT_TRUE(again.ok()) << again.error().message;
  const auto identity = read_identity(machine->files(), "newest");
  ASSERT_TRUE(identity.ok());
  ASSERT_EQ(identity->former.size(), 2U);
  const ClaimIds ids(*identity);
  EXPECT_EQ(ids.decode(first[1])->claim.value, 1U);
  EXPECT_EQ(ids.decode(second)->claim.value, 2U);
  EXPECT_EQ(ids.encode({ids.decode(second)->sale, {2}}), second);
  EXPECT_TRUE(verify_directory(machine->files(), "newest").ok());
}

TEST_F(Backups, AreNoPlaceToServeFrom) {
  ASSERT_TRUE(back_up(engine_.files()).ok());
  const Status started = engine_on(engine_.files(), "backup")->start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().message,
            "backup is a backup: doorbuster restore makes a data directory of it");
}

TEST_F(Backups, OverwriteNothing) {
  ASSERT_TRUE(back_up(engine_.files()).ok());
  const auto again = back_up(engine_.files());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(restore(engine_.files(), "data").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(restore(engine_.files(), "backup").error().code, ErrorCode::invalid_argument);
  engine_.files().put_directory("used");
  engine_.files().put_file("used/note", {});
  EXPECT_EQ(restore(engine_.files(), "used").error().message,
            "used is not empty: it holds used/note, and nothing is overwritten");
}

TEST_F(Backups, ThatLackAFileAreRefusedByName) {
  claim("demo", 0, 60);
  take_snapshot_now();
  claim("demo", 60, 130);
  ASSERT_TRUE(back_up(engine_.files()).ok());
  for (const std::string& path : engine_.files().paths()) {
    if (!path.starts_with("backup/")) continue;
    const auto machine = engine_.files().clone();
    machine->erase(path);
    const auto restored = restore(*machine);
    ASSERT_FALSE(restored.ok()) << path;
    EXPECT_NE(restored.error().message.find("backup"), std::string::npos) << path;
    EXPECT_FALSE(verify_directory(*machine, "backup").ok()) << path;
  }
}

// Between any two calls of the backup's the server sells, seals segments, takes a snapshot and
// removes what that covers.
TEST_F(Backups, AreWholeWhateverTheServerDoesMeanwhile) {
  claim("demo", 0, 60);
  take_snapshot_now(0);
  claim("demo", 60, 130);
  int buyer = 1000;
  for (std::uint64_t begin = 0;; ++begin) {
    std::uint64_t calls = 0;
    bool happened = false;
    InterceptedFiles files(engine_.files(), std::size_t{1} << 20, [&] {
      if (calls++ != begin) return;
      happened = true;
      claim("demo", buyer, buyer + 60);
      buyer += 60;
      take_snapshot_now(0);
      claim("demo", buyer, buyer + 2);
      buyer += 2;
    });
    const std::uint64_t before = events();
    const auto backup = back_up(files);
    ASSERT_TRUE(backup.ok()) << begin << ": " << backup.error().message;
    const auto machine = engine_.files().clone();
    expect_whole(*machine, before);
    if (HasFailure()) FAIL() << begin;
    if (!happened) break;
    for (const std::string& path : engine_.files().paths()) {
      if (path.starts_with("backup/")) engine_.files().erase(path);
    }
  }
}

// The place of a group is read before it is written, and those behind it after.
TEST_F(Backups, TakeNoGroupForDamageThatWasBeingWritten) {
  claim("demo", 0, 3);
  int buyer = 1000;
  std::uint64_t calls = 0;
  InterceptedFiles files(engine_.files(), kBlockBytes, [&] {
    if (++calls % 7 != 0 || calls > 700) return;
    claim("demo", buyer, buyer + 2);
    buyer += 2;
  });
  const auto report = verify_directory(files, "data");
  EXPECT_TRUE(report.ok()) << report.error().message;
  calls = 0;
  const auto backup = back_up(files);
  EXPECT_TRUE(backup.ok()) << backup.error().message;
}

TEST_F(Backups, ThatEndEarlyAreNoneOrWhole) {
  claim("demo", 0, 60);
  take_snapshot_now();
  claim("demo", 60, 64);
  engine_.files().put_file("data/keys.json", std::as_bytes(std::span("{}", 2)));
  std::vector<std::unique_ptr<SimulatedFileSystem>> moments;
  engine_.files().set_trace(
      [&](const OperationRecord&) { moments.push_back(engine_.files().clone()); });
  ASSERT_TRUE(back_up(engine_.files()).ok());
  engine_.files().set_trace({});
  moments.push_back(engine_.files().clone());
  int whole = 0;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    Random random(i);
    moments[i]->crash(random);
    const auto restored = restore(*moments[i]);
    if (restored.ok()) {
      ++whole;
      EXPECT_EQ(restored->kept_digest, digests_.at(events())) << i;
    } else {
      EXPECT_EQ(restored.error().code, ErrorCode::not_found) << i << restored.error().message;
    }
    EXPECT_TRUE(verify_directory(*moments[i], "data").ok());
  }
  EXPECT_GE(whole, 1);
}

TEST_F(Backups, ThatMeetAFaultAreNoneOrWhole) {
  claim("demo", 0, 60);
  take_snapshot_now();
  claim("demo", 60, 64);
  for (const bool for_ever : {false, true}) {
    for (std::uint64_t k = 1;; ++k) {
      const auto machine = engine_.files().clone();
      machine->fail_operation(k, for_ever);
      const auto backup = back_up(*machine);
      if (backup.ok()) break;
      machine->faults().clear();
      const auto restored = restore(*machine);
      if (restored.ok()) {
        EXPECT_EQ(restored->kept_digest, digests_.at(events())) << k;
      }
    }
  }
}

TEST_F(Backups, OnAFullDiskEndWithAnErrorAndDisturbNothing) {
  claim("demo", 0, 20);
  for (std::uint64_t room = 0; room < 256 * 1024; room += 12 * 1024 + 512) {
    const auto machine = engine_.files().clone();
    machine->set_capacity(machine->used_bytes() + room);
    const auto backup = back_up(*machine);
    if (backup.ok()) continue;
    EXPECT_EQ(backup.error().code, ErrorCode::storage_unavailable) << backup.error().message;
    machine->set_capacity(std::uint64_t{1} << 40);
    EXPECT_EQ(restore(*machine).error().code, ErrorCode::not_found);
    EXPECT_TRUE(engine_on(*machine, "data")->start().ok());
  }
}

TEST_F(Backups, WhenRestoringEndsEarlyNothingStartsFromIt) {
  claim("demo", 0, 60);
  take_snapshot_now();
  claim("demo", 60, 64);
  ASSERT_TRUE(back_up(engine_.files()).ok());
  std::vector<std::unique_ptr<SimulatedFileSystem>> moments;
  engine_.files().set_trace([&](const OperationRecord&) {
    // Before, there is nothing that could be taken for a store.
    if (engine_.files().contents_on_disk("new/unfinished")) {
      moments.push_back(engine_.files().clone());
    }
  });
  const auto restored = restore(engine_.files());
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  engine_.files().set_trace({});
  ASSERT_GT(moments.size(), 20U);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    Random random(i);
    moments[i]->crash(random);
    auto machine = engine_on(*moments[i], "new");
    const Status started = machine->start();
    if (started.ok()) {
      const auto report = verify_directory(machine->files(), "new");
      ASSERT_TRUE(report.ok()) << i << report.error().message;
      EXPECT_EQ(report->incarnation, restored->incarnation) << i;
      EXPECT_EQ(report->events, restored->events) << i;
    }
    EXPECT_FALSE(restore(*moments[i]).ok()) << i << ": nothing is overwritten";
  }
}

// The pauses take more than one group.
TEST_F(Backups, OfVeryManySalesAreRestoredWithEachOfThemPaused) {
  SimulatedEngine many(13, {.segment_bytes = 4 << 20, .max_waiting = 20'000});
  ASSERT_TRUE(many.start().ok());
  constexpr std::uint64_t kSales = 12'000;
  for (std::uint64_t i = 0; i < kSales; ++i) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "sale-" + std::to_string(i);
    definition->stock = 1;
    ASSERT_TRUE(many.submit(sale::CreateSale{definition}));
  }
  many.settle();
  ASSERT_TRUE(back_up(many.files()).ok());
  const auto restored = restore(many.files());
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->paused_sales, kSales);
  EXPECT_EQ(restored->events, 3 * kSales);  // created, opened, paused
  EXPECT_GT(restored->groups, 1U);
  const auto report = verify_directory(many.files(), "new");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->sales.size(), kSales);
}

}  // namespace
}  // namespace doorbuster::embedded
