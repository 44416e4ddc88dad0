// The bytes of one group while it is gathered and written: block-aligned memory, with room for the
// header in front.
//
// Thread: whoever holds it. Owns: its memory.
// Invariants: bytes beyond what was appended, up to the next block, are zero.
#pragma once

#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>

#include "base/check.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

class GroupBuffer {
 public:
  explicit GroupBuffer(std::size_t capacity = 64 * 1024) { reserve(capacity); }

  void append(std::string_view bytes, std::uint32_t records) {
    if (used_ + bytes.size() > capacity_) reserve((used_ + bytes.size()) * 2);
    std::memcpy(memory_.get() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
    records_ += records;
  }
  std::uint32_t records() const { return records_; }
  std::size_t payload_bytes() const { return used_ - kGroupHeaderBytes; }
  bool empty() const { return records_ == 0; }

  // Header and payload; the same up to the end of the last block.
  std::span<std::byte> group() { return {memory_.get(), used_}; }
  std::span<std::byte> padded() { return {memory_.get(), padded_bytes(payload_bytes())}; }

  void clear() {
    std::memset(memory_.get(), 0, used_);
    used_ = kGroupHeaderBytes;
    records_ = 0;
  }

 private:
  struct Release {
    void operator()(std::byte* memory) const {
      ::operator delete[](memory, std::align_val_t{kBlockBytes});
    }
  };

  void reserve(std::size_t bytes) {
    const std::size_t blocks = (bytes + kBlockBytes - 1) / kBlockBytes;
    std::unique_ptr<std::byte[], Release> larger(static_cast<std::byte*>(
        ::operator new[](blocks* kBlockBytes, std::align_val_t{kBlockBytes})));
    std::memset(larger.get(), 0, blocks * kBlockBytes);
    if (memory_) std::memcpy(larger.get(), memory_.get(), used_);
    memory_ = std::move(larger);
    capacity_ = blocks * kBlockBytes;
  }

  std::unique_ptr<std::byte[], Release> memory_;
  std::size_t capacity_ = 0;
  std::size_t used_ = kGroupHeaderBytes;
  std::uint32_t records_ = 0;
};

}  // namespace doorbuster::embedded
