// The names and files of a simulated disk: what is seen now, what is on the disk, and the changes
// of names in between, which a power cut may keep or drop.
//
// Thread: one. Owns: all files; a copy is another disk in the same state, and cheap.
// Invariants: a directory's names on the disk, with its journal applied in order, are its names
// seen now. A rename is two changes with one step: the link and the unlink; the unlink is never on
// the disk without the link. Paths are as FileSystem takes them; "/" and "." always exist.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/file_content.h"
#include "sim/random.h"

namespace doorbuster::simulation {

using NodeId = std::uint64_t;

class SimulatedDisk {
 public:
  SimulatedDisk();

  bool has_directory(const std::string& path) const { return directories_.contains(path); }
  // The file of that name; none if there is no such name.
  std::optional<NodeId> find(const std::string& path) const;
  std::vector<std::string> list(const std::string& directory) const;  // sorted
  std::vector<std::string> paths() const;                             // of all files, sorted
  FileContent& content(NodeId node) { return nodes_.at(node).content; }
  const FileContent& content(NodeId node) const { return nodes_.at(node).content; }

  // The parent must exist, and the name (or the target of a link) must not.
  NodeId create(const std::string& path);
  void create_directory(const std::string& path);
  // The file must exist.
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);
  // The directory must exist.
  void sync_directory(const std::string& path);

  // A file without a name takes its space until it is released as often as it was held.
  void hold(NodeId node) { ++nodes_.at(node).holders; }
  void release(NodeId node);
  void release_all();
  std::uint64_t used_bytes() const;

  // Loses power. Nothing may be held afterwards that was before.
  void crash(Random& random, const CrashOdds& odds);

  // Makes a name durable at once, or takes it away from the disk as well.
  void settle(const std::string& path);
  void forget(const std::string& path);
  // The file that the name leads to if a crash drops all changes.
  std::optional<NodeId> find_on_disk(const std::string& path) const;

  static std::string normal(const std::string& path);
  static std::string parent_of(const std::string& path);

 private:
  using Names = std::map<std::string, NodeId>;
  struct Change {
    enum class Kind { link, unlink, directory };
    Kind kind;
    std::string name;        // within the directory
    NodeId node = 0;         // of link and unlink
    std::uint64_t step = 0;  // rising; the same for both halves of a rename
    std::string linked_in;   // of a rename's unlink: the directory of its link
  };
  struct Directory {
    bool on_disk = false;
    Names seen;
    Names disk;
    std::vector<Change> journal;
  };
  struct Node {
    FileContent content;
    bool named = true;
    int holders = 0;
  };

  Directory& parent_directory(const std::string& path);
  void commit(const std::string& path, std::uint64_t last_step);
  void apply(const std::string& path, const Change& change);
  void drop_directory(const std::string& path);
  void crash_directories(Random& random, const CrashOdds& odds);
  void crash_names(Random& random, const CrashOdds& odds);
  void part_shared_files();
  void collect();

  std::map<std::string, Directory> directories_;
  std::map<NodeId, Node> nodes_;
  NodeId next_node_ = 1;
  std::uint64_t next_step_ = 1;
};

}  // namespace doorbuster::simulation
