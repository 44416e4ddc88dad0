// The journal of a simulated disk as the list of its events, for a judge who wants to know what
// happened and not what the engine makes of it. Reads on from where it stopped; what it has read it
// keeps when a segment is removed.
//
// Thread: one. Owns: the events that were read and not yet taken.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sale/event.h"
#include "sim/simulated_file_system.h"

namespace doorbuster::simulation {

class JournalHistory {
 public:
  explicit JournalHistory(std::string directory) : directory_(std::move(directory)) {}

  // Reads the groups that are certain: all but the last, since a group is written when the one
  // before it is durable. With `to_the_end` the last one too, which is right when the engine has
  // just started on it or has nothing left to write. To be called often enough that no segment
  // comes and goes in between.
  void read(const SimulatedFileSystem& files, bool to_the_end);

  // Calls `visit(const sale::Event&)` for what was read since; false: an event cannot be read.
  template <typename Visit>
  bool take(Visit visit) {
    for (; !events_.empty(); events_.pop_front()) {
      const auto event = decode(events_.front());
      if (!event) return false;
      visit(*event);
    }
    return true;
  }

 private:
  struct Bytes {
    sale::SaleOrdinal sale;
    std::vector<std::byte> event;
  };
  struct Place {
    std::uint64_t segment = 1;
    std::uint64_t offset = 0;
    std::uint64_t group = 1;  // the one that stands there
  };
  struct Group {
    Place behind;
    std::vector<std::byte> bytes;  // header and payload
  };

  static std::optional<sale::Event> decode(const Bytes& bytes);
  std::string path_of(std::uint64_t segment) const;
  std::optional<Group> group_at(const SimulatedFileSystem& files, const Place& place) const;
  // The group of that number, there or at the beginning of the next segment.
  std::optional<Group> next_group(const SimulatedFileSystem& files, const Place& place) const;
  void keep(const Group& group);

  std::string directory_;
  Place place_;
  std::optional<Group> last_;  // read, and not yet certain
  std::deque<Bytes> events_;
};

}  // namespace doorbuster::simulation
