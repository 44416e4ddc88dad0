#include "store/embedded/event_reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kLargePage = 256 * 1024;         // bytes of events
constexpr std::uint64_t kMuchPassedOver = 4ULL << 20;  // bytes of the journal
constexpr std::size_t kOpenSegments = 4;
constexpr std::size_t kPlaces = 1024;
constexpr std::uint64_t kNear = 8192;  // positions: further behind a place it is searched anew
constexpr int kLooks = 3;              // at a journal whose segments go away while it is looked at

}  // namespace

struct EventReader::Segment {
  std::unique_ptr<File> file;
  std::uint64_t bytes = 0;
};

struct EventReader::Group {
  GroupHeader header;
  std::span<const std::byte> payload;  // in group_bytes_
};

EventReader::EventReader(FileSystem& files, std::string directory, const Incarnation& incarnation)
    : files_(files), directory_(std::move(directory)), incarnation_(incarnation) {}

EventReader::~EventReader() = default;

std::string EventReader::path_of(std::uint64_t number) const {
  return directory_ + "/" + segment_name(number);
}

Error EventReader::damaged(const Place& place, const std::string& what) const {
  return {ErrorCode::data_damaged, path_of(place.segment) + ", offset " +
                                       std::to_string(place.offset) + ": " + what + " (group " +
                                       std::to_string(place.next_group) + ", events from " +
                                       std::to_string(place.next_position) + " on)"};
}

Result<EventReader::Segment*> EventReader::segment(std::uint64_t number) {
  const auto known = segments_.find(number);
  if (known != segments_.end()) return known->second.get();
  auto file = files_.open(path_of(number), OpenMode::read);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  if (segments_.size() >= kOpenSegments) segments_.erase(segments_.begin());
  auto opened = std::make_unique<Segment>(Segment{std::move(*file), *size});
  return segments_.emplace(number, std::move(opened)).first->second.get();
}

void EventReader::rest() { segments_.clear(); }

Result<std::vector<std::uint64_t>> EventReader::list() const {
  const auto names = files_.list(directory_);
  if (!names) return names.error();
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const auto number = segment_number(name)) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

// Nothing: no group has been written into it yet.
Result<std::optional<EventReader::Place>> EventReader::beginning_of(std::uint64_t number) {
  const auto opened = segment(number);
  if (!opened) return opened.error();
  std::vector<std::byte> block(kBlockBytes);
  const auto got = (*opened)->file->read_at(0, block);
  if (!got) return got.error();
  const auto header = decode_segment_header(std::span(block).first(*got));
  if (!header || header->incarnation != incarnation_ || header->segment != number) {
    return std::optional<Place>();
  }
  return std::optional(Place{number, kBlockBytes, header->first_group, header->first_position});
}

Result<EventReader::Place> EventReader::find(std::optional<std::uint64_t> position,
                                             std::uint64_t& kept_behind) {
  if (position) {
    auto known = places_.upper_bound(*position);
    if (known != places_.begin() && (--known)->first + kNear > *position) {
      known->second.used = ++uses_;
      return skip_to(known->second.place, *position);
    }
  }
  const auto numbers = list();
  if (!numbers) return numbers.error();
  if (numbers->empty()) {
    return Error{ErrorCode::data_damaged, directory_ + ": the journal's segments are missing"};
  }
  if (position) return search(*numbers, *position, kept_behind);
  const auto oldest = beginning_of(numbers->front());
  if (!oldest) return oldest.error();
  if (!*oldest) return damaged({numbers->front(), 0, 0, 0}, "the segment header cannot be read");
  return **oldest;
}

// The last segment that begins at or before the position. What has no header yet begins later.
Result<EventReader::Place> EventReader::search(const std::vector<std::uint64_t>& numbers,
                                               std::uint64_t position, std::uint64_t& kept_behind) {
  std::size_t first = 0;
  std::size_t end = numbers.size();
  std::optional<Place> found;
  while (first < end) {
    const std::size_t middle = first + (end - first) / 2;
    const auto begins = beginning_of(numbers[middle]);
    if (!begins) return begins.error();
    if (*begins && (*begins)->next_position <= position) {
      found = *begins;
      first = middle + 1;
    } else {
      if (middle == 0 && *begins) kept_behind = (*begins)->next_position - 1;
      end = middle;
    }
  }
  if (found) return skip_to(*found, position);
  if (kept_behind > 0) return Place{};
  return damaged({numbers.front(), 0, 0, 0}, "the segment header cannot be read");
}

Result<EventReader::Place> EventReader::skip_to(Place place, std::uint64_t position) {
  while (true) {
    const auto header = next_header(place);
    if (!header) return header.error();
    if (header->first_position + header->events > position) return place;
    place.offset += padded_bytes(header->payload_bytes);
    ++place.next_group;
    place.next_position += header->events;
  }
}

Result<GroupHeader> EventReader::next_header(Place& place) {
  const auto opened = segment(place.segment);
  if (!opened) return opened.error();
  std::array<std::byte, kGroupHeaderBytes> bytes{};
  const auto got = (*opened)->file->read_at(place.offset, bytes);
  if (!got) return got.error();
  const auto fits = [&](const GroupHeader& header, const Place& where) {
    return header.incarnation == incarnation_ && header.segment == where.segment &&
           header.group == where.next_group && header.first_position == where.next_position;
  };
  const auto here = peek_group(std::span(bytes).first(*got));
  if (here && fits(*here, place)) return *here;
  // Then it did not fit here any more, and begins the next segment.
  const auto next = beginning_of(place.segment + 1);
  if (!next) return next.error();
  if (!*next || (*next)->next_group != place.next_group) {
    return damaged(place, "what is durable cannot be read");
  }
  place = **next;
  const auto there = segment(place.segment);
  if (!there) return there.error();
  const auto read = (*there)->file->read_at(place.offset, bytes);
  if (!read) return read.error();
  const auto header = peek_group(std::span(bytes).first(*read));
  if (!header || !fits(*header, place)) return damaged(place, "what is durable cannot be read");
  return *header;
}

Result<EventReader::Group> EventReader::next_group(Place& place) {
  const auto peeked = next_header(place);
  if (!peeked) return peeked.error();
  const auto opened = segment(place.segment);
  if (!opened) return opened.error();
  if (padded_bytes(peeked->payload_bytes) > (*opened)->bytes - place.offset) {
    return damaged(place, "a group goes on beyond the end of its segment");
  }
  group_bytes_.resize(kGroupHeaderBytes + peeked->payload_bytes);
  const auto got = (*opened)->file->read_at(place.offset, group_bytes_);
  if (!got) return got.error();
  const auto header = decode_group(std::span(group_bytes_).first(*got));
  if (!header) return damaged(place, "a group's checksum is wrong");
  return Group{*header, std::span(group_bytes_).subspan(kGroupHeaderBytes)};
}

void EventReader::remember(const Place& place) {
  places_[place.next_position] = {place, ++uses_};
  if (places_.size() <= kPlaces) return;
  places_.erase(
      std::ranges::min_element(places_, {}, [](const auto& entry) { return entry.second.used; }));
}

Result<EventPage> EventReader::read(const EventRange& range) {
  for (int looks = 1;; ++looks) {
    auto page = read_once(range);
    if (page.ok() || page.error().code != ErrorCode::not_found) return page;
    // The oldest segments have been removed since it was last looked.
    segments_.clear();
    places_.clear();
    if (looks == kLooks) return Error{ErrorCode::data_damaged, page.error().message};
  }
}

Result<EventPage> EventReader::read_once(const EventRange& range) {
  EventPage page;
  page.next = range.after.value_or(0);
  if (page.next >= range.head) return page;
  std::uint64_t kept_behind = 0;
  const auto begin =
      find(range.after ? std::optional(*range.after + 1) : std::nullopt, kept_behind);
  if (!begin) return begin.error();
  if (kept_behind > 0) {
    page.expired = kept_behind;
    return page;
  }
  Place place = *begin;
  if (!range.after) page.next = place.next_position - 1;
  std::uint64_t passed = 0;
  while (place.next_position <= range.head && page.events.size() < range.most &&
         page.bytes.size() < kLargePage && passed < kMuchPassedOver) {
    const auto group = next_group(place);
    if (!group) return group.error();
    if (Status s = take(*group, range, page); !s.ok()) return damaged(place, s.error().message);
    const std::uint64_t behind = group->header.first_position + group->header.events;
    if (page.next + 1 < behind) break;
    passed += padded_bytes(group->header.payload_bytes);
    place.offset += padded_bytes(group->header.payload_bytes);
    ++place.next_group;
    place.next_position = behind;
  }
  remember(place);
  page.has_more = page.next < range.head;
  return page;
}

// As much of the group as the page may have.
Status EventReader::take(const Group& group, const EventRange& range, EventPage& page) {
  std::span<const std::byte> rest = group.payload;
  std::uint64_t position = group.header.first_position;
  for (std::uint32_t i = 0; i < group.header.events; ++i, ++position) {
    const auto record = take_record(rest);
    if (!record) return Error{ErrorCode::data_damaged, "a record cannot be read"};
    if (position <= page.next) continue;
    if (!range.sale || record->sale == *range.sale) {
      if (page.events.size() == range.most || page.bytes.size() >= kLargePage) return ok_status();
      page.events.push_back(
          {position, record->sale, page.bytes.size(), record->event_bytes.size()});
      page.bytes.insert(page.bytes.end(), record->event_bytes.begin(), record->event_bytes.end());
    }
    page.next = position;
  }
  return ok_status();
}

}  // namespace doorbuster::embedded
