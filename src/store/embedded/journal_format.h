// The journal's bytes on disk (docs/formats.md has the grammar and a worked example). Pure.
//
// A segment is a file of a fixed size, filled with zeros before it is used: a header block, then
// groups, each beginning at a multiple of the block size. A group holds the events that became
// durable together; it names the hash of the group before it, so that no group can be missing,
// moved or put back from an older copy unnoticed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sale/event.h"
#include "store/embedded/file_system.h"

namespace doorbuster::embedded {

inline constexpr std::uint32_t kFormatVersion = 1;

using Incarnation = std::array<std::uint8_t, 16>;
using GroupHash = std::array<std::uint8_t, 32>;  // SHA-256 of a group's header and payload

std::string to_hex(std::span<const std::uint8_t> bytes);

struct SegmentHeader {
  std::uint64_t segment = 0;  // 1, 2, 3 ...
  Incarnation incarnation{};
  std::uint64_t segment_bytes = 0;
  std::uint64_t first_group = 0;
  std::uint64_t first_position = 0;
  GroupHash previous_hash{};
};

struct GroupHeader {
  Incarnation incarnation{};
  std::uint64_t segment = 0;
  std::uint64_t group = 0;           // 1, 2, 3 ... through all segments
  std::uint64_t durable_group = 0;   // all groups up to this one were durable when this was written
  std::uint64_t first_position = 0;  // of its first event: 1, 2, 3 ... through all sales
  std::uint32_t events = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t flags = 0;
  Time written_at;            // the engine's time
  GroupHash previous_hash{};  // zeros in the first group
};

inline constexpr std::uint32_t kCleanStop =
    1;  // the engine stopped of its own will after this group
inline constexpr std::size_t kGroupHeaderBytes = 128;

// Writes the header block of a segment (kBlockBytes).
void encode(const SegmentHeader& header, std::span<std::byte> block);

// data_damaged when the block is no segment header or its checksum fails; unsupported when it is of
// another format version, with both named.
Result<SegmentHeader> decode_segment_header(std::span<const std::byte> block);

// Writes the header in front of the payload and the checksum over both. `group` is the header's
// bytes followed by `header.payload_bytes` of payload.
void seal_group(const GroupHeader& header, std::span<std::byte> group);

// The header of the group that begins at `bytes`, which go on to the end of the segment: nothing
// when magic, lengths or checksum are wrong.
std::optional<GroupHeader> decode_group(std::span<const std::byte> bytes);

// The same from the header's bytes alone, its checksum unchecked: for passing over a group.
std::optional<GroupHeader> peek_group(std::span<const std::byte> header);

GroupHash hash_group(std::span<const std::byte> header_and_payload);

// Length of a group on disk: header and payload, up to the next block.
std::size_t padded_bytes(std::size_t payload_bytes);

// One event in a payload: the sale's ordinal, the length of the event's bytes, the bytes.
void append_record(std::string& payload, sale::SaleOrdinal sale, std::string_view event_bytes);

struct Record {
  sale::SaleOrdinal sale;
  std::span<const std::byte> event_bytes;
};

// Takes the first record off `payload`; nothing when the bytes are no record.
std::optional<Record> take_record(std::span<const std::byte>& payload);

// A number of ten digits at least, then the suffix; and the number again, or nothing for the name
// of another file.
std::string numbered_name(std::uint64_t number, std::string_view suffix);
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix);

std::string segment_name(std::uint64_t segment);  // "0000000001.seg"
std::optional<std::uint64_t> segment_number(std::string_view name);

}  // namespace doorbuster::embedded
