// For tests: a cluster of redis-server processes of a test's own.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "store/redis/running_redis_test.h"
#include "store/redis/slot_map.h"

namespace doorbuster::redis {

// Three masters that share all slots, and replicas of theirs; all of them know each other.
class RunningCluster {
 public:
  static constexpr std::size_t kMasters = 3;
  static constexpr std::array<int, kMasters + 1> kFirst = {0, 5'000, 11'000, kSlots};

  // Replica n is one of master n modulo 3. "PORT" in the lines is as with RunningRedis.
  explicit RunningCluster(std::size_t replicas, const RunningRedis::Lines& more = {});

  Node node(std::size_t n) const { return {"127.0.0.1", servers[n]->port()}; }
  std::size_t number_of(const Node& node) const;
  // Whoever answers is asked until each of `of` says that this line is in its CLUSTER INFO.
  void wait_until_all_say(const std::string& line, const std::vector<std::size_t>& of);
  // A master's view, once all slots are served and `replicas` are known.
  SlotMap map(std::size_t asked = 0);
  // Brings the keys of a slot from one master to the other, and the slot last.
  void begin_to_move(std::uint16_t slot, std::size_t from, std::size_t to);
  // At most `most` keys; how many there were.
  std::size_t move_keys(std::uint16_t slot, std::size_t from, std::size_t to, int most);
  void end_to_move(std::uint16_t slot, std::size_t from, std::size_t to);

  std::vector<std::unique_ptr<RunningRedis>> servers;  // masters first
  std::vector<std::unique_ptr<Client>> clients;        // of each
  std::vector<std::string> ids;

 private:
  std::vector<std::size_t> all() const;
  void meet(std::size_t n);
  void replicate(std::size_t replica);

  std::size_t replicas_ = 0;
};

}  // namespace doorbuster::redis
