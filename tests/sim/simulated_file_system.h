// A FileSystem in memory that loses power on request and fails on request, from one seed. The
// journal runs on it unchanged; a test counts its I/O, breaks any one of them, and looks at what is
// left.
//
// Thread: one.
// Owns: its disk. Files and locks may outlive it: they are dead then, as after a crash.
// Invariants: the same seed and the same calls give the same bytes. Every call is one operation,
// numbered from 1, failed ones included; calls on dead files are none and fail with io_failed.
//
// A failed call may have had its effect, all of it or a part: that is drawn. A failed sync is as
// Linux has it (FileContent::lose_pending) with Options::failed_sync_loses, else without effect.
// Where reality differs: directories can neither be renamed nor removed, and the space of a removed
// file is free at once when nobody has it open.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults.h"
#include "sim/random.h"
#include "sim/simulated_disk.h"
#include "store/embedded/file_system.h"

namespace doorbuster::simulation {

struct OperationRecord {
  std::uint64_t number;  // from 1
  Operation operation;
  const std::string& path;  // of a rename: the new name
  std::uint64_t offset;     // of read and write
  std::uint64_t bytes;      // of read and write
  bool fails;               // by a fault; a full disk is found later
};

class SimulatedFileSystem final : public embedded::FileSystem {
 public:
  struct Options {
    CrashOdds crash;
    double failed_sync_loses = 0.7;    // probability
    double failed_takes_effect = 0.5;  // probability, for changes of names and for writes
  };
  using Trace = std::function<void(const OperationRecord&)>;

  explicit SimulatedFileSystem(std::uint64_t seed) : SimulatedFileSystem(seed, Options{}) {}
  SimulatedFileSystem(std::uint64_t seed, const Options& options);
  ~SimulatedFileSystem() override;
  SimulatedFileSystem(const SimulatedFileSystem&) = delete;
  SimulatedFileSystem& operator=(const SimulatedFileSystem&) = delete;

  // The same machine once more: disk, what is not synced, capacity, options and dice; without the
  // open files, locks, faults, trace and count. Cheap, and allowed within a trace: crash the clone
  // there to see what a power cut before that operation leaves.
  std::unique_ptr<SimulatedFileSystem> clone() const;

  // Power is lost, by the dice given. Open files are dead and locks free.
  void crash(Random& random);
  // The process is killed: the same, but nothing written is lost, nor made durable.
  void kill();

  std::uint64_t operations() const { return operations_; }
  // Called before each operation takes effect; must not change this file system.
  void set_trace(Trace trace) { trace_ = std::move(trace); }

  Faults& faults() { return faults_; }
  // Fails the operation of that number, counted as operations() counts; it must be yet to come.
  void fail_operation(std::uint64_t number, bool for_ever);
  // The sum of all files' sizes that can be had; a write that grows beyond it does a part or
  // nothing and gives storage_unavailable. Writes within a file's size always fit.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  std::uint64_t used_bytes() const { return disk_.used_bytes(); }
  // The most bytes of one read or write since this was last asked.
  std::size_t take_longest_transfer() { return std::exchange(longest_transfer_, 0); }

  // Direct access for tests: no operation, no fault, no trace.
  std::vector<std::string> paths() const { return disk_.paths(); }
  std::optional<std::vector<std::byte>> contents(const std::string& path) const;
  // Reads some of them, fewer at the end; nothing when there is no such file.
  std::optional<std::size_t> peek(const std::string& path, std::uint64_t offset,
                                  std::span<std::byte> bytes) const;
  // What the name leads to and the bytes it has if a crash drops everything that is not synced.
  std::optional<std::vector<std::byte>> contents_on_disk(const std::string& path) const;
  void put_directory(const std::string& path);  // durable, parents as well
  void put_file(const std::string& path, std::span<const std::byte> bytes);  // durable
  // Durable damage; false when there is no such file or place.
  bool flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);
  bool truncate(const std::string& path, std::uint64_t size);
  bool erase(const std::string& path);

  Result<std::unique_ptr<embedded::File>> open(const std::string& path,
                                               embedded::OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status create_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::unique_ptr<embedded::FileLock>> lock(const std::string& path) override;

 private:
  class OpenFile;
  class HeldLock;
  // What open files and locks belong to; a new one after each crash.
  struct Process {
    SimulatedFileSystem* files;  // null once it is over
  };
  using Met = Faults::Met;

  Met begin(Operation operation, const std::string& path, std::uint64_t offset = 0,
            std::uint64_t bytes = 0);
  Error error(Fault::Kind kind, Operation operation, const std::string& path) const;
  bool takes_effect() { return chance(random_, options_.failed_takes_effect); }
  void end_process();

  Status write(NodeId node, const std::string& path, std::uint64_t offset,
               std::span<const std::byte> bytes);
  Result<std::size_t> read(NodeId node, const std::string& path, std::uint64_t offset,
                           std::span<std::byte> bytes);
  Status sync(NodeId node, const std::string& path);
  Result<std::uint64_t> size(NodeId node, const std::string& path);
  std::size_t bytes_that_fit(NodeId node, std::uint64_t offset, std::size_t length) const;

  Options options_;
  Random random_;
  SimulatedDisk disk_;
  std::shared_ptr<Process> process_;
  std::vector<NodeId> locked_;
  std::uint64_t capacity_ = std::numeric_limits<std::uint64_t>::max();
  std::size_t longest_transfer_ = 0;
  std::uint64_t operations_ = 0;
  Faults faults_;
  Trace trace_;
};

}  // namespace doorbuster::simulation
