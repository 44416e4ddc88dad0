#include "sale/buyer_index.h"

namespace doorbuster::sale {
namespace {

constexpr std::uint32_t kSmallest = 16;
constexpr std::uint32_t kLargest = 4096;
// With 32 bits of tag and slots chosen by 12 of them, more splits could not tell buyers apart; a
// table that deep grows instead.
constexpr std::uint8_t kMaxDepth = 20;

}  // namespace

BuyerIndex::BuyerIndex() {
  tables_.push_back(std::make_unique<Table>(kSmallest, std::uint8_t{0}));
  directory_.push_back(tables_.back().get());
}
BuyerIndex::~BuyerIndex() = default;
BuyerIndex::BuyerIndex(BuyerIndex&&) noexcept = default;
BuyerIndex& BuyerIndex::operator=(BuyerIndex&&) noexcept = default;

void BuyerIndex::insert(std::uint32_t tag, std::uint32_t claim) {
  for (;;) {
    Table& table = *directory_[entry_of(tag)];
    if ((table.used + 1) * 4 <= (table.mask + 1) * 3) {
      place(table, {tag, claim});
      ++size_;
      return;
    }
    make_room(tag);
  }
}

void BuyerIndex::place(Table& table, Slot slot) {
  std::uint32_t at = slot.tag & table.mask;
  while (table.slots[at].claim != 0) at = (at + 1) & table.mask;
  table.slots[at] = slot;
  ++table.used;
}

// The table of `tag` is full: a small one doubles, a large one becomes two by one more bit of the
// tag.
void BuyerIndex::make_room(std::uint32_t tag) {
  Table& old = *directory_[entry_of(tag)];
  const std::uint32_t capacity = old.mask + 1;
  if (capacity < kLargest || old.depth == kMaxDepth) {
    Table larger(capacity * 2, old.depth);
    for (std::uint32_t at = 0; at < capacity; ++at) {
      if (old.slots[at].claim != 0) place(larger, old.slots[at]);
    }
    old = std::move(larger);
    return;
  }
  if (old.depth == depth_) {
    std::vector<Table*> doubled;
    doubled.reserve(directory_.size() * 2);
    for (Table* table : directory_) doubled.insert(doubled.end(), {table, table});
    directory_ = std::move(doubled);
    ++depth_;
  }
  const auto depth = static_cast<std::uint8_t>(old.depth + 1);
  Table zero(capacity, depth);
  auto one = std::make_unique<Table>(capacity, depth);
  for (std::uint32_t at = 0; at < capacity; ++at) {
    const Slot& slot = old.slots[at];
    if (slot.claim == 0) continue;
    const bool bit = ((slot.tag >> (32 - depth)) & 1) != 0;
    place(bit ? *one : zero, slot);
  }
  const std::size_t span = std::size_t{1} << (depth_ - depth);
  const std::size_t first_one = ((entry_of(tag) / span) | 1) * span;
  old = std::move(zero);
  for (std::size_t entry = first_one; entry < first_one + span; ++entry) {
    directory_[entry] = one.get();
  }
  tables_.push_back(std::move(one));
}

std::size_t BuyerIndex::memory() const {
  std::size_t bytes = directory_.capacity() * sizeof(void*);
  for (const auto& table : tables_) bytes += sizeof(Table) + (table->mask + 1) * sizeof(Slot);
  return bytes;
}

}  // namespace doorbuster::sale
