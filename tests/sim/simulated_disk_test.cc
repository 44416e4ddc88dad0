// What a power cut does to names: every outcome that the model allows is met, and no other.
#include "sim/simulated_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace doorbuster::simulation {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr int kDiskSeeds = 300;

void create(SimulatedDisk& disk, const std::string& path, const std::string& text) {
  auto& content = disk.content(disk.create(path));
  content.write(0, std::as_bytes(std::span(text.data(), text.size())));
  content.sync();
}

SimulatedDisk with_directory() {
  SimulatedDisk disk;
  disk.create_directory("/d");
  disk.sync_directory("/");
  return disk;
}

// All files as "name=content name=content".
std::string seen(const SimulatedDisk& disk) {
  std::string result;
  for (const std::string& path : disk.paths()) {
    const auto& content = disk.content(*disk.find(path));
    std::string text(content.size(), '?');
    content.read(0, std::as_writable_bytes(std::span(text)));
    if (!result.empty()) result += ' ';
    result.append(path).append("=").append(text);
  }
  return result;
}

// What is left of it in many crashes.
std::set<std::string> after_crashes(const SimulatedDisk& disk) {
  std::set<std::string> result;
  for (int seed = 0; seed < kDiskSeeds; ++seed) {
    SimulatedDisk crashed = disk;
    Random random(seed);
    crashed.crash(random, CrashOdds());
    result.insert(seen(crashed));
    const std::string first = seen(crashed);
    crashed.crash(random, CrashOdds());
    EXPECT_EQ(seen(crashed), first) << "a second crash finds all settled; seed " << seed;
  }
  return result;
}

TEST(SimulatedDisk, SyncedNamesOutliveEveryCrash) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1");
  create(disk, "/d/b", "2");
  disk.rename("/d/b", "/d/c");
  disk.remove("/d/a");
  disk.sync_directory("/d");
  EXPECT_THAT(after_crashes(disk), ElementsAre("/d/c=2"));
}

TEST(SimulatedDisk, AFileWhoseNameWasNotSyncedMayVanishWithItsSyncedBytes) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("", "/d/a=1"));
}

TEST(SimulatedDisk, SyncingAFileDoesNotSettleItsNorOthersNames) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1");
  create(disk, "/d/b", "2");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("", "/d/a=1", "/d/b=2", "/d/a=1 /d/b=2"));
}

TEST(SimulatedDisk, ARemovedFileMayBeBack) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1");
  disk.sync_directory("/d");
  disk.remove("/d/a");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("", "/d/a=1"));
}

TEST(SimulatedDisk, ARenamesTargetIsOldOrNewAndItsSourceMayStay) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/now", "old");
  create(disk, "/d/tmp", "new");
  disk.sync_directory("/d");
  disk.rename("/d/tmp", "/d/now");
  EXPECT_EQ(seen(disk), "/d/now=new");
  EXPECT_THAT(after_crashes(disk),
              UnorderedElementsAre("/d/now=new", "/d/now=new /d/tmp=new", "/d/now=old /d/tmp=new"));
}

TEST(SimulatedDisk, ARenameOfAFileWithoutSyncedNameKeepsItsTarget) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/now", "old");
  disk.sync_directory("/d");
  create(disk, "/d/tmp", "new");
  disk.rename("/d/tmp", "/d/now");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("/d/now=old", "/d/now=old /d/tmp=new",
                                                        "/d/now=new", "/d/now=new /d/tmp=new"));
}

TEST(SimulatedDisk, OfTwoRenamesToOneNameEitherOrNeitherIsThere) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/now", "0");
  create(disk, "/d/t1", "1");
  create(disk, "/d/t2", "2");
  disk.sync_directory("/d");
  disk.rename("/d/t1", "/d/now");
  disk.rename("/d/t2", "/d/now");
  std::set<std::string> now;
  for (const std::string& names : after_crashes(disk)) now.insert(names.substr(0, 8));
  EXPECT_THAT(now, UnorderedElementsAre("/d/now=0", "/d/now=1", "/d/now=2"));
}

TEST(SimulatedDisk, ARenameBetweenDirectoriesNeverLosesTheFile) {
  SimulatedDisk disk = with_directory();
  disk.create_directory("/e");
  disk.sync_directory("/");
  create(disk, "/d/a", "1");
  disk.sync_directory("/d");
  disk.rename("/d/a", "/e/b");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("/d/a=1", "/e/b=1", "/d/a=1 /e/b=1"));

  SimulatedDisk target_synced = disk;
  target_synced.sync_directory("/e");
  EXPECT_THAT(after_crashes(target_synced), UnorderedElementsAre("/e/b=1", "/d/a=1 /e/b=1"));

  SimulatedDisk source_synced = disk;
  source_synced.sync_directory("/d");
  EXPECT_THAT(after_crashes(source_synced), ElementsAre("/e/b=1"));
}

TEST(SimulatedDisk, AFileUnderTwoNamesIsTwoFilesAfterTheCrash) {
  bool met = false;
  for (int seed = 0; seed < kDiskSeeds; ++seed) {
    SimulatedDisk disk = with_directory();
    create(disk, "/d/a", "1");
    disk.sync_directory("/d");
    disk.rename("/d/a", "/d/b");
    Random random(seed);
    disk.crash(random, CrashOdds());
    if (disk.paths().size() != 2) continue;
    met = true;
    ASSERT_NE(*disk.find("/d/a"), *disk.find("/d/b"));
    ASSERT_TRUE(disk.content(*disk.find("/d/a")).flip_bit(0, 1));
    ASSERT_EQ(seen(disk), "/d/a=3 /d/b=1");
  }
  EXPECT_TRUE(met);
}

TEST(SimulatedDisk, ADirectoryWhoseNameWasNotSyncedMayVanishWithAllThatIsInIt) {
  SimulatedDisk disk = with_directory();
  disk.create_directory("/d/e");
  create(disk, "/d/e/a", "1");
  disk.sync_directory("/d/e");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("", "/d/e/a=1"));
  EXPECT_FALSE(disk.find_on_disk("/d/e/a").has_value());
  disk.sync_directory("/d");
  EXPECT_THAT(after_crashes(disk), ElementsAre("/d/e/a=1"));
  EXPECT_TRUE(disk.find_on_disk("/d/e/a").has_value());
}

TEST(SimulatedDisk, ANameUsedAgainLeadsToTheLastFileOnceSynced) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1");
  disk.sync_directory("/d");
  disk.remove("/d/a");
  create(disk, "/d/a", "2");
  EXPECT_THAT(after_crashes(disk), UnorderedElementsAre("", "/d/a=1", "/d/a=2"));
  disk.sync_directory("/d");
  EXPECT_THAT(after_crashes(disk), ElementsAre("/d/a=2"));
}

TEST(SimulatedDisk, ForgottenFilesDoNotComeBackAndSettledOnesDoNotGo) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1");
  disk.sync_directory("/d");
  create(disk, "/d/b", "2");
  disk.forget("/d/a");
  disk.settle("/d/b");
  EXPECT_THAT(after_crashes(disk), ElementsAre("/d/b=2"));
}

TEST(SimulatedDisk, SpaceIsFreeWhenTheNameIsGoneAndNobodyHoldsTheFile) {
  SimulatedDisk disk = with_directory();
  create(disk, "/d/a", "1234");
  const NodeId node = *disk.find("/d/a");
  disk.hold(node);
  disk.remove("/d/a");
  EXPECT_EQ(disk.used_bytes(), 4U);
  disk.release(node);
  EXPECT_EQ(disk.used_bytes(), 0U);
}

// Creates, removes, renames and syncs by chance in two directories, and knows which names must be
// there after a crash: those synced last and not touched since.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    for (const std::string& directory : directories_) disk_.create_directory(directory);
    disk_.sync_directory("/");
  }

  void step() {
    const std::string path = some_name();
    const std::uint64_t choice = below(random_, 5);
    if (choice == 0) return sync(directories_.at(below(random_, 2)));
    settled_.erase(path);
    if (!disk_.find(path)) return create(disk_, path, path);
    if (choice == 1) return disk_.remove(path);
    const std::string target = some_name();
    settled_.erase(target);
    disk_.rename(path, target);
  }

  SimulatedDisk crashed() {
    disk_.crash(random_, CrashOdds());
    return disk_;
  }
  const std::set<std::string>& settled() const { return settled_; }

 private:
  std::string some_name() {
    std::string name = directories_.at(below(random_, 2));
    name += '/';
    name += "abc"[below(random_, 3)];
    return name;
  }
  void sync(const std::string& directory) {
    disk_.sync_directory(directory);
    for (const std::string& path : disk_.paths()) {
      if (SimulatedDisk::parent_of(path) == directory) settled_.insert(path);
    }
  }

  const std::array<std::string, 2> directories_{"/d", "/e"};
  Random random_;
  SimulatedDisk disk_;
  std::set<std::string> settled_;
};

TEST(SimulatedDisk, RandomHistoriesLeaveSoundTreesThatHoldWhatWasSynced) {
  std::size_t settled = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    History history(seed);
    for (int step = 0; step < 30; ++step) history.step();
    const SimulatedDisk disk = history.crashed();
    for (const std::string& path : history.settled()) ASSERT_TRUE(disk.find(path)) << seed << path;
    for (const auto& path : disk.paths()) ASSERT_EQ(disk.find(path), disk.find_on_disk(path));
    settled += history.settled().size();
  }
  EXPECT_GT(settled, 1000U) << "the test must not have been idle";
}

}  // namespace
}  // namespace doorbuster::simulation
