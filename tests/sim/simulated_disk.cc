#include "sim/simulated_disk.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "base/check.h"

namespace doorbuster::simulation {
namespace {

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string joined(const std::string& directory, const std::string& name) {
  if (directory == ".") return name;
  return directory == "/" ? "/" + name : directory + "/" + name;
}

}  // namespace

SimulatedDisk::SimulatedDisk() {
  directories_["/"].on_disk = true;
  directories_["."].on_disk = true;
}

std::string SimulatedDisk::normal(const std::string& path) {
  CHECK(!path.empty());
  std::string result = std::filesystem::path(path).lexically_normal().string();
  if (result.size() > 1 && result.back() == '/') result.pop_back();
  return result;
}

std::string SimulatedDisk::parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

SimulatedDisk::Directory& SimulatedDisk::parent_directory(const std::string& path) {
  return directories_.at(parent_of(path));
}

std::optional<NodeId> SimulatedDisk::find(const std::string& path) const {
  const auto directory = directories_.find(parent_of(path));
  if (directory == directories_.end()) return std::nullopt;
  const auto at = directory->second.seen.find(name_of(path));
  if (at == directory->second.seen.end()) return std::nullopt;
  return at->second;
}

std::optional<NodeId> SimulatedDisk::find_on_disk(const std::string& path) const {
  for (std::string above = parent_of(path);; above = parent_of(above)) {
    const auto directory = directories_.find(above);
    if (directory == directories_.end() || !directory->second.on_disk) return std::nullopt;
    if (above == "/" || above == ".") break;
  }
  const auto& disk = directories_.at(parent_of(path)).disk;
  const auto at = disk.find(name_of(path));
  if (at == disk.end()) return std::nullopt;
  return at->second;
}

std::vector<std::string> SimulatedDisk::list(const std::string& directory) const {
  std::vector<std::string> names;
  for (const auto& [name, node] : directories_.at(directory).seen) names.push_back(name);
  return names;
}

std::vector<std::string> SimulatedDisk::paths() const {
  std::vector<std::string> result;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.seen) result.push_back(joined(path, name));
  }
  std::sort(result.begin(), result.end());
  return result;
}

NodeId SimulatedDisk::create(const std::string& path) {
  Directory& directory = parent_directory(path);
  const NodeId node = next_node_++;
  CHECK(!has_directory(path));
  CHECK(directory.seen.emplace(name_of(path), node).second);
  nodes_.try_emplace(node);
  directory.journal.push_back({Change::Kind::link, name_of(path), node, next_step_++, {}});
  return node;
}

void SimulatedDisk::create_directory(const std::string& path) {
  CHECK(!has_directory(path) && !find(path));
  parent_directory(path).journal.push_back(
      {Change::Kind::directory, name_of(path), 0, next_step_++, {}});
  directories_.try_emplace(path);
}

void SimulatedDisk::remove(const std::string& path) {
  Directory& directory = parent_directory(path);
  const auto at = directory.seen.find(name_of(path));
  CHECK(at != directory.seen.end());
  nodes_.at(at->second).named = false;
  directory.journal.push_back({Change::Kind::unlink, at->first, at->second, next_step_++, {}});
  directory.seen.erase(at);
}

void SimulatedDisk::rename(const std::string& from, const std::string& to) {
  if (from == to) return;
  Directory& source = parent_directory(from);
  Directory& target = parent_directory(to);
  CHECK(!has_directory(to));
  const auto at = source.seen.find(name_of(from));
  CHECK(at != source.seen.end());
  const NodeId node = at->second;
  source.seen.erase(at);
  const auto [replaced, added] = target.seen.try_emplace(name_of(to), node);
  if (!added) nodes_.at(std::exchange(replaced->second, node)).named = false;
  const std::uint64_t step = next_step_++;
  target.journal.push_back({Change::Kind::link, name_of(to), node, step, {}});
  source.journal.push_back({Change::Kind::unlink, name_of(from), node, step, parent_of(to)});
}

void SimulatedDisk::apply(const std::string& path, const Change& change) {
  Names& disk = directories_.at(path).disk;
  switch (change.kind) {
    case Change::Kind::link:
      disk[change.name] = change.node;
      return;
    case Change::Kind::unlink: {
      const auto at = disk.find(change.name);
      if (at != disk.end() && at->second == change.node) disk.erase(at);
      return;
    }
    case Change::Kind::directory:
      directories_.at(joined(path, change.name)).on_disk = true;
      return;
  }
}

// Puts a directory's changes up to a step on the disk. A rename's unlink takes its link along, with
// all that was changed before it there; steps fall with every turn of the recursion.
void SimulatedDisk::commit(const std::string& path, std::uint64_t last_step) {
  auto& journal = directories_.at(path).journal;
  const auto end = std::find_if(journal.begin(), journal.end(),
                                [&](const Change& change) { return change.step > last_step; });
  const std::vector<Change> changes(journal.begin(), end);
  journal.erase(journal.begin(), end);
  for (const Change& change : changes) {
    if (!change.linked_in.empty() && change.linked_in != path) {
      commit(change.linked_in, change.step);
    }
    apply(path, change);
  }
}

void SimulatedDisk::sync_directory(const std::string& path) {
  commit(path, std::numeric_limits<std::uint64_t>::max());
  collect();
}

void SimulatedDisk::release(NodeId node) {
  Node& released = nodes_.at(node);
  CHECK(released.holders > 0);
  if (--released.holders == 0 && !released.named) collect();
}

void SimulatedDisk::release_all() {
  for (auto& [id, node] : nodes_) node.holders = 0;
  collect();
}

std::uint64_t SimulatedDisk::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& [id, node] : nodes_) {
    if (node.named || node.holders > 0) used += node.content.size();
  }
  return used;
}

// Lets go of files that neither a name, nor the disk, nor a change, nor a holder refers to.
void SimulatedDisk::collect() {
  std::set<NodeId> wanted;
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.disk) wanted.insert(node);
    for (const Change& change : directory.journal) wanted.insert(change.node);
  }
  std::erase_if(nodes_, [&](const auto& entry) {
    const auto& [id, node] = entry;
    return !node.named && node.holders == 0 && !wanted.contains(id);
  });
}

void SimulatedDisk::drop_directory(const std::string& path) {
  const std::string below_it = path + "/";
  std::erase_if(directories_, [&](const auto& entry) {
    return entry.first == path || entry.first.starts_with(below_it);
  });
}

void SimulatedDisk::crash_directories(Random& random, const CrashOdds& odds) {
  std::vector<std::string> dropped;
  for (const auto& [path, directory] : directories_) {
    if (directory.on_disk || chance(random, odds.name_kept)) continue;
    dropped.push_back(path);
  }
  for (const std::string& path : dropped) drop_directory(path);
  for (auto& [path, directory] : directories_) {
    directory.on_disk = true;
    std::erase_if(directory.journal,
                  [](const Change& change) { return change.kind == Change::Kind::directory; });
  }
}

// Every change meets its own fate, but no rename's unlink is kept without its link.
void SimulatedDisk::crash_names(Random& random, const CrashOdds& odds) {
  std::map<std::uint64_t, bool> link_kept;  // by step
  for (auto& [path, directory] : directories_) {
    for (const Change& change : directory.journal) {
      if (change.kind == Change::Kind::link)
        link_kept[change.step] = chance(random, odds.name_kept);
    }
  }
  for (auto& [path, directory] : directories_) {
    for (const Change& change : std::exchange(directory.journal, {})) {
      bool kept = false;
      if (change.kind == Change::Kind::link) {
        kept = link_kept.at(change.step);
      } else {
        kept = chance(random, odds.name_kept);
        // A link no longer pending is on the disk, unless its directory went with the crash.
        const auto link = link_kept.find(change.step);
        if (link != link_kept.end() && !link->second) kept = false;
        if (!change.linked_in.empty() && !has_directory(change.linked_in)) kept = false;
      }
      if (kept) apply(path, change);
    }
    directory.seen = directory.disk;
  }
}

// A rename whose unlink was dropped leaves a file under both names: from here on, two files.
void SimulatedDisk::part_shared_files() {
  std::set<NodeId> met;
  for (auto& [path, directory] : directories_) {
    for (auto& [name, node] : directory.seen) {
      if (met.insert(node).second) continue;
      const NodeId copy = next_node_++;
      nodes_.emplace(copy, nodes_.at(node));
      node = copy;
      directory.disk.at(name) = copy;
    }
  }
}

void SimulatedDisk::crash(Random& random, const CrashOdds& odds) {
  crash_directories(random, odds);
  crash_names(random, odds);
  for (auto& [id, node] : nodes_) {
    node.named = false;
    node.holders = 0;
  }
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, node] : directory.seen) nodes_.at(node).named = true;
  }
  collect();
  for (auto& [id, node] : nodes_) node.content.crash(random, odds);
  part_shared_files();
}

void SimulatedDisk::settle(const std::string& path) {
  Directory& directory = parent_directory(path);
  const std::string name = name_of(path);
  std::erase_if(directory.journal, [&](const Change& change) { return change.name == name; });
  if (has_directory(path)) {
    directories_.at(path).on_disk = true;
  } else {
    directory.disk[name] = directory.seen.at(name);
  }
}

void SimulatedDisk::forget(const std::string& path) {
  Directory& directory = parent_directory(path);
  const std::string name = name_of(path);
  std::erase_if(directory.journal, [&](const Change& change) { return change.name == name; });
  const auto at = directory.seen.find(name);
  CHECK(at != directory.seen.end());
  nodes_.at(at->second).named = false;
  directory.seen.erase(at);
  directory.disk.erase(name);
  collect();
}

}  // namespace doorbuster::simulation
