// A simulated disk for a store with threads: each call has it to itself.
//
// Thread: any. Owns: nothing; the disk behind it outlives it, and its files it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sim/simulated_file_system.h"

namespace doorbuster {

class SharedFiles final : public embedded::FileSystem {
 public:
  explicit SharedFiles(simulation::SimulatedFileSystem& disk) : disk_(disk) {}

  // What a test does to the disk meanwhile.
  void with_disk(const std::function<void(simulation::SimulatedFileSystem&)>& act) {
    const std::lock_guard lock(mutex_);
    act(disk_);
  }

  Result<std::unique_ptr<embedded::File>> open(const std::string& path,
                                               embedded::OpenMode mode) override {
    const std::lock_guard lock(mutex_);
    auto file = disk_.open(path, mode);
    if (!file) return file.error();
    return std::unique_ptr<embedded::File>(std::make_unique<SharedFile>(mutex_, std::move(*file)));
  }
  Status rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    return disk_.rename(from, to);
  }
  Status remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return disk_.remove(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::lock_guard lock(mutex_);
    return disk_.list(directory);
  }
  Status create_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return disk_.create_directory(path);
  }
  Status sync_directory(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return disk_.sync_directory(path);
  }
  Result<std::unique_ptr<embedded::FileLock>> lock(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    return disk_.lock(path);
  }

 private:
  class SharedFile final : public embedded::File {
   public:
    SharedFile(std::mutex& mutex, std::unique_ptr<embedded::File> file)
        : mutex_(mutex), file_(std::move(file)) {}
    ~SharedFile() override {
      const std::lock_guard lock(mutex_);
      file_.reset();
    }
    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      const std::lock_guard lock(mutex_);
      return file_->write_at(offset, bytes);
    }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) override {
      const std::lock_guard lock(mutex_);
      return file_->read_at(offset, bytes);
    }
    Status sync() override {
      const std::lock_guard lock(mutex_);
      return file_->sync();
    }
    Status settle() override {
      const std::lock_guard lock(mutex_);
      return file_->settle();
    }
    Result<std::uint64_t> size() override {
      const std::lock_guard lock(mutex_);
      return file_->size();
    }

   private:
    std::mutex& mutex_;
    std::unique_ptr<embedded::File> file_;
  };

  std::mutex mutex_;
  simulation::SimulatedFileSystem& disk_;
};

}  // namespace doorbuster
