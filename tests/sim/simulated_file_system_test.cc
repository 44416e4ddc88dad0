// Faults, crashes and the handles that outlive them, seen through FileSystem as the journal sees
// it.
#include "sim/simulated_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/bytes_of.h"

namespace doorbuster::simulation {
namespace {

using embedded::File;
using embedded::OpenMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::uint64_t kCrashSeeds = 200;

std::string text_of(const std::optional<std::vector<std::byte>>& bytes) {
  if (!bytes) return "(none)";
  return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::unique_ptr<SimulatedFileSystem> fresh(std::uint64_t seed) {
  auto files = std::make_unique<SimulatedFileSystem>(seed);
  files->put_directory("/data");
  return files;
}

std::unique_ptr<File> open(SimulatedFileSystem& files, const std::string& path, OpenMode mode) {
  return files.open(path, mode).value();
}

template <typename T>
ErrorCode code_of(const Result<T>& result) {
  return result.error().code;
}

// ---- crashes

TEST(SimulatedFileSystem, LosesWhatWasNotSyncedAndKeepsWhatWas) {
  std::set<std::string> met;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    files->put_file("/data/a", bytes_of("old"));
    const auto file = open(*files, "/data/a", OpenMode::read_write);
    ASSERT_TRUE(file->write_at(0, bytes_of("new")).ok());
    Random random(seed);
    files->crash(random);
    met.insert(text_of(files->contents("/data/a")));
  }
  EXPECT_TRUE(met.contains("old"));
  EXPECT_TRUE(met.contains("new"));
  EXPECT_GT(met.size(), 2U) << "garbage";
}

TEST(SimulatedFileSystem, IsTheSameTwiceForOneSeed) {
  const auto run = [](std::uint64_t seed) {
    const auto files = fresh(seed);
    files->faults().set_error_rate(Operation::write, 0.3);
    files->faults().set_error_rate(Operation::sync, 0.3);
    const auto file = open(*files, "/data/a", OpenMode::create);
    std::string log;
    for (int i = 0; i < 50; ++i) {
      const std::string text(700, static_cast<char>('a' + i % 26));
      log += file->write_at(static_cast<std::uint64_t>(i) * 300, bytes_of(text)).ok() ? 'w' : '-';
      log += file->sync().ok() ? 's' : '-';
    }
    Random random(seed);
    files->crash(random);
    return log + text_of(files->contents("/data/a"));
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(SimulatedFileSystem, AfterACrashOldHandlesAreDeadAndLocksFree) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of("kept"));
  const auto file = open(*files, "/data/a", OpenMode::read_write);
  const auto lock = files->lock("/data/lock").value();
  Random random(1);
  files->crash(random);
  const std::uint64_t before = files->operations();
  std::array<std::byte, 4> bytes{};
  EXPECT_EQ(code_of(file->write_at(0, bytes)), ErrorCode::io_failed);
  EXPECT_EQ(code_of(file->read_at(0, bytes)), ErrorCode::io_failed);
  EXPECT_EQ(code_of(file->sync()), ErrorCode::io_failed);
  EXPECT_EQ(code_of(file->size()), ErrorCode::io_failed);
  EXPECT_EQ(files->operations(), before);
  EXPECT_TRUE(files->lock("/data/lock").ok());
  EXPECT_EQ(text_of(files->contents("/data/a")), "kept");
}

TEST(SimulatedFileSystem, ADeadLockDoesNotReleaseTheNextHoldersLock) {
  const auto files = fresh(1);
  auto old_lock = files->lock("/data/lock").value();
  files->kill();
  const auto new_lock = files->lock("/data/lock").value();
  old_lock.reset();
  EXPECT_EQ(code_of(files->lock("/data/lock")), ErrorCode::in_use);
}

TEST(SimulatedFileSystem, HandlesMayOutliveIt) {
  auto files = fresh(1);
  const auto file = open(*files, "/data/a", OpenMode::create);
  const auto lock = files->lock("/data/lock").value();
  files.reset();
  EXPECT_EQ(code_of(file->sync()), ErrorCode::io_failed);
}

TEST(SimulatedFileSystem, AKilledProcessLosesNothingYetMakesNothingDurable) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    files->put_file("/data/a", bytes_of("old"));
    const auto file = open(*files, "/data/a", OpenMode::read_write);
    ASSERT_TRUE(file->write_at(0, bytes_of("new")).ok());
    files->kill();
    ASSERT_FALSE(file->sync().ok());
    ASSERT_EQ(text_of(files->contents("/data/a")), "new");
    ASSERT_EQ(text_of(files->contents_on_disk("/data/a")), "old");
    Random random(seed);
    files->crash(random);
    lost = lost || text_of(files->contents("/data/a")) == "old";
  }
  EXPECT_TRUE(lost);
}

// ---- failed syncs

TEST(SimulatedFileSystem, ASyncThatIsTriedAgainSucceedsAndLies) {
  bool lied = false;
  bool honest = false;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    files->put_file("/data/a", bytes_of(std::string(512, 'o')));
    const auto file = open(*files, "/data/a", OpenMode::read_write);
    ASSERT_TRUE(file->write_at(0, bytes_of(std::string(512, 'n'))).ok());
    files->faults().add({.operation = Operation::sync});
    ASSERT_EQ(code_of(file->sync()), ErrorCode::io_failed);
    ASSERT_TRUE(file->sync().ok());
    ASSERT_EQ(text_of(files->contents("/data/a")), std::string(512, 'n'));
    const std::string on_disk = text_of(files->contents_on_disk("/data/a"));
    lied = lied || on_disk == std::string(512, 'o');
    honest = honest || on_disk == std::string(512, 'n');
  }
  EXPECT_TRUE(lied);
  EXPECT_TRUE(honest);
}

// ---- planned faults

TEST(SimulatedFileSystem, FailsTheKthOperationOnce) {
  for (std::uint64_t k = 1; k <= 4; ++k) {
    const auto files = fresh(k);
    files->put_file("/data/a", bytes_of("text"));
    const auto file = open(*files, "/data/a", OpenMode::read);
    files->fail_operation(files->operations() + k, false);
    std::string results;
    for (int i = 0; i < 6; ++i) results += file->size().ok() ? '+' : '-';
    std::string expected = "++++++";
    expected[k - 1] = '-';
    EXPECT_EQ(results, expected);
  }
}

TEST(SimulatedFileSystem, FailsFromTheKthOperationOnForEverUntilCleared) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of("text"));
  files->fail_operation(2, true);
  EXPECT_TRUE(files->list("/data").ok());
  EXPECT_FALSE(files->list("/data").ok());
  EXPECT_FALSE(files->open("/data/a", OpenMode::read).ok());
  EXPECT_FALSE(files->lock("/data/lock").ok());
  files->faults().clear();
  EXPECT_TRUE(files->list("/data").ok());
}

TEST(SimulatedFileSystem, EveryKindOfOperationCanFail) {
  const std::vector<std::pair<Operation, std::function<ErrorCode(SimulatedFileSystem&, File&)>>>
      calls{
          {Operation::open,
           [](auto& files, File&) { return code_of(files.open("/data/a", OpenMode::read)); }},
          {Operation::read,
           [](auto&, File& file) {
             std::array<std::byte, 1> byte{};
             return code_of(file.read_at(0, byte));
           }},
          {Operation::write,
           [](auto&, File& file) { return code_of(file.write_at(0, bytes_of("x"))); }},
          {Operation::sync, [](auto&, File& file) { return code_of(file.sync()); }},
          {Operation::size, [](auto&, File& file) { return code_of(file.size()); }},
          {Operation::rename,
           [](auto& files, File&) { return code_of(files.rename("/data/a", "/data/b")); }},
          {Operation::remove, [](auto& files, File&) { return code_of(files.remove("/data/a")); }},
          {Operation::list, [](auto& files, File&) { return code_of(files.list("/data")); }},
          {Operation::create_directory,
           [](auto& files, File&) { return code_of(files.create_directory("/data/d")); }},
          {Operation::sync_directory,
           [](auto& files, File&) { return code_of(files.sync_directory("/data")); }},
          {Operation::lock, [](auto& files, File&) { return code_of(files.lock("/data/lock")); }},
      };
  ASSERT_EQ(calls.size(), kOperations);
  for (const auto& [operation, call] : calls) {
    for (const auto kind : {Fault::Kind::error, Fault::Kind::no_space}) {
      const auto files = fresh(1);
      files->put_file("/data/a", bytes_of("text"));
      const auto file = open(*files, "/data/a", OpenMode::read_write);
      files->faults().add({.kind = kind, .operation = operation, .for_ever = true});
      const bool full = kind == Fault::Kind::no_space && operation != Operation::sync &&
                        operation != Operation::sync_directory;
      EXPECT_EQ(call(*files, *file), full ? ErrorCode::storage_unavailable : ErrorCode::io_failed)
          << name_of(operation);
    }
  }
}

TEST(SimulatedFileSystem, AFaultKeepsToItsOperationPathAndCount) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of("a"));
  files->put_file("/data/b", bytes_of("b"));
  files->faults().add({.operation = Operation::open, .path_part = "/b", .skip = 1});
  std::string results;
  for (const char* path : {"/data/b", "/data/a", "/data/b", "/data/b"}) {
    EXPECT_TRUE(files->list("/data").ok());
    results += files->open(path, OpenMode::read).ok() ? '+' : '-';
  }
  EXPECT_EQ(results, "++-+");
}

TEST(SimulatedFileSystem, FailsByChanceAtTheRateAsked) {
  const auto files = fresh(1);
  files->faults().set_error_rate(Operation::list, 0.25);
  int failed = 0;
  for (int i = 0; i < 2000; ++i) failed += files->list("/data").ok() ? 0 : 1;
  EXPECT_GT(failed, 400);
  EXPECT_LT(failed, 600);
}

TEST(SimulatedFileSystem, AFailedWriteMayHaveDoneNothingAPartOrAll) {
  std::set<std::uint64_t> sizes;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    const auto file = open(*files, "/data/a", OpenMode::create);
    files->faults().add({.operation = Operation::write});
    ASSERT_EQ(code_of(file->write_at(0, bytes_of(std::string(2048, 'x')))), ErrorCode::io_failed);
    sizes.insert(*file->size());
  }
  EXPECT_THAT(sizes, ElementsAre(0, 512, 1024, 1536, 2048));
}

TEST(SimulatedFileSystem, AShortWriteNeverDoesAll) {
  std::set<std::uint64_t> sizes;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    const auto file = open(*files, "/data/a", OpenMode::create);
    files->faults().add({.kind = Fault::Kind::short_write});
    ASSERT_EQ(code_of(file->write_at(0, bytes_of(std::string(2048, 'x')))), ErrorCode::io_failed);
    sizes.insert(*file->size());
  }
  EXPECT_THAT(sizes, ElementsAre(0, 512, 1024, 1536));
}

TEST(SimulatedFileSystem, AFailedChangeOfNamesMayHaveHappened) {
  std::set<std::string> met;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    files->put_file("/data/a", bytes_of("a"));
    files->put_file("/data/c", bytes_of("c"));
    for (const auto operation : {Operation::rename, Operation::remove, Operation::open}) {
      files->faults().add({.operation = operation});
    }
    ASSERT_FALSE(files->rename("/data/a", "/data/b").ok());
    ASSERT_FALSE(files->remove("/data/c").ok());
    ASSERT_FALSE(files->open("/data/d", OpenMode::create).ok());
    std::string names;
    for (const std::string& path : files->paths()) names += path.back();
    met.insert(names);
  }
  EXPECT_THAT(met, UnorderedElementsAre("a", "b", "ac", "bc", "ad", "bd", "acd", "bcd"));
}

TEST(SimulatedFileSystem, AFlippedBitIsReadOnceAndIsNotOnTheDisk) {
  const auto files = fresh(1);
  const std::string text(1000, 'x');
  files->put_file("/data/a", bytes_of(text));
  const auto file = open(*files, "/data/a", OpenMode::read);
  files->faults().add({.kind = Fault::Kind::bit_flip});
  std::string read(1000, '?');
  ASSERT_TRUE(file->read_at(0, std::as_writable_bytes(std::span(read))).ok());
  int wrong = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    wrong += std::popcount(static_cast<unsigned char>(read[i] ^ text[i]));
  }
  EXPECT_EQ(wrong, 1);
  ASSERT_TRUE(file->read_at(0, std::as_writable_bytes(std::span(read))).ok());
  EXPECT_EQ(read, text);
}

// ---- a full disk

TEST(SimulatedFileSystem, OnAFullDiskOnlyGrowthIsRefused) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of(std::string(1000, 'a')));
  files->set_capacity(1200);
  const auto file = open(*files, "/data/a", OpenMode::read_write);
  const auto grown = file->write_at(900, bytes_of(std::string(400, 'b')));
  ASSERT_EQ(code_of(grown), ErrorCode::storage_unavailable);
  EXPECT_THAT(grown.error().message, HasSubstr("/data/a"));
  EXPECT_TRUE(file->write_at(0, bytes_of(std::string(1000, 'c'))).ok());
  EXPECT_TRUE(file->write_at(1000, bytes_of(std::string(200, 'd'))).ok());
  EXPECT_EQ(files->used_bytes(), 1200U);
  EXPECT_FALSE(file->write_at(1200, bytes_of("e")).ok());
}

TEST(SimulatedFileSystem, OnAFullDiskAWriteDoesAPartOrNothing) {
  std::set<std::uint64_t> sizes;
  for (std::uint64_t seed = 0; seed < kCrashSeeds; ++seed) {
    const auto files = fresh(seed);
    files->set_capacity(1024);
    const auto file = open(*files, "/data/a", OpenMode::create);
    ASSERT_FALSE(file->write_at(0, bytes_of(std::string(4096, 'x'))).ok());
    sizes.insert(*file->size());
  }
  EXPECT_THAT(sizes, ElementsAre(0, 512, 1024));
}

TEST(SimulatedFileSystem, RemovingOrGivingRoomEndsAFullDisk) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of(std::string(1000, 'a')));
  files->set_capacity(1000);
  const auto file = open(*files, "/data/b", OpenMode::create);
  EXPECT_FALSE(file->write_at(0, bytes_of("x")).ok());
  ASSERT_TRUE(files->remove("/data/a").ok());
  EXPECT_TRUE(file->write_at(0, bytes_of(std::string(1000, 'x'))).ok());
  EXPECT_FALSE(file->write_at(1000, bytes_of("x")).ok());
  files->set_capacity(2000);
  EXPECT_TRUE(file->write_at(1000, bytes_of("x")).ok());
}

// ---- looking at it

TEST(SimulatedFileSystem, TracesEveryOperationBeforeItsEffect) {
  const auto files = fresh(1);
  std::vector<std::string> trace;
  files->set_trace([&](const OperationRecord& record) {
    trace.push_back(std::to_string(record.number) + " " + name_of(record.operation) + " " +
                    record.path + " " + std::to_string(record.offset) + "+" +
                    std::to_string(record.bytes) + (record.fails ? " fails" : "") + " of " +
                    text_of(files->contents("/data/a")));
  });
  const auto file = open(*files, "/data/a", OpenMode::create);
  ASSERT_TRUE(file->write_at(2, bytes_of("xy")).ok());
  files->faults().add({.operation = Operation::sync});
  ASSERT_FALSE(file->sync().ok());
  ASSERT_TRUE(files->rename("/data/a", "/data/b").ok());
  EXPECT_THAT(trace, ElementsAre("1 open /data/a 0+0 of (none)", "2 write /data/a 2+2 of ",
                                 std::string("3 sync /data/a 0+0 fails of \0\0xy", 32),
                                 std::string("4 rename /data/b 0+0 of \0\0xy", 28)));
  EXPECT_EQ(files->operations(), 4U);
}

TEST(SimulatedFileSystem, ACloneInATraceShowsWhatACrashAtEveryPointLeaves) {
  const auto files = fresh(1);
  std::vector<std::set<std::string>> met;
  files->set_trace([&](const OperationRecord& record) {
    met.resize(record.number);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const auto copy = files->clone();
      Random random(seed);
      copy->crash(random);
      met.back().insert(text_of(copy->contents("/data/a")).substr(0, 6));
    }
  });
  const auto file = open(*files, "/data/a", OpenMode::create);
  ASSERT_TRUE(files->sync_directory("/data").ok());
  ASSERT_TRUE(file->write_at(0, bytes_of("x")).ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->size().ok());
  EXPECT_THAT(met.at(0), ElementsAre("(none)"));
  EXPECT_THAT(met.at(1), UnorderedElementsAre("(none)", ""));
  EXPECT_THAT(met.at(2), ElementsAre(""));
  EXPECT_THAT(met.at(3), testing::IsSupersetOf({"", "x"}));
  EXPECT_THAT(met.at(4), ElementsAre("x"));
}

TEST(SimulatedFileSystem, ACloneGoesItsOwnWay) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of("1"));
  const auto lock = files->lock("/data/lock").value();
  const auto copy = files->clone();
  EXPECT_TRUE(copy->lock("/data/lock").ok());
  EXPECT_EQ(copy->operations(), 1U);
  ASSERT_TRUE(copy->flip_bit("/data/a", 0, 1));
  ASSERT_TRUE(files->erase("/data/lock"));
  EXPECT_EQ(text_of(files->contents("/data/a")), "1");
  EXPECT_EQ(text_of(copy->contents("/data/a")), "3");
  EXPECT_THAT(copy->paths(), ElementsAre("/data/a", "/data/lock"));
  EXPECT_THAT(files->paths(), ElementsAre("/data/a"));
}

TEST(SimulatedFileSystem, DamageIsDurable) {
  const auto files = fresh(1);
  files->put_file("/data/a", bytes_of("1234"));
  files->put_file("/data/b", bytes_of("1234"));
  files->put_file("/data/c", bytes_of("1234"));
  EXPECT_TRUE(files->flip_bit("/data/a", 3, 0));
  EXPECT_TRUE(files->truncate("/data/b", 2));
  EXPECT_TRUE(files->erase("/data/c"));
  EXPECT_FALSE(files->flip_bit("/data/a", 4, 0));
  EXPECT_FALSE(files->truncate("/data/none", 0));
  EXPECT_FALSE(files->erase("/data/none"));
  Random random(1);
  files->crash(random);
  EXPECT_EQ(text_of(files->contents("/data/a")), "1235");
  EXPECT_EQ(text_of(files->contents("/data/b")), "12");
  EXPECT_EQ(text_of(files->contents("/data/c")), "(none)");
}

TEST(SimulatedFileSystem, PutsFilesThatLast) {
  const auto files = std::make_unique<SimulatedFileSystem>(1);
  files->put_directory("relative/deep");
  files->put_file("relative/deep/a", bytes_of("1"));
  files->put_file("./relative/deep/a", bytes_of("2"));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    files->crash(random);
  }
  EXPECT_EQ(text_of(files->contents("relative//deep/a")), "2");
  EXPECT_EQ(files->operations(), 0U);
}

}  // namespace
}  // namespace doorbuster::simulation
