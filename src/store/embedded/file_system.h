// The system's files as the journal needs them, and nothing more: a narrow interface, so that a
// test can put a disk behind it that loses what was not synced.
//
// Thread: a File is used by one thread at a time; a FileSystem by any.
// Durability: bytes written are durable when sync() of that file has returned ok; a name that was
// created, renamed or removed is durable when sync_directory() of its directory has returned ok.
// Every error is ErrorCode::io_failed unless said otherwise, with the path and the system's words
// in its message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace doorbuster::embedded {

// Offsets, lengths and memory of journal writes are multiples of this, so that they can go past the
// page cache (O_DIRECT).
inline constexpr std::size_t kBlockBytes = 4096;

class File {
 public:
  virtual ~File() = default;
  // Writes all of `bytes` at `offset`, growing the file when needed; a short write is an error.
  // storage_unavailable when the disk is full.
  virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Reads up to bytes.size(); fewer only at the end of the file. Gives how many were read.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) = 0;
  // Waits until everything written so far is durable.
  virtual Status sync() = 0;
  // Makes that what is read from now on is what the disk holds: syncs, then lets go of what memory
  // holds of the file. After a sync that failed once, in this process or an earlier one, memory may
  // show bytes that never reached the disk (S13).
  virtual Status settle() = 0;
  virtual Result<std::uint64_t> size() = 0;
};

enum class OpenMode {
  read,          // must exist
  read_write,    // must exist
  create,        // must not exist
  direct_write,  // must exist; writes go past the page cache where the file system can do that
};

// Holds a lock for as long as it lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // not_found when it must exist and does not; in_use when it must not and does.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Atomic; replaces `to` if it exists.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // not_found when there is no such file.
  virtual Status remove(const std::string& path) = 0;
  // The names of the files in a directory, sorted; not_found when there is no such directory.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Creates one directory (mode 0700) if it is not there yet; its parent must be.
  virtual Status create_directory(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  // An exclusive lock on the file `path`, created if need be, and released by the end of the
  // process at the latest; in_use when another holder has it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// The real one.
std::unique_ptr<FileSystem> make_system_file_system();

}  // namespace doorbuster::embedded
