#include "sim/journal_history.h"

#include "sale/event_codec.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::simulation {

std::string JournalHistory::path_of(std::uint64_t segment) const {
  return directory_ + "/" + embedded::segment_name(segment);
}

std::optional<sale::Event> JournalHistory::decode(const Bytes& bytes) {
  auto event = sale::decode(bytes.sale, bytes.event);
  if (!event) return std::nullopt;
  return std::move(*event);
}

std::optional<JournalHistory::Group> JournalHistory::group_at(const SimulatedFileSystem& files,
                                                              const Place& place) const {
  constexpr std::size_t kFirst = 4 * embedded::kBlockBytes;  // nearly always the whole group
  const std::string path = path_of(place.segment);
  const std::uint64_t offset = std::max<std::uint64_t>(place.offset, embedded::kBlockBytes);
  std::array<std::byte, embedded::kGroupHeaderBytes> header_bytes;
  const auto head = files.peek(path, offset, header_bytes);
  if (!head || *head < header_bytes.size() || header_bytes[0] == std::byte{0}) return std::nullopt;
  std::vector<std::byte> bytes(kFirst);
  bytes.resize(*files.peek(path, offset, bytes));
  auto header = embedded::decode_group(bytes);
  if (!header && bytes.size() == kFirst) {
    bytes.resize(std::size_t{1} << 20);
    bytes.resize(*files.peek(path, offset, bytes));
    header = embedded::decode_group(bytes);
  }
  if (!header || header->group != place.group || header->segment != place.segment) {
    return std::nullopt;
  }
  bytes.resize(embedded::kGroupHeaderBytes + header->payload_bytes);
  const std::uint64_t end = offset + embedded::padded_bytes(header->payload_bytes);
  return Group{{place.segment, end, place.group + 1}, std::move(bytes)};
}

std::optional<JournalHistory::Group> JournalHistory::next_group(const SimulatedFileSystem& files,
                                                                const Place& place) const {
  if (auto group = group_at(files, place)) return group;
  if (auto group = group_at(files, {place.segment + 1, 0, place.group})) return group;
  // A segment that was removed, and is not the last, had been used up: so its last group counts.
  if (!last_ || last_->behind.group != place.group + 1) return std::nullopt;
  const std::uint64_t segment = last_->behind.segment;
  const bool used_up =
      !files.peek(path_of(segment), 0, {}) && files.peek(path_of(segment + 1), 0, {});
  return used_up ? last_ : std::nullopt;
}

void JournalHistory::keep(const Group& group) {
  std::span<const std::byte> payload(group.bytes);
  payload = payload.subspan(embedded::kGroupHeaderBytes);
  while (const auto record = embedded::take_record(payload)) {
    events_.push_back({record->sale, {record->event_bytes.begin(), record->event_bytes.end()}});
  }
  place_ = group.behind;
}

void JournalHistory::read(const SimulatedFileSystem& files, bool to_the_end) {
  std::optional<Group> last;
  Place place = place_;
  while (auto group = next_group(files, place)) {
    if (last) keep(*last);
    place = group->behind;
    last = std::move(group);
  }
  if (to_the_end) {
    if (last) keep(*last);
    last_.reset();  // what was seen before and is not there now was lost
  } else if (last) {
    last_ = std::move(last);
  }
}

}  // namespace doorbuster::simulation
