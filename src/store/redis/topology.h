// Which nodes hold the same data, replicas that are away included: of a cluster from CLUSTER NODES,
// since CLUSTER SLOTS leaves those out; of a server from INFO, which knows those alone that are
// connected.
//
// Thread: any; values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/redis/address.h"

namespace doorbuster::redis {

struct ReplicaPlace {
  Node node;
  bool may_be_elected = true;  // cluster-replica-no-failover is not set
};

struct ShardPlaces {
  Node master;
  std::vector<ReplicaPlace> replicas;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> slots;  // first and last; of a server none
};

// Reads the answer of `asked` to CLUSTER NODES: the masters that have slots, by their slots, and
// their replicas. Nodes without an address, and those that are being met, are left out. io_failed
// if it is no such answer, or nobody has slots.
Result<std::vector<ShardPlaces>> read_cluster_nodes(std::string_view text, const Node& asked);

// What INFO says behind "name:"; nothing: it does not say.
std::optional<std::string_view> info_field(std::string_view info, std::string_view name);

// Reads INFO replication of a server: itself and its replicas. invalid_argument: it is itself a
// replica, and of whom. io_failed: it is no such answer.
Result<ShardPlaces> read_info_replication(std::string_view info, const Node& asked);

}  // namespace doorbuster::redis
