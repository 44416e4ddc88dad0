// Somebody who reads the feed of a simulated store beside everything else: on from where he
// stopped, and now and then again from further back. What he was shown he remembers.
//
// Thread: one. Owns: a reader of the journal, until the process that it belongs to ends.
// Invariants: what it finds wrong is told once, with the invariant's number (reliability's S7, S8,
// S17).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/random.h"
#include "store/embedded/event_reader.h"

namespace doorbuster::simulation {

class FeedFollower {
 public:
  // What is wrong, or nothing.
  using Broken = std::optional<std::string>;

  // A process has begun, whose journal is durable up to `head`.
  Broken begin(embedded::FileSystem& files, const std::string& directory,
               const embedded::Incarnation& incarnation, std::uint64_t head);
  // It has ended: its files are not to be touched any more.
  void end() { reader_.reset(); }

  // Reads a page, of what is new or again of what is old.
  Broken read(Random& random, std::uint64_t head);
  // Reads all that is new.
  Broken read_all(std::uint64_t head);

  std::uint64_t events() const { return shown_.size(); }
  std::uint64_t read_again() const { return read_again_; }
  std::uint64_t expired() const { return expired_; }

 private:
  Broken read_page(std::uint64_t after, std::uint64_t head, std::size_t most);
  Broken take(const embedded::EventPage& page, std::uint64_t after);
  Broken expire(std::uint64_t after, std::uint64_t kept_behind, std::uint64_t head);

  std::unique_ptr<embedded::EventReader> reader_;
  std::uint64_t last_ = 0;                        // the position up to which he has read
  std::uint64_t kept_behind_ = 0;                 // up to which nothing is kept, as he was told
  std::map<std::uint64_t, std::uint64_t> shown_;  // hashes of events, by position
  std::uint64_t read_again_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace doorbuster::simulation
