#include "store/embedded/lenient_reader.h"

#include <algorithm>

namespace doorbuster::embedded {
namespace {

class LenientReading {
 public:
  LenientReading(FileSystem& files, const JournalPlace& place, GroupVisitor& visitor)
      : files_(files), place_(place), visitor_(visitor) {
    end_.next_group = place.start.next_group;
    end_.next_position = place.start.next_position;
    end_.time = place.start.time;
  }

  Result<LenientEnd> run() {
    const auto names = files_.list(place_.directory);
    if (!names) return names.error();
    std::vector<std::uint64_t> numbers;
    for (const std::string& name : *names) {
      const auto number = segment_number(name);
      if (number && *number >= place_.start.segment) numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    std::uint64_t expected = place_.start.segment;
    for (const std::uint64_t number : numbers) {
      for (; expected < number; ++expected) damaged(path_of(expected) + " is missing");
      if (Status s = read_segment(number); !s.ok()) return s.error();
      end_.segment = number;
      ++expected;
    }
    return std::move(end_);
  }

 private:
  std::string path_of(std::uint64_t number) const {
    return place_.directory + "/" + segment_name(number);
  }
  void damaged(std::string what) { end_.damages.push_back(std::move(what)); }

  Status read_segment(std::uint64_t number) {
    const std::string path = path_of(number);
    auto file = files_.open(path, OpenMode::read);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    std::vector<std::byte> bytes(*size);
    const auto read = (*file)->read_at(0, bytes);
    if (!read) return read.error();
    bytes.resize(*read);
    for (std::uint64_t offset = kBlockBytes; offset + kGroupHeaderBytes <= bytes.size();) {
      const auto group = std::span<const std::byte>(bytes).subspan(offset);
      const auto header = decode_group(group);
      if (!header || header->incarnation != place_.incarnation || header->segment != number ||
          header->group < end_.next_group || header->first_position < end_.next_position) {
        offset += kBlockBytes;
        continue;
      }
      take(*header, group.subspan(kGroupHeaderBytes, header->payload_bytes),
           path + ", offset " + std::to_string(offset));
      offset += padded_bytes(header->payload_bytes);
    }
    return ok_status();
  }

  void take(const GroupHeader& header, std::span<const std::byte> payload,
            const std::string& where) {
    if (header.group != end_.next_group) {
      const std::uint64_t lost = header.first_position - end_.next_position;
      damaged(where + ": before it group" + (header.group == end_.next_group + 1 ? " " : "s ") +
              std::to_string(end_.next_group) +
              (header.group == end_.next_group + 1 ? std::string()
                                                   : " to " + std::to_string(header.group - 1)) +
              " cannot be read, with " + std::to_string(lost) + " event" + (lost == 1 ? "" : "s") +
              " from " + std::to_string(end_.next_position) + " on");
      end_.lost_events += lost;
    }
    if (Status s = visitor_.on_group(header, payload); !s.ok()) {
      damaged(where + ": " + s.error().message);
      ++end_.lost_events;  // and what stands behind it in the group
    }
    end_.next_group = header.group + 1;
    end_.next_position = header.first_position + header.events;
    end_.time = header.written_at;
  }

  FileSystem& files_;
  const JournalPlace& place_;
  GroupVisitor& visitor_;
  LenientEnd end_;
};

}  // namespace

Result<LenientEnd> read_leniently(FileSystem& files, const JournalPlace& place,
                                  GroupVisitor& visitor) {
  return LenientReading(files, place, visitor).run();
}

}  // namespace doorbuster::embedded
