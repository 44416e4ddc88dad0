#include "store/embedded/journal_reader.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/worker.h"

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kReadAtOnce = 128 * 1024;

struct Segment {
  std::uint64_t number = 0;
  std::string path;
  std::vector<std::byte> bytes;

  std::span<const std::byte> from(std::uint64_t offset) const {
    return std::span(bytes).subspan(std::min<std::uint64_t>(offset, bytes.size()));
  }
};

// Into `memory`, which is used again rather than asked for anew.
Result<Segment> load(FileSystem& files, const std::string& directory, std::uint64_t number,
                     std::vector<std::byte> memory = {}) {
  Segment segment{number, directory + "/" + segment_name(number), std::move(memory)};
  auto file = files.open(segment.path, OpenMode::read);
  if (!file) return file.error();
  if (Status s = (*file)->settle(); !s.ok()) return s.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  // In steps: within a call of the kernel nobody else gets the processor.
  segment.bytes.clear();
  segment.bytes.reserve(*size);
  while (segment.bytes.size() < *size) {
    const std::size_t at = segment.bytes.size();
    segment.bytes.resize(std::min<std::size_t>(*size, at + kReadAtOnce));
    const auto read = (*file)->read_at(at, std::span(segment.bytes).subspan(at));
    if (!read) return read.error();
    segment.bytes.resize(at + *read);
    if (*read == 0) break;
    give_way();
  }
  return segment;
}

// The header block alone, of a segment that is being written: it is durable, and nothing here may
// make the rest so.
Result<Segment> load_header(FileSystem& files, const std::string& directory, std::uint64_t number) {
  Segment segment{number, directory + "/" + segment_name(number), {}};
  auto file = files.open(segment.path, OpenMode::read);
  if (!file) return file.error();
  segment.bytes.resize(kBlockBytes);
  const auto read = (*file)->read_at(0, segment.bytes);
  if (!read) return read.error();
  segment.bytes.resize(*read);
  return segment;
}

Error missing(const JournalPlace& place, std::uint64_t segment) {
  return {ErrorCode::data_damaged, place.directory + "/" + segment_name(segment) + " is missing"};
}

class Reading {
 public:
  Reading(FileSystem& files, const JournalPlace& place, GroupVisitor& visitor)
      : files_(files),
        directory_(place.directory),
        incarnation_(place.incarnation),
        visitor_(visitor),
        begins_behind_others_(place.start.segment > 1) {
    end_.next_group = place.start.next_group;
    end_.next_position = place.start.next_position;
    end_.previous_hash = place.start.previous_hash;
    end_.time = place.start.time;
  }

  Result<JournalEnd> run(const std::vector<std::uint64_t>& numbers) {
    for (const std::uint64_t number : numbers) {
      auto segment = load(files_, directory_, number, std::exchange(spare_memory_, {}));
      if (!segment) return segment.error();
      if (ended_) {
        if (Status s = expect_nothing_in(*segment); !s.ok()) return s.error();
        continue;
      }
      if (Status s = read_segment(*segment); !s.ok()) return s.error();
    }
    return end_;
  }

  // Whether segment `number` goes on where run() ended.
  Status check_next(std::uint64_t number) {
    const auto segment = load_header(files_, directory_, number);
    if (!segment) return segment.error();
    const auto header = decode_segment_header(segment->bytes);
    if (!header) return damage(*segment, 0, header.error().message);
    return check_place(*segment, *header);
  }

 private:
  Error damage(const Segment& segment, std::uint64_t offset, const std::string& what) const {
    return {ErrorCode::data_damaged,
            segment.path + ", offset " + std::to_string(offset) + ": " + what};
  }

  Status read_segment(Segment& segment) {
    const auto header =
        decode_segment_header(segment.from(0).first(std::min(kBlockBytes, segment.bytes.size())));
    if (!header) {
      if (header.error().code == ErrorCode::unsupported) {
        return Error{header.error().code, segment.path + ": " + header.error().message};
      }
      return end_before(segment, header.error());
    }
    if (Status s = check_header(segment, *header); !s.ok()) return s;
    end_.segment = segment.number;
    end_.segment_bytes = header->segment_bytes;
    ++end_.segments;
    end_.last_group_offset = 0;
    end_.clean_stop = false;  // it is begun by a group alone
    return read_groups(segment);
  }

  // This segment has no readable header: the journal ended in the one before, unless groups follow.
  Status end_before(const Segment& segment, const Error& header_error) {
    if (begins_behind_others_ && end_.segments == 0) {
      return damage(segment, 0, header_error.message + ", but a snapshot leaves off here");
    }
    ended_ = true;
    count_torn(segment);
    if (const auto later = find_later_group(segment, kBlockBytes)) {
      return damage(segment, 0,
                    header_error.message + ", but group " + std::to_string(later->header.group) +
                        " at offset " + std::to_string(later->offset) + " was written after it");
    }
    return read_again(segment);
  }

  Status check_header(const Segment& segment, const SegmentHeader& header) {
    if (Status s = check_place(segment, header); !s.ok()) return s;
    if (segment.bytes.size() < header.segment_bytes) {
      return damage(
          segment, segment.bytes.size(),
          "the file was cut short: it had " + std::to_string(header.segment_bytes) + " bytes");
    }
    return ok_status();
  }

  // Whether it is the segment that belongs here.
  Status check_place(const Segment& segment, const SegmentHeader& header) {
    if (header.incarnation != incarnation_) {
      return damage(
          segment, 0,
          "the segment belongs to another store (incarnation " + to_hex(header.incarnation) + ")");
    }
    if (header.segment != segment.number) {
      return damage(segment, 0, "the segment says it is number " + std::to_string(header.segment));
    }
    if (header.first_group != end_.next_group || header.first_position != end_.next_position ||
        header.previous_hash != end_.previous_hash) {
      return missing_end(segment, header.first_group);
    }
    return ok_status();
  }

  // The segment before ended earlier than this one begins: groups are missing or damaged there.
  Status missing_end(const Segment& segment, std::uint64_t first_group) {
    if (previous_ && first_group >= end_.next_group) {
      return damage(*previous_, end_.offset,
                    damaged_group(*previous_, end_.offset) + "; " + segment.path +
                        " goes on with group " + std::to_string(first_group));
    }
    if (first_group == end_.next_group) {
      return damage(segment, 0,
                    "the segment does not follow the group before it, group " +
                        std::to_string(first_group - 1));
    }
    return damage(segment, 0,
                  "the segment begins with group " + std::to_string(first_group) + " where group " +
                      std::to_string(end_.next_group) + " was expected");
  }

  Status read_groups(Segment& segment) {
    std::uint64_t offset = kBlockBytes;
    while (offset + kGroupHeaderBytes <= segment.bytes.size()) {
      const auto bytes = segment.from(offset);
      const auto header = decode_group(bytes);
      if (!header || !follows(segment, *header)) break;
      const auto payload = bytes.subspan(kGroupHeaderBytes, header->payload_bytes);
      if (Status s = visitor_.on_group(*header, payload); !s.ok()) {
        return Error{s.error().code, segment.path + ", offset " + std::to_string(offset) +
                                         ", group " + std::to_string(header->group) + ": " +
                                         s.error().message};
      }
      end_.previous_hash = hash_group(bytes.first(kGroupHeaderBytes + header->payload_bytes));
      end_.last_group_offset = offset;
      end_.next_group = header->group + 1;
      end_.next_position = header->first_position + header->events;
      end_.time = header->written_at;
      end_.clean_stop = (header->flags & kCleanStop) != 0;
      offset += padded_bytes(header->payload_bytes);
    }
    end_.offset = offset;
    if (const auto later = find_later_group(segment, offset)) {
      return damage(segment, offset,
                    damaged_group(segment, offset) + "; group " +
                        std::to_string(later->header.group) + " at offset " +
                        std::to_string(later->offset) + " was written after it");
    }
    find_torn_end(segment);
    if (end_.torn_end > end_.offset) {
      if (Status s = read_again(segment); !s.ok()) return s;
    }
    if (previous_) spare_memory_ = std::move(previous_->bytes);
    previous_ = std::make_unique<Segment>(std::move(segment));
    return ok_status();
  }

  bool follows(const Segment& segment, const GroupHeader& header) const {
    return header.incarnation == incarnation_ && header.segment == segment.number &&
           header.group == end_.next_group && header.first_position == end_.next_position &&
           header.previous_hash == end_.previous_hash;
  }

  struct Found {
    GroupHeader header;
    std::uint64_t offset;
  };

  // A readable group of this store at or after `offset` that is not the one expected next: the
  // proof that the expected one was durable.
  std::optional<Found> find_later_group(const Segment& segment, std::uint64_t offset) const {
    for (; offset + kGroupHeaderBytes <= segment.bytes.size(); offset += kBlockBytes) {
      const auto header = decode_group(segment.from(offset));
      if (!header || header->incarnation != incarnation_) continue;
      if (!follows(segment, *header)) return Found{*header, offset};
    }
    return std::nullopt;
  }

  // Words for the unreadable group at `offset`, from what can still be made out.
  std::string damaged_group(const Segment& segment, std::uint64_t offset) {
    // Its length may be what is damaged, so the records are followed for as long as they make
    // sense.
    const auto payload = segment.from(offset + kGroupHeaderBytes);
    return "group " + std::to_string(end_.next_group) + " is damaged (events from " +
           std::to_string(end_.next_position) + " on: " + visitor_.describe(payload) + ")";
  }

  Status expect_nothing_in(const Segment& segment) {
    count_torn(segment);
    if (const auto later = find_later_group(segment, 0)) {
      return damage(segment, later->offset,
                    "group " + std::to_string(later->header.group) +
                        " stands behind the end of the journal (group " +
                        std::to_string(end_.next_group) + " is missing)");
    }
    return ok_status();
  }

  // Of a segment that nothing was ever written into all bytes are zero.
  void count_torn(const Segment& segment) {
    end_.torn_behind += static_cast<std::uint64_t>(
        std::ranges::count_if(segment.bytes, [](std::byte byte) { return byte != std::byte{0}; }));
  }

  void find_torn_end(const Segment& segment) {
    const auto& bytes = segment.bytes;
    std::uint64_t end = bytes.size();
    while (end > end_.offset && bytes[end - 1] == std::byte{0}) --end;
    end_.torn_end = end;
  }

  // What looks torn is overwritten or removed, so it must not be a passing fault of the reading
  // that made it so.
  Status read_again(const Segment& segment) {
    const auto again = load(files_, directory_, segment.number);
    if (!again) return again.error();
    if (again->bytes == segment.bytes) return ok_status();
    return Error{ErrorCode::io_failed,
                 segment.path + " does not read the same twice: its disk or memory is failing"};
  }

  FileSystem& files_;
  std::string directory_;
  Incarnation incarnation_;
  GroupVisitor& visitor_;
  JournalEnd end_;
  bool begins_behind_others_;
  bool ended_ = false;
  std::unique_ptr<Segment> previous_;
  std::vector<std::byte> spare_memory_;
};

}  // namespace

Result<std::vector<std::uint64_t>> list_segments(FileSystem& files, const std::string& directory,
                                                 std::uint64_t first) {
  const auto names = files.list(directory);
  if (!names) return names.error();
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *names) {
    const auto number = segment_number(name);
    if (number && *number >= first) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] != first + i) {
      return Error{ErrorCode::data_damaged,
                   directory + "/" + segment_name(first + i) + " is missing"};
    }
  }
  return numbers;
}

Result<JournalEnd> read_journal(FileSystem& files, const JournalPlace& place,
                                GroupVisitor& visitor) {
  const auto numbers = list_segments(files, place.directory, place.start.segment);
  if (!numbers) return numbers.error();
  if (numbers->empty() && place.start.segment > 1) return missing(place, place.start.segment);
  return Reading(files, place, visitor).run(*numbers);
}

Result<JournalStart> read_sealed(FileSystem& files, const JournalPlace& place, std::uint64_t last,
                                 GroupVisitor& visitor) {
  CHECK(last >= place.start.segment);
  auto numbers = list_segments(files, place.directory, place.start.segment);
  if (!numbers) return numbers.error();
  const std::size_t wanted = last - place.start.segment + 1;
  if (numbers->size() <= wanted) return missing(place, place.start.segment + numbers->size());
  numbers->resize(wanted);
  Reading reading(files, place, visitor);
  const auto end = reading.run(*numbers);
  if (!end) return end.error();
  if (Status s = reading.check_next(last + 1); !s.ok()) return s.error();
  return JournalStart{last + 1, end->next_group, end->next_position, end->previous_hash, end->time};
}

Result<JournalStart> read_start(FileSystem& files, const std::string& directory,
                                const Incarnation& incarnation, std::uint64_t segment) {
  const auto block = load_header(files, directory, segment);
  if (!block) return block.error();
  const auto header = decode_segment_header(block->bytes);
  if (!header)
    return Error{header.error().code, block->path + ", offset 0: " + header.error().message};
  if (header->incarnation != incarnation || header->segment != segment) {
    return Error{ErrorCode::data_damaged, block->path + ", offset 0: it belongs elsewhere"};
  }
  return JournalStart{
      segment, header->first_group, header->first_position, header->previous_hash, {}};
}

}  // namespace doorbuster::embedded
