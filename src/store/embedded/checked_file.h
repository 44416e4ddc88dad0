// Files that are written once and then only read: a header, then streams of bytes in chunks, each
// with its checksum, so that a changed bit is found before anything rests on it, and where it is.
// Snapshots are made of them (docs/formats.md).
//
// Thread: whoever holds one. Owns: a chunk's memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sale/sale_image.h"
#include "store/embedded/file_system.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

enum class CheckedKind : std::uint8_t { images, manifest };

struct CheckedHeader {
  CheckedKind kind = CheckedKind::images;
  std::uint64_t number = 0;  // the one in the file's name
  Incarnation incarnation{};
};

inline constexpr std::size_t kCheckedHeaderBytes = 64;
inline constexpr std::size_t kChunkHeaderBytes = 8;
inline constexpr std::size_t kChunkBytes = std::size_t{256} << 10;  // of content, at most

// Where a stream stands in its file.
struct StreamPlace {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;     // on disk
  std::uint32_t checksum = 0;  // of its chunks' checksums
  friend bool operator==(const StreamPlace&, const StreamPlace&) = default;
};

// Creates `path`, in place of what a crash left there.
Result<std::unique_ptr<File>> create_anew(FileSystem& files, const std::string& path);

// "file, offset N: what", as every damage is named.
Error damage_at(const std::string& path, std::uint64_t offset, const std::string& what);

Status write_header(File& file, const CheckedHeader& header,
                    std::uint32_t format_version = kFormatVersion);

// data_damaged when the header is not one, or not `expected`; unsupported for a newer format; both
// name the file.
Status check_header(File& file, const std::string& path, const CheckedHeader& expected);

// Thread: its owner's. Invariants: what is not yet synced is a few megabytes at most, so that the
// journal's syncs find no flood before them.
class StreamWriter final : public sale::ImageSink {
 public:
  StreamWriter(File& file, std::uint64_t offset) : file_(file), begin_(offset), at_(offset) {}

  Status write(std::span<const std::byte> bytes) override;
  // Writes what is left. The stream is durable when the file has been synced after it.
  Result<StreamPlace> finish();

 private:
  Status write_chunk();

  File& file_;
  std::uint64_t begin_;
  std::uint64_t at_;
  std::uint32_t checksum_ = 0;
  std::uint64_t unsynced_ = 0;
  std::vector<std::byte> chunk_;  // with its header
};

// Errors are data_damaged with file and offset, or the file's own.
class StreamReader final : public sale::ImageSource {
 public:
  StreamReader(File& file, std::string path, const StreamPlace& place)
      : file_(file), path_(std::move(path)), place_(place), at_(place.offset) {}

  Status read(std::span<std::byte> bytes) override;
  // Appends what the next chunk holds. Not at_end().
  Status read_some(std::vector<std::byte>& out);
  bool at_end() const { return rest_.empty() && left() == 0; }
  // Whether all was read, and is what was written.
  Status finish();

 private:
  Status read_chunk();
  std::uint64_t left() const { return place_.offset + place_.bytes - at_; }

  File& file_;
  std::string path_;
  StreamPlace place_;
  std::uint64_t at_;  // the next chunk
  std::uint32_t checksum_ = 0;
  std::vector<std::byte> chunk_;
  std::span<const std::byte> rest_;  // of the chunk's content
};

}  // namespace doorbuster::embedded
