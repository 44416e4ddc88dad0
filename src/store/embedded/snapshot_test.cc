// Snapshots: that they hold what the journal folds to, whatever happens while they are taken.
#include "store/embedded/snapshot.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "sale/invariants.h"
#include "sim/simulated_engine.h"
#include "store/embedded/running_store_test.h"
#include "store/embedded/snapshotter.h"
#include "store/embedded/verify.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::kGoOn;
using simulation::SimulatedEngine;
using simulation::SimulatedFileSystem;

std::vector<std::string> names_in(SimulatedFileSystem& files, const std::string& directory) {
  const auto names = files.list(directory);
  return names ? *names : std::vector<std::string>();
}

// An engine whose segments hold few groups, and whose snapshots are taken by hand.
class Snapshots : public testing::Test {
 protected:
  Snapshots() : engine_(7, {.segment_bytes = 208 * 1024, .max_group_bytes = 192 * 1024}) {
    EXPECT_TRUE(engine_.start().ok());
    open_sale("demo", 10'000, 3);
    open_sale("other", 5, 1);
  }

  void open_sale(const std::string& slug, std::uint32_t stock, sale::Quantity limit) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = stock;
    definition->per_buyer_limit = limit;
    engine_.ask(sale::CreateSale{definition});
  }
  // Each in a group of its own: some fifty fill a segment.
  void claim(int from, int to, const std::string& slug = "demo") {
    for (int i = from; i < to; ++i) {
      const bool long_buyer = i % 7 == 0;
      const std::string buyer =
          "buyer-" + std::to_string(i) + (long_buyer ? std::string(40, 'x') : "");
      engine_.ask(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer),
                                   static_cast<sale::Quantity>(1 + i % 2),
                                   sale::Key(i % 3 == 0 ? "key-" + std::to_string(i) : "")});
    }
  }
  std::uint64_t digest() { return sale::digest(engine_.engine().catalog()); }
  std::uint64_t last_sealed() { return last_segment(engine_.files()) - 1; }
  // That groups have been written to.
  static std::uint64_t last_segment(SimulatedFileSystem& files) {
    std::uint64_t last = 0;
    for (const std::string& name : names_in(files, "data/journal")) {
      const auto bytes = *files.contents("data/journal/" + name);
      if (segment_number(name) && decode_segment_header(std::span(bytes).first(kBlockBytes)).ok()) {
        last = *segment_number(name);
      }
    }
    return last;
  }
  SnapshotTask task(SnapshotOptions options = {}) {
    return {"data", *read_identity(engine_.files(), "data"), options, last_sealed(), 1};
  }
  Result<SnapshotTaken> take(SnapshotOptions options = {}) {
    return take_snapshot(engine_.files(), task(options), kGoOn);
  }
  std::vector<std::string> snapshot_files() { return names_in(engine_.files(), "data/snapshots"); }
  std::string newest_manifest() {
    for (const std::string& name : snapshot_files()) {
      if (name.ends_with(kManifestSuffix)) return name;
    }
    return {};
  }
  std::string first_segment() {
    const auto names = segments();
    return names.front();
  }
  std::vector<std::string> segments() { return names_in(engine_.files(), "data/journal"); }
  Result<VerifyReport> verify() { return verify_directory(engine_.files(), "data"); }

  SimulatedEngine engine_;
};

TEST_F(Snapshots, WhatTheWholeJournalFoldsToIsWhatASnapshotAndItsTailHold) {
  claim(0, 130);
  claim(0, 4, "other");
  const auto before = digest();
  ASSERT_TRUE(take().ok());
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->images, 2U);
  EXPECT_EQ(report->digest, before);
  const auto whole = read_whole_journal(
      engine_.files(), "data", *read_identity(engine_.files(), "data"), report->groups + 1);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(sale::digest(whole->catalog), before);
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(digest(), before);
}

// A thread that is in the kernel for long keeps the committer waiting.
TEST_F(Snapshots, ReadAndWriteInSmallPieces) {
  claim(0, 130);
  engine_.files().take_longest_transfer();
  ASSERT_TRUE(take().ok());
  EXPECT_LE(engine_.files().take_longest_transfer(), 128U * 1024);
}

TEST_F(Snapshots, TheNextOneKeepsTheImagesOfSalesThatNothingHappenedTo) {
  claim(0, 130);
  ASSERT_TRUE(take().ok());
  claim(130, 260);
  const auto before = digest();
  ASSERT_TRUE(take().ok());
  const auto manifest = read_newest_manifest(engine_.files(), "data/snapshots",
                                             read_identity(engine_.files(), "data")->incarnation);
  ASSERT_TRUE(manifest.ok() && manifest->has_value());
  ASSERT_EQ((*manifest)->images.size(), 2U);
  EXPECT_EQ((*manifest)->images[0].file, 2U);
  EXPECT_EQ(verify()->digest, before);
}

TEST_F(Snapshots, ManySnapshotsOneAfterTheOtherLoseAndRepeatNothing) {
  for (int round = 0; round < 12; ++round) {
    open_sale("sale-" + std::to_string(round), 50, 1);
    claim(round * 40, round * 40 + 40);
    claim(0, 3, "sale-" + std::to_string(round / 2));
    const auto before = digest();
    ASSERT_TRUE(take({.retain_bytes = round % 3 * 208 * 1024U}).ok());
    engine_.kill();
    ASSERT_TRUE(engine_.start().ok());
    ASSERT_EQ(digest(), before);
    const auto report = verify();
    ASSERT_TRUE(report.ok()) << report.error().message;
  }
  // Files of which little is still named have been written anew.
  EXPECT_LE(snapshot_files().size(), 5U);
}

TEST_F(Snapshots, SalesAreTakenInBatchesThatFitTheMemoryTheyMayHave) {
  for (int i = 0; i < 20; ++i) open_sale("sale-" + std::to_string(i), 50, 3);
  for (int i = 0; i < 20; ++i) claim(0, 10, "sale-" + std::to_string(i));
  const auto before = digest();
  ASSERT_TRUE(take({.batch_bytes = 4000}).ok());
  EXPECT_GT(snapshot_files().size(), 4U);
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->digest, before);
}

TEST_F(Snapshots, SegmentsAreRemovedFromTheFirstOnAsFarAsTheyNeedNotBeKept) {
  claim(0, 260);
  const auto before = digest();
  ASSERT_GE(last_sealed(), 4U);
  const std::string third = segment_name(last_sealed() - 1);
  ASSERT_TRUE(take({.retain_bytes = 2 * 208 * 1024}).ok());
  EXPECT_EQ(first_segment(), third);
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->digest, before);
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(digest(), before);
}

constexpr Time kNow{std::chrono::hours(24)};

TEST(Retention, KeepsNoSegmentLongerThanItIsToldTo) {
  const std::vector<CoveredSegment> covered = {
      {4, 100, kNow - 30s}, {5, 100, kNow - 20s}, {6, 100, kNow - 10s}};
  const auto removed = [&](std::uint64_t bytes, std::chrono::seconds seconds) {
    return segments_to_remove(covered, {.retain_bytes = bytes, .retain_seconds = seconds}, kNow);
  };
  EXPECT_EQ(removed(1000, 0s), 0U);
  EXPECT_EQ(removed(1000, 30s), 0U);
  EXPECT_EQ(removed(1000, 29s), 1U);
  EXPECT_EQ(removed(1000, 15s), 2U);
  EXPECT_EQ(removed(1000, 5s), 3U);
  EXPECT_EQ(removed(100, 30s), 2U) << "the bytes are the most there may be";
}

TEST_F(Snapshots, RemoveSegmentsWhoseEventsAreOlderThanTheyAreToBeKept) {
  claim(0, 130);
  engine_.clock().advance(100s);
  claim(130, 300);
  ASSERT_GT(last_sealed(), 3U);
  SnapshotTask wanted = task({.retain_seconds = 50s});
  wanted.now = engine_.engine().now();
  ASSERT_TRUE(take_snapshot(engine_.files(), wanted, kGoOn).ok());
  EXPECT_EQ(first_segment(), segment_name(3));  // the one in which the time went by
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
}

TEST(Retention, KeepsTheNewestSegmentsUpToTheBytesAllowed) {
  const std::vector<CoveredSegment> covered = {{4, 100}, {5, 100}, {6, 100}};
  EXPECT_EQ(segments_to_remove(covered, {.retain_bytes = 0}, kNow), 3U);
  EXPECT_EQ(segments_to_remove(covered, {.retain_bytes = 99}, kNow), 3U);
  EXPECT_EQ(segments_to_remove(covered, {.retain_bytes = 100}, kNow), 2U);
  EXPECT_EQ(segments_to_remove(covered, {.retain_bytes = 299}, kNow), 1U);
  EXPECT_EQ(segments_to_remove(covered, {.retain_bytes = 300}, kNow), 0U);
  EXPECT_EQ(segments_to_remove({}, {.retain_bytes = 0}, kNow), 0U);
}

TEST(Retention, LargeImagesMakeSnapshotsRarer) {
  const SnapshotOptions options{.segments = 4};
  EXPECT_FALSE(worth_a_snapshot(3, 64, 0, options));
  EXPECT_TRUE(worth_a_snapshot(4, 64, 0, options));
  EXPECT_TRUE(worth_a_snapshot(4, 64, 2048, options));
  EXPECT_FALSE(worth_a_snapshot(4, 64, 2056, options));
  EXPECT_TRUE(worth_a_snapshot(5, 64, 2056, options));
  EXPECT_FALSE(worth_a_snapshot(100, 64, 0, {.segments = 0}));
}

TEST_F(Snapshots, EveryChangedBitOfAnImageIsFoundAndNamed) {
  claim(0, 60);
  ASSERT_TRUE(take({.retain_bytes = 0}).ok());
  const std::string path = "data/snapshots/0000000001.images";
  const auto size = engine_.files().contents(path)->size();
  for (std::uint64_t at = 0; at < size; ++at) {
    ASSERT_TRUE(engine_.files().flip_bit(path, at, at % 8));
    const auto report = verify();
    ASSERT_FALSE(report.ok()) << at;
    EXPECT_TRUE(report.error().code == ErrorCode::data_damaged) << report.error().message;
    EXPECT_EQ(report.error().message.find(path + ", offset "), 0U) << report.error().message;
    EXPECT_NE(report.error().message.find("(sale "), std::string::npos) << report.error().message;
    ASSERT_TRUE(engine_.files().flip_bit(path, at, at % 8));
  }
  EXPECT_TRUE(verify().ok());
}

TEST_F(Snapshots, EveryChangedBitOfAManifestIsFoundAndNamed) {
  claim(0, 60);
  ASSERT_TRUE(take({.retain_bytes = 0}).ok());
  const std::string path = "data/snapshots/" + newest_manifest();
  ASSERT_TRUE(path.ends_with(kManifestSuffix));
  const auto size = engine_.files().contents(path)->size();
  engine_.kill();
  for (std::uint64_t bit = 0; bit < size * 8; ++bit) {
    ASSERT_TRUE(engine_.files().flip_bit(path, bit / 8, bit % 8));
    const Status started = engine_.start();
    ASSERT_FALSE(started.ok()) << bit;
    EXPECT_EQ(started.error().code, ErrorCode::data_damaged) << started.error().message;
    EXPECT_EQ(started.error().message.find(path + ", offset "), 0U) << started.error().message;
    ASSERT_TRUE(engine_.files().flip_bit(path, bit / 8, bit % 8));
  }
  EXPECT_TRUE(engine_.start().ok());
}

TEST_F(Snapshots, ACutOrMissingFileIsNamed) {
  claim(0, 60);
  ASSERT_TRUE(take({.retain_bytes = 0}).ok());
  const std::string images = "data/snapshots/0000000001.images";
  const auto bytes = *engine_.files().contents(images);
  ASSERT_TRUE(engine_.files().truncate(images, bytes.size() - 1));
  EXPECT_EQ(verify().error().message.find(images + ", offset"), 0U);
  ASSERT_TRUE(engine_.files().erase(images));
  EXPECT_EQ(verify().error().message.find(images + " is missing"), 0U);
  engine_.files().put_file(images, bytes);
  EXPECT_TRUE(verify().ok());
  const std::string segment = "data/journal/0000000002.seg";
  ASSERT_TRUE(engine_.files().erase(segment));
  EXPECT_NE(verify().error().message.find("0000000002.seg is missing"), std::string::npos);
}

TEST_F(Snapshots, AnImageOfAnOlderSnapshotPutInItsPlaceIsFound) {
  claim(0, 60);
  ASSERT_TRUE(take().ok());
  const auto old = *engine_.files().contents("data/snapshots/0000000001.images");
  claim(60, 120);
  ASSERT_TRUE(take().ok());
  auto put_back = old;
  put_back[16] = std::byte{2};  // as if it were the second file
  engine_.files().put_file("data/snapshots/0000000002.images", put_back);
  EXPECT_EQ(verify().error().code, ErrorCode::data_damaged);
  engine_.files().put_file("data/snapshots/0000000002.images", old);
  EXPECT_EQ(verify().error().code, ErrorCode::data_damaged);
}

TEST_F(Snapshots, AChangedBitInASegmentThatIsKeptIsFoundByVerify) {
  claim(0, 260);
  ASSERT_TRUE(take({.retain_bytes = 2 * 208 * 1024}).ok());
  const std::string path = "data/journal/" + first_segment();
  const auto bytes = *engine_.files().contents(path);
  for (std::size_t offset = kBlockBytes; offset < bytes.size(); offset += 4 * kBlockBytes) {
    if (!decode_group(std::span(bytes).subspan(offset))) break;
    ASSERT_TRUE(engine_.files().flip_bit(path, offset + 140, 3));
    const auto report = verify();
    ASSERT_FALSE(report.ok()) << offset;
    EXPECT_EQ(report.error().message.find(path + ", offset " + std::to_string(offset)), 0U)
        << report.error().message;
    ASSERT_TRUE(engine_.files().flip_bit(path, offset + 140, 3));
  }
  EXPECT_TRUE(verify().ok());
}

TEST_F(Snapshots, AJournalThatEndsBeforeWhereItWasDurableIsDamage) {
  claim(0, 60);
  auto wanted = task();
  const auto report = verify();
  ASSERT_TRUE(report.ok());
  wanted.durable_group = report->groups;
  ASSERT_TRUE(take_snapshot(engine_.files(), wanted, kGoOn).ok());
  engine_.lose_power();
  // The last group alone: without the snapshot this would be taken for torn.
  const std::string path = "data/journal/" + segment_name(last_segment(engine_.files()));
  const auto bytes = *engine_.files().contents(path);
  std::size_t last = kBlockBytes;
  while (decode_group(std::span(bytes).subspan(last + kBlockBytes))) last += kBlockBytes;
  ASSERT_TRUE(engine_.files().flip_bit(path, last + 20, 0));
  const Status started = engine_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::data_damaged);
  EXPECT_EQ(started.error().message.find(path + ", offset " + std::to_string(last)), 0U)
      << started.error().message;
}

TEST_F(Snapshots, ANewerFormatIsRefusedByItsName) {
  claim(0, 60);
  ASSERT_TRUE(take().ok());
  const auto file = engine_.files().open("data/snapshots/0000009999.manifest", OpenMode::create);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(write_header(**file, {CheckedKind::manifest, 9999, {}}, kFormatVersion + 1).ok());
  engine_.kill();
  const Status started = engine_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::unsupported);
  EXPECT_NE(started.error().message.find("0000009999.manifest has format"), std::string::npos);
}

// Every I/O of taking a snapshot, and of removing what it covers.
class SnapshotAtEveryPoint : public Snapshots {
 protected:
  SnapshotAtEveryPoint() {
    claim(0, 60);
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "done";
    definition->stock = 5;
    definition->archive_after_seconds = 60;
    engine_.ask(sale::CreateSale{definition});
    claim(0, 3, "done");
    engine_.ask(sale::SteerSale{sale::Slug("done"), sale::SaleAction::close});
    EXPECT_TRUE(take(kOptions).ok());
    claim(60, 180);
    before_ = digest();
    wanted_ = task(kOptions);
    wanted_.now = engine_.engine().now() + 61s;  // "done" is archived, and though nothing happened
    engine_.kill();
  }

  // What is there must start, hold everything, and be able to take the snapshot after all.
  void expect_whole(SimulatedFileSystem& files, const std::string& where) {
    const auto report = verify_directory(files, "data");
    ASSERT_TRUE(report.ok()) << where << ": " << report.error().message;
    ASSERT_EQ(report->digest, before_) << where;
    const auto taken = take_snapshot(files, wanted_, kGoOn);
    ASSERT_TRUE(taken.ok()) << where << ": " << taken.error().message;
    const auto again = verify_directory(files, "data");
    ASSERT_TRUE(again.ok()) << where << ": " << again.error().message;
    ASSERT_EQ(again->digest, before_) << where;
    for (const std::string& name : names_in(files, "data/snapshots")) {
      EXPECT_FALSE(name.ends_with(kTemporarySuffix)) << where << ": " << name;
    }
    EXPECT_EQ(names_in(files, "data/snapshots").size(), 3U) << where;
    ASSERT_TRUE(archives_done(files)) << where;
  }

  // Whether recovery leaves the claims of "done" where they are.
  static bool archives_done(SimulatedFileSystem& files) {
    const auto recovered = recover_store(files, "data", [](std::span<std::uint8_t>) {});
    return recovered.ok() && recovered->catalog.find("done")->archived() &&
           recovered->archive->size() == 1;
  }

  static constexpr SnapshotOptions kOptions{.retain_bytes = 208 * 1024};
  std::uint64_t before_ = 0;
  SnapshotTask wanted_;
};

TEST_F(SnapshotAtEveryPoint, APowerCutLeavesTheOldOneOrTheNew) {
#ifdef __SANITIZE_THREAD__
  constexpr std::uint64_t kSeeds = 3;  // it runs on one thread
#else
  constexpr std::uint64_t kSeeds = 20;
#endif
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    simulation::Random random(seed);
    const auto files = engine_.files().clone();
    std::vector<std::unique_ptr<SimulatedFileSystem>> left;
    files->set_trace([&](const simulation::OperationRecord&) {
      left.push_back(files->clone());
      left.back()->crash(random);
    });
    ASSERT_TRUE(take_snapshot(*files, wanted_, kGoOn).ok());
    files->set_trace({});
    for (std::size_t i = 0; i < left.size(); ++i) {
      expect_whole(*left[i], "seed " + std::to_string(seed) + ", cut " + std::to_string(i));
      if (HasFatalFailure()) return;
    }
    cuts += left.size();
  }
  EXPECT_GT(cuts, 25 * kSeeds);
}

TEST_F(SnapshotAtEveryPoint, AFailedOperationLeavesTheOldOneOrTheNew) {
  for (const bool for_ever : {false, true}) {
    for (std::uint64_t number = 1;; ++number) {
      const auto files = engine_.files().clone();
      files->fail_operation(files->operations() + number, for_ever);
      const auto taken = take_snapshot(*files, wanted_, kGoOn);
      const bool reached = files->operations() >= number;
      files->faults().clear();
      const std::string where = "operation " + std::to_string(number) + (for_ever ? " on" : "");
      if (!reached) break;
      EXPECT_TRUE(!taken.ok() || !for_ever) << where;
      const auto cut = files->clone();
      simulation::Random random(number);
      cut->crash(random);
      expect_whole(*files, where);
      expect_whole(*cut, where + ", then a power cut");
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(SnapshotAtEveryPoint, AFullDiskLeavesNothingBehind) {
  const auto files = engine_.files().clone();
  const auto names = names_in(*files, "data/snapshots");
  files->set_capacity(files->used_bytes() + 2000);
  const auto taken = take_snapshot(*files, wanted_, kGoOn);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::storage_unavailable);
  EXPECT_EQ(names_in(*files, "data/snapshots"), names);
  files->set_capacity(1 << 30);
  expect_whole(*files, "after a full disk");
}

TEST_F(SnapshotAtEveryPoint, AStopEndsItAndLeavesNothingBehind) {
  const auto files = engine_.files().clone();
  const auto names = names_in(*files, "data/snapshots");
  const std::atomic<bool> stopping = true;
  EXPECT_FALSE(take_snapshot(*files, wanted_, stopping).ok());
  EXPECT_EQ(names_in(*files, "data/snapshots"), names);
}

// The engine takes them by itself.
class SnapshotsByTheEngine : public testing::Test {
 protected:
  SnapshotsByTheEngine()
      : engine_(11, {.segment_bytes = 208 * 1024,
                     .max_group_bytes = 192 * 1024,
                     .snapshots = {.segments = 2, .retain_bytes = 208 * 1024}}) {
    EXPECT_TRUE(engine_.start().ok());
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "demo";
    definition->stock = 10'000;
    engine_.ask(sale::CreateSale{definition});
  }
  // Without the worker that takes snapshots.
  void claim(int from, int to) {
    for (int i = from; i < to; ++i) {
      engine_.submit(
          sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId("buyer-" + std::to_string(i)), 1, {}});
      engine_.turn();
      while (!engine_.committer().idle() || !engine_.preparer().idle()) {
        if (!engine_.committer().idle()) engine_.committer().run_one();
        if (!engine_.preparer().idle()) engine_.preparer().run_one();
        engine_.turn();
      }
    }
  }
  std::vector<std::string> snapshot_files() { return names_in(engine_.files(), "data/snapshots"); }

  SimulatedEngine engine_;
};

TEST_F(SnapshotsByTheEngine, AreBegunWhenEnoughSegmentsAreSealed) {
  claim(0, 90);
  EXPECT_TRUE(engine_.snapshots().idle());
  claim(90, 110);
  EXPECT_FALSE(engine_.snapshots().idle());
}

TEST_F(SnapshotsByTheEngine, HoldWhatWasSealedThoughClaimsGoOnMeanwhile) {
  claim(0, 230);
  engine_.settle();
  claim(230, 300);
  EXPECT_EQ(snapshot_files().size(), 2U);
  const auto before = sale::digest(engine_.engine().catalog());
  const auto report = verify_directory(engine_.files(), "data");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->digest, before);
  EXPECT_EQ(report->images, 1U);
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(sale::digest(engine_.engine().catalog()), before);
}

TEST_F(SnapshotsByTheEngine, AFailureIsToldAndStopsNobody) {
  engine_.files().faults().add({.path_part = "snapshots", .for_ever = true});
  claim(0, 110);
  engine_.settle();
  claim(110, 120);
  EXPECT_FALSE(engine_.failure());
  EXPECT_NE(engine_.engine().snapshot_problem(), "");
  engine_.files().faults().clear();
  claim(120, 125);
  EXPECT_TRUE(engine_.snapshots().idle());  // not before some time has passed
  engine_.clock().advance(11s);
  claim(125, 126);
  engine_.settle();
  claim(126, 127);
  EXPECT_EQ(engine_.engine().snapshot_problem(), "");
  EXPECT_EQ(snapshot_files().size(), 2U);
}

TEST_F(SnapshotsByTheEngine, OneThatIsDueIsBegunAtTheStart) {
  claim(0, 110);
  engine_.kill();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_FALSE(engine_.snapshots().idle());
  engine_.settle();
  EXPECT_EQ(snapshot_files().size(), 2U);
}

TEST_F(SnapshotsByTheEngine, NoneIsTakenWhileTheEngineStops) {
  claim(0, 110);
  engine_.stop_in_good_order();
  EXPECT_TRUE(snapshot_files().empty());
}

TEST(SnapshotsOfARunningStore, AreTakenByAThreadOfTheirOwnWhileClaimsGoOn) {
  std::string directory = std::filesystem::temp_directory_path() / "doorbuster-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::string data = directory + "/data";
  const auto files = make_system_file_system();
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "demo";
  definition->stock = 1'000'000;
  std::uint32_t claims = 0;
  {
    RunningStore store(data, {.segments = 1, .retain_bytes = 0});
    store.ask(sale::CreateSale{definition});
    const auto first_is_gone = [&] {
      return !files->open(data + "/journal/0000000001.seg", OpenMode::read).ok();
    };
    // A segment is full after some 250 of them.
    while (!first_is_gone() && claims < 100'000) {
      const std::string buyer = "buyer-" + std::to_string(claims++);
      store.ask(sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId(buyer), 1, {}});
    }
    EXPECT_TRUE(first_is_gone());
    EXPECT_EQ(store.condition("snapshot"), "ok");
  }
  const auto report = verify_directory(*files, data);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->images, 1U);
  EXPECT_EQ(report->sales[0].claims, claims);
  EXPECT_TRUE(report->clean_stop);
  RunningStore again(data, {.segments = 1, .retain_bytes = 0});
  const auto reply = again.ask(store::ReadSale{sale::Slug("demo")});
  EXPECT_EQ(std::get<store::SaleView>(reply).claims, claims);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace doorbuster::embedded
