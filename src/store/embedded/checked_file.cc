#include "store/embedded/checked_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/worker.h"

namespace doorbuster::embedded {
namespace {

// Little at a time: whoever commits meanwhile waits until the disk has taken it.
constexpr std::uint64_t kSyncEvery = std::uint64_t{1} << 20;
constexpr std::size_t kCrcEnd = 12;  // magic and checksum are not part of what is summed

using Magic = std::array<char, 8>;

constexpr Magic magic_of(CheckedKind kind) {
  switch (kind) {
    case CheckedKind::images:
      return {'\xdb', 'I', 'M', 'A', 'G', 'E', '\r', '\n'};
    case CheckedKind::manifest:
      return {'\xdb', 'S', 'N', 'A', 'P', 'S', '\r', '\n'};
  }
  return {};
}

// On disk: little-endian, without padding; reserved bytes are zero.
struct HeaderBytes {
  Magic magic;
  std::uint32_t crc;  // of everything after it
  std::uint32_t format_version;
  std::uint64_t number;
  Incarnation incarnation;
  std::array<std::uint8_t, 24> reserved;
};
static_assert(sizeof(HeaderBytes) == kCheckedHeaderBytes);

struct ChunkHeaderBytes {
  std::uint32_t crc;  // of the length and the content
  std::uint32_t length;
};
static_assert(sizeof(ChunkHeaderBytes) == kChunkHeaderBytes);

std::uint32_t crc_of(const HeaderBytes& header) {
  return crc32c(std::as_bytes(std::span(&header, 1)).subspan(kCrcEnd));
}

// `chunk` is its header and its content.
std::uint32_t crc_of_chunk(std::span<const std::byte> chunk) {
  return crc32c(chunk.subspan(sizeof(ChunkHeaderBytes::crc)));
}

}  // namespace

Error damage_at(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {ErrorCode::data_damaged, path + ", offset " + std::to_string(offset) + ": " + what};
}

Result<std::unique_ptr<File>> create_anew(FileSystem& files, const std::string& path) {
  if (Status s = files.remove(path); !s.ok() && s.error().code != ErrorCode::not_found) {
    return s.error();
  }
  return files.open(path, OpenMode::create);
}

Status write_header(File& file, const CheckedHeader& header, std::uint32_t format_version) {
  HeaderBytes bytes{magic_of(header.kind), 0, format_version, header.number,
                    header.incarnation,    {}};
  bytes.crc = crc_of(bytes);
  return file.write_at(0, std::as_bytes(std::span(&bytes, 1)));
}

Status check_header(File& file, const std::string& path, const CheckedHeader& expected) {
  HeaderBytes bytes{};
  const auto read = file.read_at(0, std::as_writable_bytes(std::span(&bytes, 1)));
  if (!read) return read.error();
  if (*read < sizeof bytes || bytes.magic != magic_of(expected.kind)) {
    return damage_at(path, 0, "its header is missing");
  }
  if (bytes.crc != crc_of(bytes)) return damage_at(path, 0, "its header's checksum is wrong");
  if (bytes.format_version > kFormatVersion) {
    return Error{ErrorCode::unsupported,
                 path + " has format " + std::to_string(bytes.format_version) +
                     ", this program reads format " + std::to_string(kFormatVersion)};
  }
  if (bytes.incarnation != expected.incarnation) {
    return damage_at(path, 0,
                     "it belongs to another store (incarnation " + to_hex(bytes.incarnation) + ")");
  }
  if (bytes.number != expected.number) {
    return damage_at(path, 0, "it says it is number " + std::to_string(bytes.number));
  }
  return ok_status();
}

Status StreamWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (chunk_.empty()) chunk_.resize(kChunkHeaderBytes);
    const std::size_t room = kChunkHeaderBytes + kChunkBytes - chunk_.size();
    const auto some = bytes.first(std::min(room, bytes.size()));
    chunk_.insert(chunk_.end(), some.begin(), some.end());
    bytes = bytes.subspan(some.size());
    if (some.size() == room) {
      if (Status s = write_chunk(); !s.ok()) return s;
    }
  }
  return ok_status();
}

Status StreamWriter::write_chunk() {
  give_way();
  ChunkHeaderBytes header{0, static_cast<std::uint32_t>(chunk_.size() - kChunkHeaderBytes)};
  std::memcpy(chunk_.data(), &header, sizeof header);
  header.crc = crc_of_chunk(chunk_);
  std::memcpy(chunk_.data(), &header, sizeof header);
  if (Status s = file_.write_at(at_, chunk_); !s.ok()) return s;
  checksum_ = crc32c(std::as_bytes(std::span(&header.crc, 1)), checksum_);
  at_ += chunk_.size();
  unsynced_ += chunk_.size();
  chunk_.clear();
  if (unsynced_ < kSyncEvery) return ok_status();
  unsynced_ = 0;
  return file_.sync();
}

Result<StreamPlace> StreamWriter::finish() {
  if (!chunk_.empty()) {
    if (Status s = write_chunk(); !s.ok()) return s.error();
  }
  return StreamPlace{begin_, at_ - begin_, checksum_};
}

Status StreamReader::read(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    if (rest_.empty()) {
      if (Status s = read_chunk(); !s.ok()) return s;
    }
    const std::size_t some = std::min(bytes.size(), rest_.size());
    std::memcpy(bytes.data(), rest_.data(), some);
    bytes = bytes.subspan(some);
    rest_ = rest_.subspan(some);
  }
  return ok_status();
}

Status StreamReader::read_some(std::vector<std::byte>& out) {
  if (rest_.empty()) {
    if (Status s = read_chunk(); !s.ok()) return s;
  }
  out.insert(out.end(), rest_.begin(), rest_.end());
  rest_ = {};
  return ok_status();
}

Status StreamReader::read_chunk() {
  give_way();
  if (left() == 0) return damage_at(path_, at_, "what is written here ends too early");
  chunk_.resize(std::min<std::uint64_t>(kChunkHeaderBytes + kChunkBytes, left()));
  const auto read = file_.read_at(at_, chunk_);
  if (!read) return read.error();
  if (*read < chunk_.size()) return damage_at(path_, at_, "the file was cut short");
  ChunkHeaderBytes header{};
  if (chunk_.size() <= sizeof header) return damage_at(path_, at_, "a chunk has no content");
  std::memcpy(&header, chunk_.data(), sizeof header);
  // Every chunk but the last is full, so its length is known before it is read.
  if (header.length != chunk_.size() - sizeof header || header.crc != crc_of_chunk(chunk_)) {
    return damage_at(path_, at_, "the checksum is wrong");
  }
  checksum_ = crc32c(std::as_bytes(std::span(&header.crc, 1)), checksum_);
  at_ += chunk_.size();
  rest_ = std::span(chunk_).subspan(sizeof header);
  return ok_status();
}

Status StreamReader::finish() {
  if (!rest_.empty() || left() > 0) {
    return damage_at(path_, at_, "more is written here than belongs to it");
  }
  if (checksum_ != place_.checksum) {
    return damage_at(path_, place_.offset, "this is not what its snapshot names");
  }
  return ok_status();
}

}  // namespace doorbuster::embedded
