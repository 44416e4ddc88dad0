// The real files, by the system's own calls. Linux: flock, O_DIRECT and fdatasync as it has them.
//
// Thread: as file_system.h says. Owns: a descriptor a File and a lock, closed with it.
// Invariants: every descriptor is close-on-exec; no failed sync is ever tried again, since the
// kernel may have dropped what it could not write and then reports success.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "store/embedded/file_system.h"

namespace doorbuster::embedded {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

Error error_of(ErrorCode code, const char* action, const std::string& path, int number) {
  return {code, std::string(action) + " " + path + ": " + std::system_category().message(number)};
}

Error failure(const char* action, const std::string& path, int number) {
  const bool full = number == ENOSPC || number == EDQUOT;
  return error_of(full ? ErrorCode::storage_unavailable : ErrorCode::io_failed, action, path,
                  number);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  // What close() says is of no use to anybody: what has to last was synced before.
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;

  bool open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

Descriptor open_descriptor(const std::string& path, int flags, mode_t mode = 0) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (number < 0 && errno == EINTR);
  return Descriptor(number);
}

// Journal blocks must be fit for O_DIRECT even where the file system does without, or a mistake
// would wait for the machine on which it hurts.
bool aligned(std::uint64_t offset, std::span<const std::byte> bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  return offset % kBlockBytes == 0 && bytes.size() % kBlockBytes == 0 && address % kBlockBytes == 0;
}

bool fits_off_t(std::uint64_t offset, std::size_t length) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  return offset <= kMost && length <= kMost - offset;
}

class SystemFile final : public File {
 public:
  SystemFile(Descriptor descriptor, std::string path, OpenMode mode)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), mode_(mode) {}

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    CHECK(fits_off_t(offset, bytes.size()));
    CHECK(mode_ != OpenMode::direct_write || aligned(offset, bytes));
    while (!bytes.empty()) {
      const ssize_t written =
          ::pwrite(descriptor_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failure("write", path_, errno);
      if (written == 0) return failure("write", path_, EIO);
      offset += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return ok_status();
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) override {
    CHECK(fits_off_t(offset, bytes.size()));
    std::size_t total = 0;
    while (total < bytes.size()) {
      const ssize_t got = ::pread(descriptor_.number(), bytes.data() + total, bytes.size() - total,
                                  static_cast<off_t>(offset + total));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure("read", path_, errno);
      if (got == 0) break;
      total += static_cast<std::size_t>(got);
    }
    return total;
  }

  // Flushes the size as well when it grew, since the bytes could not be read back without it. A
  // disk found full only now (late allocation) is as bad as a broken one: bytes accepted before are
  // gone.
  Status sync() override {
    if (::fdatasync(descriptor_.number()) == 0) return ok_status();
    return error_of(ErrorCode::io_failed, "sync", path_, errno);
  }

  // Clean pages are dropped, and after the sync all that are not lost are clean.
  Status settle() override {
    if (Status s = sync(); !s.ok()) return s;
    const int number = ::posix_fadvise(descriptor_.number(), 0, 0, POSIX_FADV_DONTNEED);
    if (number == 0) return ok_status();
    return error_of(ErrorCode::io_failed, "drop the cached pages of", path_, number);
  }

  Result<std::uint64_t> size() override {
    struct stat found {};
    if (::fstat(descriptor_.number(), &found) != 0) return failure("size of", path_, errno);
    return static_cast<std::uint64_t>(found.st_size);
  }

 private:
  Descriptor descriptor_;
  std::string path_;
  OpenMode mode_;
};

class SystemFileLock final : public FileLock {
 public:
  explicit SystemFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_directory(DIR* parent, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat found {};
  const int stated = ::fstatat(::dirfd(parent), entry.d_name, &found, AT_SYMLINK_NOFOLLOW);
  return stated == 0 && S_ISDIR(found.st_mode);
}

Descriptor open_in_mode(const std::string& path, OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return open_descriptor(path, O_RDONLY);
    case OpenMode::read_write:
      return open_descriptor(path, O_RDWR);
    case OpenMode::create:
      return open_descriptor(path, O_RDWR | O_CREAT | O_EXCL, kFileMode);
    case OpenMode::direct_write: {
      Descriptor direct = open_descriptor(path, O_WRONLY | O_DIRECT);
      if (direct.open() || errno != EINVAL) return direct;
      return open_descriptor(path, O_WRONLY);  // some file systems cannot
    }
  }
  CHECK(false);
}

class SystemFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    Descriptor descriptor = open_in_mode(path, mode);
    if (!descriptor.open()) {
      const int number = errno;
      if (number == ENOENT) return error_of(ErrorCode::not_found, "open", path, number);
      if (number == EEXIST) return error_of(ErrorCode::in_use, "create", path, number);
      return failure("open", path, number);
    }
    return std::unique_ptr<File>(std::make_unique<SystemFile>(std::move(descriptor), path, mode));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) == 0) return ok_status();
    return failure("rename", from + " to " + to, errno);
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return ok_status();
    const int number = errno;
    if (number == ENOENT) return error_of(ErrorCode::not_found, "remove", path, number);
    return failure("remove", path, number);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const Directory opened(::opendir(directory.c_str()));
    if (!opened) {
      const int number = errno;
      if (number == ENOENT) return error_of(ErrorCode::not_found, "list", directory, number);
      return failure("list", directory, number);
    }
    std::vector<std::string> names;
    while (true) {
      errno = 0;  // the only way to tell the end from a failure
      const dirent* entry = ::readdir(opened.get());
      if (entry == nullptr && errno != 0) return failure("list", directory, errno);
      if (entry == nullptr) break;
      if (!is_directory(opened.get(), *entry)) names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Status create_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), kDirectoryMode) == 0) return ok_status();
    const int number = errno;
    struct stat found {};
    if (number == EEXIST && ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
      return ok_status();
    }
    return failure("create directory", path, number);
  }

  Status sync_directory(const std::string& path) override {
    const Descriptor descriptor = open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!descriptor.open()) return failure("open directory", path, errno);
    if (::fsync(descriptor.number()) == 0) return ok_status();
    return error_of(ErrorCode::io_failed, "sync directory", path, errno);
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    Descriptor descriptor = open_descriptor(path, O_RDWR | O_CREAT, kFileMode);
    if (!descriptor.open()) return failure("open", path, errno);
    int locked = -1;
    do {
      locked = ::flock(descriptor.number(), LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked == 0) {
      return std::unique_ptr<FileLock>(std::make_unique<SystemFileLock>(std::move(descriptor)));
    }
    if (errno == EWOULDBLOCK) {
      return Error{ErrorCode::in_use, path + " is locked: another process uses this directory"};
    }
    return failure("lock", path, errno);
  }
};

}  // namespace

std::unique_ptr<FileSystem> make_system_file_system() {
  return std::make_unique<SystemFileSystem>();
}

}  // namespace doorbuster::embedded
