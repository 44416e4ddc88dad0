#include "store/embedded/journal_format.h"

#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/wire.h"

namespace doorbuster::embedded {
namespace {

// No byte of text can look like a header: these begin with a byte that UTF-8 never has.
constexpr std::array<char, 8> kSegmentMagic = {'\xdb', 'S', 'E', 'G', 'M', 'T', '\r', '\n'};
constexpr std::array<char, 8> kGroupMagic = {'\xdb', 'G', 'R', 'O', 'U', 'P', '\r', '\n'};

// On disk: little-endian, without padding; reserved bytes are zero.
struct SegmentHeaderBytes {
  std::array<char, 8> magic;
  std::uint32_t crc;  // of everything after it
  std::uint32_t format_version;
  std::uint64_t segment;
  std::uint64_t segment_bytes;
  std::uint64_t first_group;
  std::uint64_t first_position;
  Incarnation incarnation;
  GroupHash previous_hash;
};
static_assert(sizeof(SegmentHeaderBytes) == 96);

struct GroupHeaderBytes {
  std::array<char, 8> magic;
  std::uint32_t crc;  // of the rest of the header and the payload
  std::uint32_t payload_bytes;
  std::uint64_t segment;
  std::uint64_t group;
  std::uint64_t durable_group;
  std::uint64_t first_position;
  std::uint32_t events;
  std::uint32_t flags;
  std::int64_t written_at_ms;
  Incarnation incarnation;
  GroupHash previous_hash;
  std::array<std::uint8_t, 16> reserved;
};
static_assert(sizeof(GroupHeaderBytes) == kGroupHeaderBytes);

constexpr std::string_view kSegmentSuffix = ".seg";

constexpr std::size_t kHeaderCrcEnd = 12;  // magic and checksum are not part of what is summed

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

std::uint32_t crc_of(std::span<const std::byte> header_and_payload) {
  return crc32c(header_and_payload.subspan(kHeaderCrcEnd));
}

}  // namespace

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

void encode(const SegmentHeader& header, std::span<std::byte> block) {
  CHECK(block.size() == kBlockBytes);
  std::ranges::fill(block, std::byte{0});
  SegmentHeaderBytes bytes{kSegmentMagic,         0,
                           kFormatVersion,        header.segment,
                           header.segment_bytes,  header.first_group,
                           header.first_position, header.incarnation,
                           header.previous_hash};
  std::memcpy(block.data(), &bytes, sizeof bytes);
  bytes.crc = crc_of(block);
  std::memcpy(block.data(), &bytes, sizeof bytes);
}

Result<SegmentHeader> decode_segment_header(std::span<const std::byte> block) {
  SegmentHeaderBytes bytes{};
  if (block.size() != kBlockBytes) return Error{ErrorCode::data_damaged, "no segment header"};
  std::memcpy(&bytes, block.data(), sizeof bytes);
  if (bytes.magic != kSegmentMagic) return Error{ErrorCode::data_damaged, "no segment header"};
  if (bytes.crc != crc_of(block)) {
    return Error{ErrorCode::data_damaged, "the segment header's checksum is wrong"};
  }
  if (bytes.format_version != kFormatVersion) {
    return Error{ErrorCode::unsupported,
                 "the journal has format " + std::to_string(bytes.format_version) +
                     ", this program reads format " + std::to_string(kFormatVersion)};
  }
  return SegmentHeader{bytes.segment,     bytes.incarnation,    bytes.segment_bytes,
                       bytes.first_group, bytes.first_position, bytes.previous_hash};
}

void seal_group(const GroupHeader& header, std::span<std::byte> group) {
  CHECK(group.size() == kGroupHeaderBytes + header.payload_bytes);
  GroupHeaderBytes bytes{kGroupMagic,
                         0,
                         header.payload_bytes,
                         header.segment,
                         header.group,
                         header.durable_group,
                         header.first_position,
                         header.events,
                         header.flags,
                         header.written_at.time_since_epoch().count(),
                         header.incarnation,
                         header.previous_hash,
                         {}};
  std::memcpy(group.data(), &bytes, sizeof bytes);
  bytes.crc = crc_of(group);
  std::memcpy(group.data(), &bytes, sizeof bytes);
}

std::optional<GroupHeader> decode_group(std::span<const std::byte> bytes) {
  const auto header = peek_group(bytes);
  if (!header || header->payload_bytes > bytes.size() - kGroupHeaderBytes) return std::nullopt;
  std::uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + offsetof(GroupHeaderBytes, crc), sizeof crc);
  if (crc != crc_of(bytes.first(kGroupHeaderBytes + header->payload_bytes))) return std::nullopt;
  return header;
}

std::optional<GroupHeader> peek_group(std::span<const std::byte> header) {
  GroupHeaderBytes bytes{};
  if (header.size() < sizeof bytes) return std::nullopt;
  std::memcpy(&bytes, header.data(), sizeof bytes);
  if (bytes.magic != kGroupMagic) return std::nullopt;
  return GroupHeader{bytes.incarnation,
                     bytes.segment,
                     bytes.group,
                     bytes.durable_group,
                     bytes.first_position,
                     bytes.events,
                     bytes.payload_bytes,
                     bytes.flags,
                     Time(std::chrono::milliseconds(bytes.written_at_ms)),
                     bytes.previous_hash};
}

GroupHash hash_group(std::span<const std::byte> header_and_payload) {
  GroupHash hash{};
  ::SHA256(reinterpret_cast<const unsigned char*>(header_and_payload.data()),
           header_and_payload.size(), hash.data());
  return hash;
}

std::size_t padded_bytes(std::size_t payload_bytes) {
  return (kGroupHeaderBytes + payload_bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

void append_record(std::string& payload, sale::SaleOrdinal sale, std::string_view event_bytes) {
  Pen pen(payload, 2 * kMaxVarintBytes + event_bytes.size());
  put_varint(pen, sale.value);
  put_text(pen, event_bytes);
}

std::optional<Record> take_record(std::span<const std::byte>& payload) {
  WireReader in(payload);
  const auto sale = static_cast<std::uint32_t>(in.varint_up_to(0xffffffff));
  const auto bytes = in.bytes(in.varint_up_to(payload.size()));
  if (!in.good() || bytes.empty()) return std::nullopt;
  payload = payload.last(in.left());
  return Record{{sale}, bytes};
}

std::string numbered_name(std::uint64_t number, std::string_view suffix) {
  std::string name = std::to_string(number);
  if (name.size() < 10) name.insert(0, 10 - name.size(), '0');
  return name.append(suffix);
}

std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + name.size() - suffix.size();
  const auto [stopped, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc{} || stopped != end || numbered_name(number, suffix) != name) {
    return std::nullopt;
  }
  return number;
}

std::string segment_name(std::uint64_t segment) { return numbered_name(segment, kSegmentSuffix); }

std::optional<std::uint64_t> segment_number(std::string_view name) {
  return number_of(name, kSegmentSuffix);
}

}  // namespace doorbuster::embedded
