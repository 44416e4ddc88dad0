// Who serves each slot of a cluster, as far as is known.
//
// Thread: one at a time. Owns: its nodes; what find() returns stands until the next change.
// Invariants: shards have different masters; a shard without slots is used again for the next new
// master, so there are never more shards than slots.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/redis/address.h"
#include "store/redis/key_slot.h"
#include "store/redis/reply.h"

namespace doorbuster::redis {

// The nodes that hold the same slots.
struct Shard {
  Node master;
  std::vector<Node> replicas;  // none known of a master that only a MOVED has named
  std::uint16_t slots = 0;     // how many of them
};

class SlotMap {
 public:
  // No slot is anybody's.
  SlotMap();

  // Reads the answer of `asked` to CLUSTER SLOTS, which names itself by no host, or by an empty
  // one, where it does not know its own. Slots may be nobody's. A replica that is named "?" is
  // left out, and so are the slots of such a master. io_failed if the reply is of another shape,
  // names a slot beyond the last, or a slot twice.
  static Result<SlotMap> read(const Reply& reply, const Node& asked);

  // After a MOVED: the slot (below kSlots) is this master's. Its replicas are known only if it was
  // a master before; ask the cluster anew soon.
  void move(std::uint16_t slot, Node master);

  // The shard of a slot (below kSlots); null: nobody's.
  const Shard* find(std::uint16_t slot) const;
  const Shard* find_key(std::string_view key) const { return find(key_slot(key)); }

  // Of all shards, also of those whose slots have all moved on.
  const std::vector<Shard>& shards() const { return shards_; }
  // Slots that are somebody's.
  std::size_t served() const;

 private:
  static constexpr std::uint16_t kNobody = 0xffff;

  std::uint16_t shard_of(Node master);
  void give(std::uint16_t slot, std::uint16_t shard);
  bool add_range(const Reply& range, const Node& asked);

  std::vector<Shard> shards_;
  std::array<std::uint16_t, kSlots> owner_{};  // index into shards_, or kNobody
};

}  // namespace doorbuster::redis
