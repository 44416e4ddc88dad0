// Memory for one asynchronous operation that its owner starts again and again, so that Asio
// allocates nothing for it. (Its own cache lives no longer than one run_one() or poll_one().)
//
// Thread: one.
// Invariants: a second operation at the same time gets memory from the heap.
#pragma once

#include <cstddef>
#include <new>

namespace doorbuster::http {

class OperationSlot {
 public:
  OperationSlot() = default;
  OperationSlot(const OperationSlot&) = delete;
  OperationSlot& operator=(const OperationSlot&) = delete;

  void* take(std::size_t size) {
    if (taken_ || size > sizeof(memory_)) return ::operator new(size);
    taken_ = true;
    return memory_;
  }
  void give_back(void* memory) {
    if (memory == memory_) {
      taken_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::byte memory_[192];
  bool taken_ = false;
};

// A slot as the allocator of a handler.
template <typename T>
class SlotAllocator {
 public:
  using value_type = T;

  explicit SlotAllocator(OperationSlot& slot) : slot_(&slot) {}
  template <typename U>
  SlotAllocator(const SlotAllocator<U>& other)  // NOLINT(google-explicit-constructor)
      : slot_(other.slot()) {}

  T* allocate(std::size_t count) { return static_cast<T*>(slot_->take(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { slot_->give_back(memory); }
  OperationSlot* slot() const { return slot_; }

  template <typename U>
  bool operator==(const SlotAllocator<U>& other) const {
    return slot_ == other.slot();
  }

 private:
  OperationSlot* slot_;
};

}  // namespace doorbuster::http
