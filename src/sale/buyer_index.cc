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
  directory_.emplace_back();
  point_to(0, 0);
}
BuyerIndex::~BuyerIndex() = default;
BuyerIndex::BuyerIndex(BuyerIndex&&) noexcept = default;
BuyerIndex& BuyerIndex::operator=(BuyerIndex&&) noexcept = default;

void BuyerIndex::insert(std::uint32_t tag, std::uint32_t claim) {
  for (;;) {
    Table& table = *tables_[directory_[entry_of(tag)].table];
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
  const std::uint32_t number = directory_[entry_of(tag)].table;
  Table& old = *tables_[number];
  const std::uint32_t capacity = old.mask + 1;
  if (capacity < kLargest || old.depth == kMaxDepth) {
    Table larger(capacity * 2, old.depth);
    for (std::uint32_t at = 0; at < capacity; ++at) {
      if (old.slots[at].claim != 0) place(larger, old.slots[at]);
    }
    old = std::move(larger);
    point_to(number, entry_of(tag));
    return;
  }
  if (old.depth == depth_) {
    std::vector<Entry> doubled;
    doubled.reserve(directory_.size() * 2);
    for (const Entry& entry : directory_) doubled.insert(doubled.end(), {entry, entry});
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
  old = std::move(zero);
  tables_.push_back(std::move(one));
  const std::size_t half = std::size_t{1} << (depth_ - depth);
  const std::size_t first = entry_of(tag) & ~(2 * half - 1);
  point_to(number, first);
  point_to(static_cast<std::uint32_t>(tables_.size() - 1), first + half);
}

void BuyerIndex::point_to(std::uint32_t number, std::size_t entry) {
  const Table& table = *tables_[number];
  const std::size_t shares = std::size_t{1} << (depth_ - table.depth);
  const std::size_t first = entry & ~(shares - 1);
  for (std::size_t at = first; at < first + shares; ++at) {
    directory_[at] = {table.slots.get(), table.mask, number};
  }
}

std::size_t BuyerIndex::memory() const {
  std::size_t bytes = directory_.capacity() * sizeof(Entry);
  for (const auto& table : tables_) bytes += sizeof(Table) + (table->mask + 1) * sizeof(Slot);
  return bytes;
}

}  // namespace doorbuster::sale
