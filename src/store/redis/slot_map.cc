#include "store/redis/slot_map.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"

namespace doorbuster::redis {
namespace {

// [host or nil, port, id, more]; nothing if it is not that.
std::optional<Node> read_node(const Reply& reply, const Node& asked) {
  if (!reply.is_array() || reply.items.size() < 2) return std::nullopt;
  const Reply& host = reply.items[0];
  const Reply& port = reply.items[1];
  if (!host.is_nil() && !host.is_text()) return std::nullopt;
  if (!port.is_integer() || port.integer < 1 || port.integer > 65'535) return std::nullopt;
  return Node{host.text.empty() ? asked.host : host.text, static_cast<std::uint16_t>(port.integer)};
}

bool has_no_name(const Node& node) { return node.host == "?"; }

}  // namespace

SlotMap::SlotMap() { owner_.fill(kNobody); }

Result<SlotMap> SlotMap::read(const Reply& reply, const Node& asked) {
  SlotMap map;
  const bool read =
      reply.is_array() && std::all_of(reply.items.begin(), reply.items.end(),
                                      [&](const Reply& r) { return map.add_range(r, asked); });
  if (!read) return Error{ErrorCode::io_failed, "the answer to CLUSTER SLOTS makes no sense"};
  return map;
}

// [first slot, last slot, master, replica, ...]
bool SlotMap::add_range(const Reply& range, const Node& asked) {
  if (!range.is_array() || range.items.size() < 3) return false;
  const Reply& first = range.items[0];
  const Reply& last = range.items[1];
  if (!first.is_integer() || !last.is_integer()) return false;
  if (first.integer < 0 || first.integer > last.integer || last.integer >= kSlots) return false;
  const auto master = read_node(range.items[2], asked);
  if (!master) return false;
  std::vector<Node> replicas;
  for (std::size_t n = 3; n < range.items.size(); ++n) {
    auto replica = read_node(range.items[n], asked);
    if (!replica) return false;
    if (!has_no_name(*replica)) replicas.push_back(std::move(*replica));
  }
  if (has_no_name(*master)) return true;
  const std::uint16_t shard = shard_of(*master);
  shards_[shard].replicas = std::move(replicas);
  for (auto slot = first.integer; slot <= last.integer; ++slot) {
    const auto at = static_cast<std::uint16_t>(slot);
    if (owner_[at] != kNobody) return false;
    give(at, shard);
  }
  return true;
}

void SlotMap::move(std::uint16_t slot, Node master) {
  CHECK(slot < kSlots);
  // Given up first, so that its last slot leaves a shard free for the new master.
  if (const Shard* const before = find(slot); before != nullptr && before->master == master) return;
  give(slot, kNobody);
  give(slot, shard_of(std::move(master)));
}

const Shard* SlotMap::find(std::uint16_t slot) const {
  CHECK(slot < kSlots);
  return owner_[slot] == kNobody ? nullptr : &shards_[owner_[slot]];
}

std::size_t SlotMap::served() const {
  std::size_t slots = 0;
  for (const Shard& shard : shards_) slots += shard.slots;
  return slots;
}

std::uint16_t SlotMap::shard_of(Node master) {
  auto found = std::find_if(shards_.begin(), shards_.end(),
                            [&](const Shard& shard) { return shard.master == master; });
  if (found == shards_.end()) {
    found = std::find_if(shards_.begin(), shards_.end(),
                         [](const Shard& shard) { return shard.slots == 0; });
    if (found == shards_.end()) found = shards_.insert(found, Shard{});
    *found = Shard{std::move(master), {}, 0};
  }
  return static_cast<std::uint16_t>(found - shards_.begin());
}

void SlotMap::give(std::uint16_t slot, std::uint16_t shard) {
  if (owner_[slot] != kNobody) --shards_[owner_[slot]].slots;
  owner_[slot] = shard;
  if (shard != kNobody) ++shards_[shard].slots;
  DCHECK(shards_.size() <= kSlots);
}

}  // namespace doorbuster::redis
