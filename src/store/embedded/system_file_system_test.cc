// What the system alone can show: modes, locks, direct writes and the errors of strange files. The
// contract that every FileSystem keeps is tested beside the simulated one.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "store/embedded/file_system.h"

namespace doorbuster::embedded {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct alignas(kBlockBytes) Block {
  std::array<std::byte, kBlockBytes> bytes{};
};

class SystemFiles : public testing::Test {
 protected:
  SystemFiles() {
    std::string name = testing::TempDir() + "doorbuster-files-XXXXXX";
    const char* made = ::mkdtemp(name.data());
    EXPECT_NE(made, nullptr);
    directory_ = name;
  }
  ~SystemFiles() override { std::filesystem::remove_all(directory_); }

  std::string in(const std::string& name) const { return directory_ + "/" + name; }

  std::unique_ptr<File> create(const std::string& name) {
    auto file = files_->open(in(name), OpenMode::create);
    EXPECT_TRUE(file.ok());
    return std::move(file).value();
  }

  static mode_t mode_of(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0);
    return found.st_mode & 07777;
  }

  std::string directory_;
  std::unique_ptr<FileSystem> files_ = make_system_file_system();
};

Block block_of(char content) {
  Block block;
  std::memset(block.bytes.data(), content, block.bytes.size());
  return block;
}

TEST_F(SystemFiles, AreReadableByTheirOwnerOnly) {
  create("journal");
  ASSERT_TRUE(files_->create_directory(in("inner")).ok());
  ASSERT_TRUE(files_->lock(in("lock")).ok());
  EXPECT_EQ(mode_of(in("journal")), 0600U);
  EXPECT_EQ(mode_of(in("lock")), 0600U);
  EXPECT_EQ(mode_of(in("inner")), 0700U);
}

TEST_F(SystemFiles, AreNotInheritedByAnotherProgram) {
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(next, 0);
  ::close(next);
  const auto file = create("journal");  // takes the number just given back
  EXPECT_NE(::fcntl(next, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(SystemFiles, CloseWithTheirHandle) {
  const int before = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(before);
  for (int i = 0; i < 20; ++i) {
    create("file-" + std::to_string(i));
    ASSERT_TRUE(files_->sync_directory(directory_).ok());
    ASSERT_TRUE(files_->list(directory_).ok());
    ASSERT_TRUE(files_->lock(in("lock")).ok());
  }
  const int after = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(after);
  EXPECT_EQ(before, after);
}

TEST_F(SystemFiles, WrittenDirectlyAreReadThroughTheCache) {
  create("journal");
  auto direct = files_->open(in("journal"), OpenMode::direct_write);
  ASSERT_TRUE(direct.ok()) << direct.error().message;
  const Block first = block_of('a');
  const Block second = block_of('b');
  ASSERT_TRUE((*direct)->write_at(kBlockBytes, second.bytes).ok());
  ASSERT_TRUE((*direct)->write_at(0, first.bytes).ok());
  ASSERT_TRUE((*direct)->sync().ok());

  auto reader = files_->open(in("journal"), OpenMode::read);
  ASSERT_TRUE(reader.ok());
  std::array<std::byte, 3 * kBlockBytes> read{};
  auto got = (*reader)->read_at(0, read);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, 2 * kBlockBytes);
  EXPECT_EQ(std::memcmp(read.data(), first.bytes.data(), kBlockBytes), 0);
  EXPECT_EQ(std::memcmp(read.data() + kBlockBytes, second.bytes.data(), kBlockBytes), 0);
}

TEST_F(SystemFiles, WrittenDirectlyMustBeAlignedEverywhere) {
  create("journal");
  auto direct = files_->open(in("journal"), OpenMode::direct_write);
  ASSERT_TRUE(direct.ok());
  const std::array<Block, 2> blocks{};
  const auto bytes = std::as_bytes(std::span(blocks));
  EXPECT_DEATH((void)(*direct)->write_at(512, bytes.first(kBlockBytes)), "aligned");
  EXPECT_DEATH((void)(*direct)->write_at(0, bytes.first(kBlockBytes - 1)), "aligned");
  EXPECT_DEATH((void)(*direct)->write_at(0, bytes.subspan(8, kBlockBytes)), "aligned");
}

TEST_F(SystemFiles, FallBackToTheCacheWhereDirectWritesAreNotToBeHad) {
  auto device = files_->open("/dev/full", OpenMode::direct_write);
  ASSERT_TRUE(device.ok()) << device.error().message;
}

TEST_F(SystemFiles, OnAFullDiskSayThatStorageIsUnavailable) {
  auto device = files_->open("/dev/full", OpenMode::read_write);
  ASSERT_TRUE(device.ok());
  const Status written = (*device)->write_at(0, block_of('x').bytes);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, ErrorCode::storage_unavailable);
  EXPECT_THAT(written.error().message, HasSubstr("write /dev/full: No space left on device"));
}

TEST_F(SystemFiles, ThatCannotBeSyncedSaySoAtOnce) {
  auto device = files_->open("/dev/full", OpenMode::read_write);
  ASSERT_TRUE(device.ok());
  const Status synced = (*device)->sync();
  ASSERT_FALSE(synced.ok());
  EXPECT_EQ(synced.error().code, ErrorCode::io_failed);
  EXPECT_THAT(synced.error().message, HasSubstr("sync /dev/full"));
}

TEST_F(SystemFiles, PassOnAFailedRead) {
  auto memory = files_->open("/proc/self/mem", OpenMode::read);  // nothing is mapped at 0
  ASSERT_TRUE(memory.ok());
  std::array<std::byte, 16> bytes{};
  const auto got = (*memory)->read_at(0, bytes);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, ErrorCode::io_failed);
}

// A limit on the size of files makes the kernel write the part that fits and refuse the rest.
TEST_F(SystemFiles, TreatAShortWriteAsAnError) {
  const auto file = create("journal");
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = old;
  small.rlim_cur = kBlockBytes + 100;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status written = file->write_at(kBlockBytes, block_of('x').bytes);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, old_handler);

  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, ErrorCode::io_failed);
  EXPECT_EQ(*file->size(), kBlockBytes + 100);
}

TEST_F(SystemFiles, OpenedForReadingRefuseWritesAndTheReverse) {
  create("journal");
  auto reader = files_->open(in("journal"), OpenMode::read);
  auto writer = files_->open(in("journal"), OpenMode::direct_write);
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(writer.ok());
  Block block;
  EXPECT_FALSE((*reader)->write_at(0, block.bytes).ok());
  EXPECT_FALSE((*writer)->read_at(0, block.bytes).ok());
}

TEST_F(SystemFiles, AreNotFoundThroughADanglingLink) {
  std::filesystem::create_symlink(in("nowhere"), in("link"));
  auto opened = files_->open(in("link"), OpenMode::read);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::not_found);
  EXPECT_THAT(*files_->list(directory_), ElementsAre("link"));
}

TEST_F(SystemFiles, LockedByAnotherProcessSayWhoseDirectoryItIs) {
  std::array<int, 2> ready{};
  std::array<int, 2> done{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  ASSERT_EQ(::pipe(done.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  char byte = 0;
  if (child == 0) {
    ::close(done[1]);
    const auto held = files_->lock(in("lock"));
    byte = held.ok() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(2);
    const ssize_t ended = ::read(done[0], &byte, 1);  // the parent's end of the pipe closes
    ::_exit(ended == 0 ? 0 : 3);
  }
  ::close(ready[1]);
  ::close(done[0]);
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  const auto refused = files_->lock(in("lock"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::in_use);
  EXPECT_THAT(refused.error().message, HasSubstr(in("lock")));

  ::close(done[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(files_->lock(in("lock")).ok()) << "the end of the process releases it";
  ::close(ready[0]);
}

}  // namespace
}  // namespace doorbuster::embedded
