// A file system in which something may happen before each call: what a server does to a directory
// while somebody else reads it.
//
// Thread: one. Owns: nothing; the files behind it outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/embedded/file_system.h"

namespace doorbuster {

class InterceptedFiles final : public embedded::FileSystem {
 public:
  // `before` is called before each call; reads are made of pieces of `piece` bytes, each a call.
  InterceptedFiles(embedded::FileSystem& files, std::size_t piece, std::function<void()> before)
      : files_(files), piece_(piece), before_(std::move(before)) {}

  Result<std::unique_ptr<embedded::File>> open(const std::string& path,
                                               embedded::OpenMode mode) override {
    before_();
    auto file = files_.open(path, mode);
    if (!file) return file.error();
    return std::unique_ptr<embedded::File>(
        std::make_unique<InterceptedFile>(std::move(*file), piece_, before_));
  }
  Status rename(const std::string& from, const std::string& to) override {
    before_();
    return files_.rename(from, to);
  }
  Status remove(const std::string& path) override {
    before_();
    return files_.remove(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    before_();
    return files_.list(directory);
  }
  Status create_directory(const std::string& path) override {
    before_();
    return files_.create_directory(path);
  }
  Status sync_directory(const std::string& path) override {
    before_();
    return files_.sync_directory(path);
  }
  Result<std::unique_ptr<embedded::FileLock>> lock(const std::string& path) override {
    before_();
    return files_.lock(path);
  }

 private:
  class InterceptedFile final : public embedded::File {
   public:
    InterceptedFile(std::unique_ptr<embedded::File> file, std::size_t piece,
                    const std::function<void()>& before)
        : file_(std::move(file)), piece_(piece), before_(before) {}

    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
      before_();
      return file_->write_at(offset, bytes);
    }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) override {
      std::size_t all = 0;
      while (all < bytes.size()) {
        before_();
        const std::size_t wanted = std::min(piece_, bytes.size() - all);
        const auto read = file_->read_at(offset + all, bytes.subspan(all, wanted));
        if (!read) return read;
        all += *read;
        if (*read < wanted) break;
      }
      return all;
    }
    Status sync() override {
      before_();
      return file_->sync();
    }
    Status settle() override {
      before_();
      return file_->settle();
    }
    Result<std::uint64_t> size() override { return file_->size(); }

   private:
    std::unique_ptr<embedded::File> file_;
    std::size_t piece_;
    const std::function<void()>& before_;
  };

  embedded::FileSystem& files_;
  std::size_t piece_;
  std::function<void()> before_;
};

}  // namespace doorbuster
