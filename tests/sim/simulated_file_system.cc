#include "sim/simulated_file_system.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace doorbuster::simulation {

using embedded::File;
using embedded::FileLock;
using embedded::kBlockBytes;
using embedded::OpenMode;

namespace {

Error system_error(ErrorCode code, Operation operation, const std::string& path,
                   const char* reason) {
  return {code, std::string(name_of(operation)) + " " + path + ": " + reason};
}

// As far as a write gets that fails on its way: whole sectors, unless it is smaller than one.
std::size_t part_of(std::size_t length, Random& random) {
  if (length < kSectorBytes) return below(random, length + 1);
  const std::size_t sectors = (length + kSectorBytes - 1) / kSectorBytes;
  return std::min(length, kSectorBytes * below(random, sectors + 1));
}

bool aligned(std::uint64_t offset, std::span<const std::byte> bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  return offset % kBlockBytes == 0 && bytes.size() % kBlockBytes == 0 && address % kBlockBytes == 0;
}

}  // namespace

class SimulatedFileSystem::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Process> process, NodeId node, std::string path, OpenMode mode)
      : process_(std::move(process)), node_(node), path_(std::move(path)), mode_(mode) {
    process_->files->disk_.hold(node_);
  }
  ~OpenFile() override {
    if (process_->files != nullptr) process_->files->disk_.release(node_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    CHECK(mode_ != OpenMode::direct_write || aligned(offset, bytes));
    if (process_->files == nullptr) return dead(Operation::write);
    if (mode_ == OpenMode::read) return refused(Operation::write);
    return process_->files->write(node_, path_, offset, bytes);
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) override {
    if (process_->files == nullptr) return dead(Operation::read);
    if (mode_ == OpenMode::direct_write) return refused(Operation::read);
    return process_->files->read(node_, path_, offset, bytes);
  }
  Status sync() override {
    if (process_->files == nullptr) return dead(Operation::sync);
    return process_->files->sync(node_, path_);
  }
  Status settle() override {
    if (process_->files == nullptr) return dead(Operation::sync);
    if (Status s = process_->files->sync(node_, path_); !s.ok()) return s;
    process_->files->disk_.content(node_).drop_lost();
    return ok_status();
  }
  Result<std::uint64_t> size() override {
    if (process_->files == nullptr) return dead(Operation::size);
    return process_->files->size(node_, path_);
  }

 private:
  Error dead(Operation operation) const {
    return system_error(ErrorCode::io_failed, operation, path_, "opened before the crash");
  }
  Error refused(Operation operation) const {
    return system_error(ErrorCode::io_failed, operation, path_, "not opened for that");
  }

  std::shared_ptr<Process> process_;
  NodeId node_;
  std::string path_;
  OpenMode mode_;
};

class SimulatedFileSystem::HeldLock final : public FileLock {
 public:
  HeldLock(std::shared_ptr<Process> process, NodeId node)
      : process_(std::move(process)), node_(node) {
    process_->files->disk_.hold(node_);
    process_->files->locked_.push_back(node_);
  }
  ~HeldLock() override {
    if (process_->files == nullptr) return;
    std::erase(process_->files->locked_, node_);
    process_->files->disk_.release(node_);
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  std::shared_ptr<Process> process_;
  NodeId node_;
};

SimulatedFileSystem::SimulatedFileSystem(std::uint64_t seed, const Options& options)
    : options_(options), random_(seed), process_(std::make_shared<Process>(Process{this})) {}

SimulatedFileSystem::~SimulatedFileSystem() { process_->files = nullptr; }

std::unique_ptr<SimulatedFileSystem> SimulatedFileSystem::clone() const {
  auto copy = std::make_unique<SimulatedFileSystem>(0, options_);
  copy->random_ = random_;
  copy->disk_ = disk_;
  copy->disk_.release_all();
  copy->capacity_ = capacity_;
  return copy;
}

void SimulatedFileSystem::end_process() {
  process_->files = nullptr;
  process_ = std::make_shared<Process>(Process{this});
  locked_.clear();
}

void SimulatedFileSystem::crash(Random& random) {
  end_process();
  disk_.crash(random, options_.crash);
}

void SimulatedFileSystem::kill() {
  end_process();
  disk_.release_all();
}

void SimulatedFileSystem::fail_operation(std::uint64_t number, bool for_ever) {
  CHECK(number > operations_);
  Fault fault;
  fault.skip = number - operations_ - 1;
  fault.for_ever = for_ever;
  faults_.add(std::move(fault));
}

SimulatedFileSystem::Met SimulatedFileSystem::begin(Operation operation, const std::string& path,
                                                    std::uint64_t offset, std::uint64_t bytes) {
  ++operations_;
  const Met met = faults_.strike(random_, operation, path);
  const bool fails = met && *met != Fault::Kind::bit_flip;
  if (trace_) trace_({operations_, operation, path, offset, bytes, fails});
  return met;
}

Error SimulatedFileSystem::error(Fault::Kind kind, Operation operation,
                                 const std::string& path) const {
  if (kind == Fault::Kind::no_space && operation != Operation::sync &&
      operation != Operation::sync_directory) {
    return system_error(ErrorCode::storage_unavailable, operation, path, "simulated full disk");
  }
  return system_error(ErrorCode::io_failed, operation, path, "simulated I/O error");
}

std::size_t SimulatedFileSystem::bytes_that_fit(NodeId node, std::uint64_t offset,
                                                std::size_t length) const {
  const std::uint64_t size = disk_.content(node).size();
  const std::uint64_t end = offset + length;
  if (end <= size) return length;
  const std::uint64_t used = disk_.used_bytes();
  const std::uint64_t room = capacity_ > used ? capacity_ - used : 0;
  if (end - size <= room) return length;
  return size + room > offset ? static_cast<std::size_t>(size + room - offset) : 0;
}

Status SimulatedFileSystem::write(NodeId node, const std::string& path, std::uint64_t offset,
                                  std::span<const std::byte> bytes) {
  longest_transfer_ = std::max(longest_transfer_, bytes.size());
  const Met met = begin(Operation::write, path, offset, bytes.size());
  auto& content = disk_.content(node);
  if (met) {
    std::size_t part = part_of(bytes.size(), random_);
    if (*met == Fault::Kind::short_write && part == bytes.size()) part = bytes.size() / 2;
    if (*met == Fault::Kind::short_write || takes_effect()) {
      part = std::min(part, bytes_that_fit(node, offset, part));
      if (part > 0) content.write(offset, bytes.first(part));
    }
    return error(*met, Operation::write, path);
  }
  const std::size_t fits = bytes_that_fit(node, offset, bytes.size());
  if (fits == bytes.size()) {
    if (fits > 0) content.write(offset, bytes);
    return ok_status();
  }
  const std::size_t part = takes_effect() ? part_of(fits, random_) : 0;
  if (part > 0) content.write(offset, bytes.first(part));
  return error(Fault::Kind::no_space, Operation::write, path);
}

Result<std::size_t> SimulatedFileSystem::read(NodeId node, const std::string& path,
                                              std::uint64_t offset, std::span<std::byte> bytes) {
  longest_transfer_ = std::max(longest_transfer_, bytes.size());
  const Met met = begin(Operation::read, path, offset, bytes.size());
  if (met && *met != Fault::Kind::bit_flip) return error(*met, Operation::read, path);
  const std::size_t got = disk_.content(node).read(offset, bytes);
  if (met && got > 0) {
    bytes[below(random_, got)] ^= static_cast<std::byte>(1U << below(random_, 8));
  }
  return got;
}

Status SimulatedFileSystem::sync(NodeId node, const std::string& path) {
  const Met met = begin(Operation::sync, path);
  if (!met) {
    disk_.content(node).sync();
    return ok_status();
  }
  if (chance(random_, options_.failed_sync_loses)) disk_.content(node).lose_pending(random_);
  return error(*met, Operation::sync, path);
}

Result<std::uint64_t> SimulatedFileSystem::size(NodeId node, const std::string& path) {
  if (const Met met = begin(Operation::size, path)) return error(*met, Operation::size, path);
  return disk_.content(node).size();
}

Result<std::unique_ptr<File>> SimulatedFileSystem::open(const std::string& path, OpenMode mode) {
  const Met met = begin(Operation::open, path);
  const std::string name = SimulatedDisk::normal(path);
  const bool creates = mode == OpenMode::create;
  const bool has_parent = disk_.has_directory(SimulatedDisk::parent_of(name));
  auto node = disk_.find(name);
  const bool exists = node.has_value() || disk_.has_directory(name);
  if (met) {
    if (creates && has_parent && !exists && takes_effect()) disk_.create(name);
    return error(*met, Operation::open, path);
  }
  if (creates && exists) {
    return system_error(ErrorCode::in_use, Operation::open, path, "exists already");
  }
  if (!exists && (!creates || !has_parent)) {
    return system_error(ErrorCode::not_found, Operation::open, path, "no such file");
  }
  if (creates) node = disk_.create(name);
  if (!node) return system_error(ErrorCode::io_failed, Operation::open, path, "is a directory");
  return std::unique_ptr<File>(std::make_unique<OpenFile>(process_, *node, path, mode));
}

Status SimulatedFileSystem::rename(const std::string& from, const std::string& to) {
  const Met met = begin(Operation::rename, to);
  const std::string source = SimulatedDisk::normal(from);
  const std::string target = SimulatedDisk::normal(to);
  CHECK(!disk_.has_directory(source));  // not simulated
  const bool possible = disk_.find(source) && !disk_.has_directory(target) &&
                        disk_.has_directory(SimulatedDisk::parent_of(target));
  if (possible && (!met || takes_effect())) disk_.rename(source, target);
  const std::string both = from + " to " + to;
  if (met) return error(*met, Operation::rename, both);
  if (possible) return ok_status();
  return system_error(ErrorCode::io_failed, Operation::rename, both, "no such file or directory");
}

Status SimulatedFileSystem::remove(const std::string& path) {
  const Met met = begin(Operation::remove, path);
  const std::string name = SimulatedDisk::normal(path);
  const bool possible = disk_.find(name).has_value();
  if (possible && (!met || takes_effect())) disk_.remove(name);
  if (met) return error(*met, Operation::remove, path);
  if (possible) return ok_status();
  return system_error(disk_.has_directory(name) ? ErrorCode::io_failed : ErrorCode::not_found,
                      Operation::remove, path, "no such file");
}

Result<std::vector<std::string>> SimulatedFileSystem::list(const std::string& directory) {
  if (const Met met = begin(Operation::list, directory)) {
    return error(*met, Operation::list, directory);
  }
  const std::string name = SimulatedDisk::normal(directory);
  if (disk_.has_directory(name)) return disk_.list(name);
  const bool file = disk_.find(name).has_value();
  return system_error(file ? ErrorCode::io_failed : ErrorCode::not_found, Operation::list,
                      directory, "no such directory");
}

Status SimulatedFileSystem::create_directory(const std::string& path) {
  const Met met = begin(Operation::create_directory, path);
  const std::string name = SimulatedDisk::normal(path);
  const bool there = disk_.has_directory(name);
  const bool possible =
      !there && !disk_.find(name) && disk_.has_directory(SimulatedDisk::parent_of(name));
  if (possible && (!met || takes_effect())) disk_.create_directory(name);
  if (met) return error(*met, Operation::create_directory, path);
  if (there || possible) return ok_status();
  return system_error(ErrorCode::io_failed, Operation::create_directory, path,
                      "no parent, or a file is in the way");
}

Status SimulatedFileSystem::sync_directory(const std::string& path) {
  const Met met = begin(Operation::sync_directory, path);
  const std::string name = SimulatedDisk::normal(path);
  const bool possible = disk_.has_directory(name);
  if (possible && (!met || takes_effect())) disk_.sync_directory(name);
  if (met) return error(*met, Operation::sync_directory, path);
  if (possible) return ok_status();
  return system_error(ErrorCode::io_failed, Operation::sync_directory, path, "no such directory");
}

Result<std::unique_ptr<FileLock>> SimulatedFileSystem::lock(const std::string& path) {
  const Met met = begin(Operation::lock, path);
  const std::string name = SimulatedDisk::normal(path);
  const bool creatable =
      !disk_.has_directory(name) && disk_.has_directory(SimulatedDisk::parent_of(name));
  auto node = disk_.find(name);
  if (!node && creatable && (!met || takes_effect())) node = disk_.create(name);
  if (met) return error(*met, Operation::lock, path);
  if (!node) return system_error(ErrorCode::io_failed, Operation::lock, path, "no such directory");
  if (std::find(locked_.begin(), locked_.end(), *node) != locked_.end()) {
    return system_error(ErrorCode::in_use, Operation::lock, path, "held by another");
  }
  return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(process_, *node));
}

std::optional<std::vector<std::byte>> SimulatedFileSystem::contents(const std::string& path) const {
  const auto node = disk_.find(SimulatedDisk::normal(path));
  if (!node) return std::nullopt;
  const FileContent& content = disk_.content(*node);
  std::vector<std::byte> bytes(content.size());
  content.read(0, bytes);
  return bytes;
}

std::optional<std::size_t> SimulatedFileSystem::peek(const std::string& path, std::uint64_t offset,
                                                     std::span<std::byte> bytes) const {
  const auto node = disk_.find(SimulatedDisk::normal(path));
  if (!node) return std::nullopt;
  return disk_.content(*node).read(offset, bytes);
}

std::optional<std::vector<std::byte>> SimulatedFileSystem::contents_on_disk(
    const std::string& path) const {
  const auto node = disk_.find_on_disk(SimulatedDisk::normal(path));
  if (!node) return std::nullopt;
  return disk_.content(*node).on_disk();
}

void SimulatedFileSystem::put_directory(const std::string& path) {
  const std::string name = SimulatedDisk::normal(path);
  if (disk_.has_directory(name)) return;
  put_directory(SimulatedDisk::parent_of(name));
  disk_.create_directory(name);
  disk_.settle(name);
}

void SimulatedFileSystem::put_file(const std::string& path, std::span<const std::byte> bytes) {
  const std::string name = SimulatedDisk::normal(path);
  if (disk_.find(name)) disk_.forget(name);
  FileContent& content = disk_.content(disk_.create(name));
  if (!bytes.empty()) content.write(0, bytes);
  content.sync();
  disk_.settle(name);
}

bool SimulatedFileSystem::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const auto node = disk_.find(SimulatedDisk::normal(path));
  return node && disk_.content(*node).flip_bit(offset, bit);
}

bool SimulatedFileSystem::truncate(const std::string& path, std::uint64_t size) {
  const auto node = disk_.find(SimulatedDisk::normal(path));
  return node && disk_.content(*node).truncate(size);
}

bool SimulatedFileSystem::erase(const std::string& path) {
  const std::string name = SimulatedDisk::normal(path);
  if (!disk_.find(name)) return false;
  disk_.forget(name);
  return true;
}

}  // namespace doorbuster::simulation
