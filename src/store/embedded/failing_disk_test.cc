// What reads and makes whole stores, on a disk of which each call fails in its turn, once and for
// ever: it ends with that error, takes it for no damage, leaves what it reads as it was, and makes
// nothing that could be taken for a store.
#include <gtest/gtest.h>

#include <functional>

#include "store/embedded/backup.h"
#include "store/embedded/embedded_store.h"
#include "store/embedded/recovery.h"
#include "store/embedded/repair.h"
#include "store/embedded/restore.h"
#include "store/embedded/verify.h"
#include "store/embedded/whole_store_test.h"

namespace doorbuster::embedded {
namespace {

Status only_status(const auto& result) { return result ? ok_status() : Status(result.error()); }

class FailingDisk : public testing::Test {
 protected:
  using Tool = std::function<Status(SimulatedFileSystem&)>;

  FailingDisk() : whole_(WholeStore().data(3)) {
    whole_->put_file("data/keys.json", std::as_bytes(std::span("{}", 2)));
  }

  // Runs `tool`, which reads `from` and makes `to`, with every one of its calls failing.
  void expect_ends_with_the_error(const Tool& tool, const std::string& from,
                                  const std::string& to) {
    const auto truth = verify_directory(*whole_, from);
    ASSERT_TRUE(truth.ok()) << truth.error().message;
    const auto undisturbed = whole_->clone();
    const Status done = tool(*undisturbed);
    ASSERT_TRUE(done.ok()) << done.error().message;
    const std::uint64_t operations = undisturbed->operations();
    for (std::uint64_t k = 1; k <= operations; ++k) {
      for (const bool for_ever : {false, true}) {
        const auto machine = whole_->clone();
        machine->fail_operation(k, for_ever);
        const Status status = tool(*machine);
        const std::string where = std::to_string(k) + (for_ever ? " for ever" : "");
        // What goes well all the same was looked at a second time.
        if (!status.ok()) {
          EXPECT_EQ(status.error().code, ErrorCode::io_failed) << where << status.error().message;
        }
        EXPECT_FALSE(status.ok() && for_ever) << where;
        machine->faults().clear();
        expect_same(*truth, verify_directory(*machine, from), where);
        if (!status.ok() && !to.empty()) expect_none_or_whole(*machine, to, where);
        if (HasFailure()) return;
      }
    }
  }

  // As anybody would who found the directory there.
  static void expect_none_or_whole(const SimulatedFileSystem& files, const std::string& directory,
                                   const std::string& where) {
    SimulatedEngine engine(7, WholeStore::options_in(directory.c_str()));
    engine.replace_files(files.clone());
    engine.clock().advance(60h);
    if (!engine.files().contents(directory + "/identity")) return;
    if (!engine.start().ok()) return;
    EXPECT_TRUE(verify_directory(engine.files(), directory).ok()) << where;
  }

  static void expect_same(const VerifyReport& truth, const Result<VerifyReport>& now,
                          const std::string& where) {
    ASSERT_TRUE(now.ok()) << where << now.error().message;
    EXPECT_EQ(now->digest, truth.digest) << where;
    EXPECT_EQ(now->events, truth.events) << where;
  }

  std::unique_ptr<SimulatedFileSystem> whole_;
};

TEST_F(FailingDisk, EndsAVerification) {
  expect_ends_with_the_error(
      [](SimulatedFileSystem& files) { return only_status(verify_directory(files, "data")); },
      "data", "");
}

TEST_F(FailingDisk, EndsABackup) {
  expect_ends_with_the_error(
      [](SimulatedFileSystem& files) {
        return only_status(take_backup(files, "data", "backup", kLater));
      },
      "data", "backup");
}

TEST_F(FailingDisk, EndsTheVerificationOfABackup) {
  ASSERT_TRUE(take_backup(*whole_, "data", "backup", kLater).ok());
  expect_ends_with_the_error(
      [](SimulatedFileSystem& files) { return only_status(verify_directory(files, "backup")); },
      "backup", "");
}

TEST_F(FailingDisk, EndsARestoring) {
  ASSERT_TRUE(take_backup(*whole_, "data", "backup", kLater).ok());
  expect_ends_with_the_error(
      [](SimulatedFileSystem& files) {
        return only_status(restore_backup(files, "backup", "new", random_bytes(5), kLater));
      },
      "backup", "new");
}

TEST_F(FailingDisk, EndsARepair) {
  expect_ends_with_the_error(
      [](SimulatedFileSystem& files) {
        RepairOptions options;
        options.drop_acknowledged = true;
        return only_status(repair_store(files, "data", "new", options, random_bytes(5), kLater));
      },
      "data", "new");
}

// Where nothing would replace them, images that cannot be read now are not given up.
TEST_F(FailingDisk, EndsARepairOfAStoreWhoseSnapshotIsAllThatIsLeft) {
  ASSERT_TRUE(whole_->erase("data/journal/" + segment_name(1)));
  expect_ends_with_the_error(
      [](SimulatedFileSystem& files) {
        RepairOptions options;
        options.drop_acknowledged = true;
        const auto repaired = repair_store(files, "data", "new", options, random_bytes(5), kLater);
        EXPECT_FALSE(repaired.ok() && repaired->loses()) << "given up";
        return only_status(repaired);
      },
      "data", "new");
}

TEST_F(FailingDisk, EndsTheOpeningOfAStore) {
  // What comes before the threads of the store, which have a disk of their own.
  const auto undisturbed = whole_->clone();
  ASSERT_TRUE(make_data_directory(*undisturbed, "data").ok());
  ASSERT_TRUE(undisturbed->lock("data/LOCK").ok());
  ASSERT_TRUE(recover_store(*undisturbed, "data", random_bytes(1)).ok());
  const std::uint64_t operations = undisturbed->operations();
  ManualClock clock;
  StoreOptions options;
  options.data_dir = "data";
  options.random = random_bytes(1);
  for (std::uint64_t k = 1; k <= operations; ++k) {
    const auto machine = whole_->clone();
    machine->fail_operation(k, true);
    const auto opened = open_embedded_store(*machine, clock, options);
    ASSERT_FALSE(opened.ok()) << k;
    EXPECT_EQ(opened.error().code, ErrorCode::io_failed) << k << opened.error().message;
    machine->faults().clear();
    EXPECT_TRUE(machine->lock("data/LOCK").ok()) << "it let go";
    EXPECT_TRUE(verify_directory(*machine, "data").ok()) << k;
  }
}

TEST_F(FailingDisk, IsNotNeededToSeeThatADirectoryIsNoStore) {
  ASSERT_TRUE(whole_->erase("data/identity"));
  EXPECT_EQ(verify_directory(*whole_, "data").error().code, ErrorCode::not_found);
  whole_->put_directory("empty/journal");
  EXPECT_EQ(verify_directory(*whole_, "empty").error().code, ErrorCode::not_found);
  const auto identity = *WholeStore().data(1)->contents("data/identity");
  whole_->put_directory("alone");
  whole_->put_file("alone/identity", identity);
  const auto alone = verify_directory(*whole_, "alone");
  ASSERT_FALSE(alone.ok());
  EXPECT_EQ(alone.error().message, "there is no alone/journal");
}

// More than any keys are: it is no file of ours, and no memory is spent on it.
TEST_F(FailingDisk, HasNoRoomForKeysOfSeventeenMebibytes) {
  whole_->put_file("data/keys.json", std::vector<std::byte>(std::size_t{17} << 20));
  const auto backup = take_backup(*whole_, "data", "backup", kLater);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().message, "data/keys.json is larger than it can be");
}

}  // namespace
}  // namespace doorbuster::embedded
