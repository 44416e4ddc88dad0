// From a buyer's hash to his newest claim: extendible hashing (Fagin et al., 1979) over small flat
// tables. A table that is full splits alone, so that no insertion takes longer than one split (some
// 2,000 slots), whatever the number of buyers.
//
// A slot holds 32 bits of the hash and the claim; the buyer's bytes stay in the claim table, and
// the caller compares them. The hash must be keyed: buyers choose their ids.
//
// Thread: engine. Owns: its tables, 8 bytes a slot.
// Invariants: a table with local depth d is shared by the 2^(depth - d) directory entries of its
// prefix; at most 3/4 of a table is used.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sale/types.h"

namespace doorbuster::sale {

class BuyerIndex {
 public:
  BuyerIndex();
  ~BuyerIndex();
  BuyerIndex(BuyerIndex&&) noexcept;
  BuyerIndex& operator=(BuyerIndex&&) noexcept;

  // The newest claim of the buyer with this hash; `is_his(ClaimOrdinal)` tells whether a claim is
  // the buyer's own, and is asked seldom more than once.
  template <typename IsHis>
  std::optional<ClaimOrdinal> find(std::uint64_t hash, IsHis is_his) const {
    const Slot* slot = find_slot(tag_of(hash), is_his);
    if (slot == nullptr) return std::nullopt;
    return ClaimOrdinal{slot->claim - 1};
  }

  // Has the memory brought that find() and put() of this hash begin with. Inlined always: g++ 12
  // takes a function that does nothing else for one without effect, and leaves the call out.
  [[gnu::always_inline]] void fetch(std::uint64_t hash) const {
    const std::uint32_t tag = tag_of(hash);
    const Entry& entry = directory_[entry_of(tag)];
    __builtin_prefetch(&entry.slots[tag & entry.mask], 1);
  }

  // Makes `claim` the newest of this buyer; the one that was, if there was one.
  template <typename IsHis>
  std::optional<ClaimOrdinal> put(std::uint64_t hash, ClaimOrdinal claim, IsHis is_his) {
    const std::uint32_t tag = tag_of(hash);
    if (Slot* slot = find_slot(tag, is_his)) {
      return ClaimOrdinal{std::exchange(slot->claim, claim.value + 1) - 1};
    }
    insert(tag, claim.value + 1);
    return std::nullopt;
  }

  std::size_t size() const { return size_; }
  std::size_t memory() const;

 private:
  friend struct SaleImage;  // sale_image.cc

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t claim = 0;  // ordinal + 1; 0: empty
  };
  struct Table {
    explicit Table(std::uint32_t capacity, std::uint8_t table_depth)
        : slots(std::make_unique<Slot[]>(capacity)), mask(capacity - 1), depth(table_depth) {}
    std::unique_ptr<Slot[]> slots;
    std::uint32_t mask;
    std::uint32_t used = 0;
    std::uint8_t depth;
  };
  // What find() needs of a table stands here, so that it waits for memory once: for the slot.
  struct Entry {
    Slot* slots;
    std::uint32_t mask;
    std::uint32_t table;  // its index
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
  // The upper bits of the tag choose the table, the lower ones the slot.
  std::size_t entry_of(std::uint32_t tag) const { return depth_ == 0 ? 0 : tag >> (32 - depth_); }

  template <typename IsHis>
  Slot* find_slot(std::uint32_t tag, IsHis is_his) const {
    const Entry& entry = directory_[entry_of(tag)];
    for (std::uint32_t at = tag & entry.mask;; at = (at + 1) & entry.mask) {
      Slot& slot = entry.slots[at];
      if (slot.claim == 0) return nullptr;
      if (slot.tag == tag && is_his(ClaimOrdinal{slot.claim - 1})) return &slot;
    }
  }

  void insert(std::uint32_t tag, std::uint32_t claim);
  void make_room(std::uint32_t tag);
  static void place(Table& table, Slot slot);
  // Has the entries of its prefix point to this table; `entry` is one of them.
  void point_to(std::uint32_t table, std::size_t entry);

  std::vector<std::unique_ptr<Table>> tables_;
  std::vector<Entry> directory_;  // 2^depth_ of them
  std::uint8_t depth_ = 0;
  std::size_t size_ = 0;
};

}  // namespace doorbuster::sale
