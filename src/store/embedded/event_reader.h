// Reads events back from the journal's segments, one page after the other, while the journal is
// being written and its oldest segments are being removed. Looks at nothing beyond what it is told
// is durable, so that neither room made ahead nor a group under way is taken for damage.
//
// Reading on costs what is read: where pages ended is remembered. From elsewhere it is a binary
// search of the segments, and then the headers of one segment's groups.
//
// Thread: one at a time; beside the engine. Owns: a few open segments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/embedded/file_system.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

struct EventRange {
  std::optional<std::uint64_t> after;     // a position; none: before the oldest that is kept
  std::uint64_t head = 0;                 // the last position that is durable
  std::optional<sale::SaleOrdinal> sale;  // of it alone
  std::size_t most = 1000;                // events
};

struct EventPage {
  struct Event {
    std::uint64_t position = 0;
    sale::SaleOrdinal sale;
    std::size_t offset = 0;  // in `bytes`
    std::size_t size = 0;
  };

  std::vector<Event> events;
  std::vector<std::byte> bytes;
  std::uint64_t next = 0;  // the last position that was looked at
  bool has_more = false;   // positions between it and the head
  // Nothing was read: the first event wanted is not kept, only those behind this position.
  std::optional<std::uint64_t> expired;

  std::span<const std::byte> bytes_of(const Event& event) const {
    return std::span(bytes).subspan(event.offset, event.size);
  }
};

class EventReader {
 public:
  EventReader(FileSystem& files, std::string directory, const Incarnation& incarnation);
  ~EventReader();

  // A page that ends with the `most`th event, when it is large, when much had to be passed over, or
  // at the head. data_damaged: something durable cannot be read; it names file and offset.
  Result<EventPage> read(const EventRange& range);

  // Nothing more is read for now: lets go of segments that could be removed meanwhile.
  void rest();

 private:
  struct Segment;
  struct Group;
  // Before a group, which may stand at the beginning of the next segment.
  struct Place {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t next_group = 0;
    std::uint64_t next_position = 0;
  };
  struct Remembered {
    Place place;
    std::uint64_t used = 0;
  };

  Result<EventPage> read_once(const EventRange& range);
  // An error not_found: a segment is gone that was there just now.
  Result<Segment*> segment(std::uint64_t number);
  Result<std::optional<Place>> beginning_of(std::uint64_t number);
  Result<std::vector<std::uint64_t>> list() const;
  // The place before the group that has `position`, the oldest for none; with the position before
  // which nothing is kept where that is later.
  Result<Place> find(std::optional<std::uint64_t> position, std::uint64_t& kept_behind);
  Result<Place> search(const std::vector<std::uint64_t>& numbers, std::uint64_t position,
                       std::uint64_t& kept_behind);
  Result<Place> skip_to(Place place, std::uint64_t position);
  // Moves on to the segment in which the next group stands; its header, not yet checked.
  Result<GroupHeader> next_header(Place& place);
  Result<Group> next_group(Place& place);
  static Status take(const Group& group, const EventRange& range, EventPage& page);
  void remember(const Place& place);
  Error damaged(const Place& place, const std::string& what) const;
  std::string path_of(std::uint64_t number) const;

  FileSystem& files_;
  std::string directory_;
  Incarnation incarnation_;
  std::map<std::uint64_t, std::unique_ptr<Segment>> segments_;
  std::map<std::uint64_t, Remembered> places_;  // by next_position
  std::uint64_t uses_ = 0;
  std::vector<std::byte> group_bytes_;  // scratch
};

}  // namespace doorbuster::embedded
