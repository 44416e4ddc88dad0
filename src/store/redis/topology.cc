#include "store/redis/topology.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "store/redis/key_slot.h"

namespace doorbuster::redis {
namespace {

// The words of a line, or of whatever `separator` stands in between.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::optional<std::uint16_t> small_number(std::string_view text) {
  std::uint16_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

// "127.0.0.1:7000@17000,name"; an IPv6 address has no brackets here, and who does not know his own
// has none at all.
std::optional<Node> read_place_of_node(std::string_view text, const Node& asked) {
  text = text.substr(0, std::min(text.find('@'), text.size()));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = small_number(text.substr(colon + 1));
  if (!port) return std::nullopt;
  return Node{colon == 0 ? asked.host : std::string(text.substr(0, colon)), *port};
}

// "5", "0-4999"; slots on their way, in brackets, are their present master's in any case.
bool read_slot_range(std::string_view text, ShardPlaces& shard) {
  if (text.starts_with('[')) return true;
  const std::size_t dash = text.find('-');
  const auto first = small_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : small_number(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last >= kSlots) return false;
  shard.slots.emplace_back(*first, *last);
  return true;
}

// id, place, flags, id of the master, ping, pong, epoch, link, slots
constexpr std::size_t kWordsBeforeSlots = 8;

bool has_flag(std::string_view flags, std::string_view wanted) {
  const auto all = parts_of(flags, ',');
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

struct NodeLine {
  std::string_view master_id;  // of a replica
  ReplicaPlace place;
};

Error no_cluster_nodes() {
  return {ErrorCode::io_failed, "the answer to CLUSTER NODES makes no sense"};
}

// "slave0:ip=127.0.0.1,port=7001,state=online,offset=1,lag=0"
std::optional<Node> read_replica_of_server(std::string_view value) {
  Node node;
  for (const std::string_view part : parts_of(value, ',')) {
    if (part.starts_with("ip=")) node.host = part.substr(3);
    if (part.starts_with("port=")) node.port = small_number(part.substr(5)).value_or(0);
  }
  if (node.host.empty() || node.port == 0) return std::nullopt;
  return node;
}

}  // namespace

Result<std::vector<ShardPlaces>> read_cluster_nodes(std::string_view text, const Node& asked) {
  std::map<std::string_view, ShardPlaces> shards;  // by the id of the master
  std::vector<NodeLine> replicas;
  for (const std::string_view line : parts_of(text, '\n')) {
    const auto words = parts_of(line, ' ');
    if (words.size() < kWordsBeforeSlots) return no_cluster_nodes();
    const std::string_view flags = words[2];
    if (has_flag(flags, "handshake") || has_flag(flags, "noaddr")) continue;
    const auto node = read_place_of_node(words[1], asked);
    if (!node) return no_cluster_nodes();
    if (has_flag(flags, "slave")) {
      replicas.push_back({words[3], {*node, !has_flag(flags, "nofailover")}});
      continue;
    }
    ShardPlaces shard{*node, {}, {}};
    for (std::size_t n = kWordsBeforeSlots; n < words.size(); ++n) {
      if (!read_slot_range(words[n], shard)) return no_cluster_nodes();
    }
    if (!shard.slots.empty()) shards[words[0]] = std::move(shard);
  }
  for (NodeLine& line : replicas) {
    const auto found = shards.find(line.master_id);
    if (found != shards.end()) found->second.replicas.push_back(std::move(line.place));
  }
  std::vector<ShardPlaces> all;
  all.reserve(shards.size());
  for (auto& [id, shard] : shards) all.push_back(std::move(shard));
  if (all.empty()) return Error{ErrorCode::io_failed, asked.text() + " knows of no slots"};
  std::sort(all.begin(), all.end(),
            [](const ShardPlaces& a, const ShardPlaces& b) { return a.slots[0] < b.slots[0]; });
  return all;
}

std::optional<std::string_view> info_field(std::string_view info, std::string_view name) {
  for (std::string_view line : parts_of(info, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return line.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

Result<ShardPlaces> read_info_replication(std::string_view info, const Node& asked) {
  const auto role = info_field(info, "role");
  const auto replicas = info_field(info, "connected_slaves");
  if (!role || !replicas) {
    return Error{ErrorCode::io_failed, "the answer to INFO replication makes no sense"};
  }
  if (*role != "master") {
    return Error{ErrorCode::invalid_argument,
                 asked.text() + " is a replica of " +
                     std::string(info_field(info, "master_host").value_or("?")) + ":" +
                     std::string(info_field(info, "master_port").value_or("?")) +
                     ": name the master"};
  }
  ShardPlaces shard{asked, {}, {}};
  for (std::size_t n = 0;; ++n) {
    const auto value = info_field(info, "slave" + std::to_string(n));
    if (!value) return shard;
    const auto node = read_replica_of_server(*value);
    if (node) shard.replicas.push_back({*node, true});
  }
}

}  // namespace doorbuster::redis
