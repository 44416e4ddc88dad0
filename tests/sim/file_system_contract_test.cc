// What FileSystem promises, asked of the real one and of the simulated one alike: without this a
// simulation proves nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sim/bytes_of.h"
#include "sim/simulated_file_system.h"
#include "store/embedded/file_system.h"

namespace doorbuster::simulation {
namespace {

using embedded::File;
using embedded::FileLock;
using embedded::FileSystem;
using embedded::kBlockBytes;
using embedded::OpenMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A file system with an empty directory to play in.
class Ground {
 public:
  virtual ~Ground() = default;
  virtual FileSystem& files() = 0;
  virtual std::string directory() const = 0;
};

class SystemGround final : public Ground {
 public:
  SystemGround() : directory_(testing::TempDir() + "doorbuster-contract-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~SystemGround() override { std::filesystem::remove_all(directory_); }
  FileSystem& files() override { return *files_; }
  std::string directory() const override { return directory_; }

 private:
  std::string directory_;
  std::unique_ptr<FileSystem> files_ = embedded::make_system_file_system();
};

class SimulatedGround final : public Ground {
 public:
  SimulatedGround() { files_.put_directory(directory()); }
  FileSystem& files() override { return files_; }
  std::string directory() const override { return "/data"; }

 private:
  SimulatedFileSystem files_{1};
};

struct Kind {
  const char* name;
  std::function<std::unique_ptr<Ground>()> make;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class FileSystemContract : public testing::TestWithParam<Kind> {
 protected:
  FileSystem& files() { return ground_->files(); }
  std::string directory() const { return ground_->directory(); }
  std::string in(const std::string& name) const { return directory() + "/" + name; }

  std::unique_ptr<File> open(const std::string& name, OpenMode mode) {
    auto file = files().open(in(name), mode);
    EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().message);
    return std::move(file).value();
  }
  void create(const std::string& name, std::string_view content) {
    const auto file = open(name, OpenMode::create);
    EXPECT_TRUE(file->write_at(0, bytes_of(content)).ok());
  }
  std::string read(const std::string& name) {
    const auto file = open(name, OpenMode::read);
    std::string content(*file->size(), '?');
    const auto got = file->read_at(0, std::as_writable_bytes(std::span(content)));
    EXPECT_TRUE(got.ok());
    EXPECT_EQ(*got, content.size());
    return content;
  }
  std::vector<std::string> names() { return files().list(directory()).value(); }

  template <typename T>
  static void expect(const Result<T>& result, ErrorCode code, const std::string& words) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, code);
    EXPECT_THAT(result.error().message, HasSubstr(words));
  }

 private:
  std::unique_ptr<Ground> ground_ = GetParam().make();
};

TEST_P(FileSystemContract, ANewFileIsEmptyAndReadable) {
  const auto file = open("a", OpenMode::create);
  EXPECT_EQ(*file->size(), 0U);
  std::array<std::byte, 10> bytes{};
  EXPECT_EQ(*file->read_at(0, bytes), 0U);
  EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_P(FileSystemContract, WhatIsWrittenIsReadByEveryHandle) {
  const auto first = open("a", OpenMode::create);
  ASSERT_TRUE(first->write_at(0, bytes_of("hello world")).ok());
  const auto second = open("a", OpenMode::read_write);
  ASSERT_TRUE(second->write_at(6, bytes_of("there")).ok());
  EXPECT_EQ(read("a"), "hello there");
  ASSERT_TRUE(first->sync().ok());
  EXPECT_EQ(read("a"), "hello there");
}

TEST_P(FileSystemContract, AWriteBehindTheEndLeavesZerosBetween) {
  const auto file = open("a", OpenMode::create);
  ASSERT_TRUE(file->write_at(0, bytes_of("x")).ok());
  ASSERT_TRUE(file->write_at(2000, bytes_of("y")).ok());
  EXPECT_EQ(*file->size(), 2001U);
  EXPECT_EQ(read("a"), "x" + std::string(1999, '\0') + "y");
}

TEST_P(FileSystemContract, AnEmptyWriteChangesNothing) {
  const auto file = open("a", OpenMode::create);
  ASSERT_TRUE(file->write_at(100, {}).ok());
  EXPECT_EQ(*file->size(), 0U);
}

TEST_P(FileSystemContract, AReadEndsAtTheEndOfTheFile) {
  create("a", std::string(1000, 'x'));
  const auto file = open("a", OpenMode::read);
  std::array<std::byte, 600> bytes{};
  EXPECT_EQ(*file->read_at(0, bytes), 600U);
  EXPECT_EQ(*file->read_at(600, bytes), 400U);
  EXPECT_EQ(*file->read_at(1000, bytes), 0U);
  EXPECT_EQ(*file->read_at(5000, bytes), 0U);
}

TEST_P(FileSystemContract, PiecesOfAnyShapeGiveTheSameBytesAsAPlainString) {
  const auto file = open("a", OpenMode::create);
  std::string expected;
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    const std::size_t offset = below(random, 5000);
    const std::string piece(1 + below(random, 1500), static_cast<char>('a' + round % 26));
    ASSERT_TRUE(file->write_at(offset, bytes_of(piece)).ok());
    if (expected.size() < offset + piece.size()) expected.resize(offset + piece.size(), '\0');
    expected.replace(offset, piece.size(), piece);
    if (round % 17 == 0) {
      ASSERT_TRUE(file->sync().ok());
    }
    const std::size_t from = below(random, expected.size());
    std::string got(below(random, 3000), '?');
    got.resize(*file->read_at(from, std::as_writable_bytes(std::span(got))));
    ASSERT_EQ(got, expected.substr(from, got.size()));
  }
  EXPECT_EQ(read("a"), expected);
}

TEST_P(FileSystemContract, OpeningWhatIsNotThereIsNotFound) {
  for (const OpenMode mode : {OpenMode::read, OpenMode::read_write, OpenMode::direct_write}) {
    expect(files().open(in("none"), mode), ErrorCode::not_found, "none");
  }
  expect(files().open(in("none/a"), OpenMode::read), ErrorCode::not_found, "none/a");
  expect(files().open(in("none/a"), OpenMode::create), ErrorCode::not_found, "none/a");
  EXPECT_THAT(names(), IsEmpty());
}

TEST_P(FileSystemContract, CreatingWhatIsThereIsInUseAndHarmless) {
  create("a", "kept");
  expect(files().open(in("a"), OpenMode::create), ErrorCode::in_use, "a");
  ASSERT_TRUE(files().create_directory(in("d")).ok());
  expect(files().open(in("d"), OpenMode::create), ErrorCode::in_use, "d");
  EXPECT_EQ(read("a"), "kept");
}

TEST_P(FileSystemContract, ADirectHandleWritesAlignedBlocksOnly) {
  struct alignas(kBlockBytes) Blocks {
    std::array<std::byte, 2 * kBlockBytes> bytes{};
  };
  create("a", "");
  const auto file = open("a", OpenMode::direct_write);
  Blocks blocks;
  blocks.bytes.fill(std::byte{'b'});
  ASSERT_TRUE(file->write_at(kBlockBytes, std::span(blocks.bytes).first(kBlockBytes)).ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(*file->size(), 2 * kBlockBytes);
  EXPECT_EQ(read("a"), std::string(kBlockBytes, '\0') + std::string(kBlockBytes, 'b'));
  EXPECT_DEATH((void)file->write_at(0, std::span(blocks.bytes).first(100)), "aligned");
  EXPECT_FALSE(file->read_at(0, blocks.bytes).ok());
}

TEST_P(FileSystemContract, AHandleForReadingDoesNotWrite) {
  create("a", "kept");
  EXPECT_FALSE(open("a", OpenMode::read)->write_at(0, bytes_of("lost")).ok());
  EXPECT_EQ(read("a"), "kept");
}

TEST_P(FileSystemContract, ARenameReplacesItsTarget) {
  create("new", "new");
  create("old", "old");
  const auto reader = open("old", OpenMode::read);
  ASSERT_TRUE(files().rename(in("new"), in("old")).ok());
  EXPECT_THAT(names(), ElementsAre("old"));
  EXPECT_EQ(read("old"), "new");
  std::string text(3, '?');
  EXPECT_EQ(*reader->read_at(0, std::as_writable_bytes(std::span(text))), 3U);
  EXPECT_EQ(text, "old") << "an open handle keeps the file that it opened";
}

TEST_P(FileSystemContract, ARenameMovesBetweenDirectories) {
  ASSERT_TRUE(files().create_directory(in("d")).ok());
  create("a", "content");
  ASSERT_TRUE(files().rename(in("a"), in("d/b")).ok());
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(read("d/b"), "content");
}

TEST_P(FileSystemContract, ARenameToItselfChangesNothing) {
  create("a", "kept");
  ASSERT_TRUE(files().rename(in("a"), in("a")).ok());
  EXPECT_EQ(read("a"), "kept");
}

TEST_P(FileSystemContract, RenamingOrRemovingWhatIsNotThereFails) {
  create("a", "kept");
  expect(files().rename(in("none"), in("a")), ErrorCode::io_failed, "none");
  expect(files().rename(in("a"), in("none/a")), ErrorCode::io_failed, "none/a");
  expect(files().remove(in("none")), ErrorCode::not_found, "none");
  EXPECT_EQ(read("a"), "kept");
}

TEST_P(FileSystemContract, ARemovedFileLivesOnInItsHandles) {
  create("a", "content");
  const auto file = open("a", OpenMode::read_write);
  ASSERT_TRUE(files().remove(in("a")).ok());
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_EQ(*file->size(), 7U);
  EXPECT_TRUE(file->write_at(0, bytes_of("C")).ok());
  create("a", "another");
  std::string text(7, '?');
  EXPECT_EQ(*file->read_at(0, std::as_writable_bytes(std::span(text))), 7U);
  EXPECT_EQ(text, "Content");
}

TEST_P(FileSystemContract, ADirectoryIsNotRemovedAsAFile) {
  ASSERT_TRUE(files().create_directory(in("d")).ok());
  expect(files().remove(in("d")), ErrorCode::io_failed, "d");
  EXPECT_TRUE(files().list(in("d")).ok());
}

TEST_P(FileSystemContract, AListIsSortedAndHoldsFilesOnly) {
  for (const char* name : {"b", "a10", "a9", "c"}) create(name, "");
  ASSERT_TRUE(files().create_directory(in("aa")).ok());
  EXPECT_THAT(names(), ElementsAre("a10", "a9", "b", "c"));
  EXPECT_THAT(*files().list(in("aa")), IsEmpty());
}

TEST_P(FileSystemContract, AListOfNoDirectoryIsNotFoundAndOfAFileFails) {
  create("a", "");
  expect(files().list(in("none")), ErrorCode::not_found, "none");
  expect(files().list(in("a")), ErrorCode::io_failed, "a");
}

TEST_P(FileSystemContract, ADirectoryThatIsThereNeedNotBeCreated) {
  ASSERT_TRUE(files().create_directory(in("d")).ok());
  create("d/a", "kept");
  ASSERT_TRUE(files().create_directory(in("d")).ok());
  ASSERT_TRUE(files().create_directory(in("d/")).ok());
  EXPECT_EQ(read("d/a"), "kept");
}

TEST_P(FileSystemContract, ADirectoryNeedsItsParentAndItsNameFree) {
  create("a", "kept");
  expect(files().create_directory(in("none/d")), ErrorCode::io_failed, "none/d");
  expect(files().create_directory(in("a")), ErrorCode::io_failed, "a");
  EXPECT_EQ(read("a"), "kept");
}

TEST_P(FileSystemContract, OnlyADirectoryCanBeSyncedAsOne) {
  create("a", "");
  EXPECT_TRUE(files().sync_directory(directory()).ok());
  expect(files().sync_directory(in("none")), ErrorCode::io_failed, "none");
  expect(files().sync_directory(in("a")), ErrorCode::io_failed, "a");
}

TEST_P(FileSystemContract, ALockExcludesUntilItsHolderLetsGo) {
  {
    const auto held = files().lock(in("lock"));
    ASSERT_TRUE(held.ok());
    expect(files().lock(in("lock")), ErrorCode::in_use, in("lock"));
    EXPECT_TRUE(files().lock(in("other")).ok());
  }
  EXPECT_TRUE(files().lock(in("lock")).ok());
  EXPECT_THAT(names(), ElementsAre("lock", "other"));
}

TEST_P(FileSystemContract, ALockNeedsItsDirectory) {
  expect(files().lock(in("none/lock")), ErrorCode::io_failed, "none/lock");
}

TEST_P(FileSystemContract, AFileOpenedForReadingCanBeSynced) {
  create("a", "content");
  EXPECT_TRUE(open("a", OpenMode::read)->sync().ok());
}

INSTANTIATE_TEST_SUITE_P(
    Of, FileSystemContract,
    testing::Values(Kind{"System", [] { return std::make_unique<SystemGround>(); }},
                    Kind{"Simulation", [] { return std::make_unique<SimulatedGround>(); }}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace doorbuster::simulation
