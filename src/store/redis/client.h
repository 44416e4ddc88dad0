// The way to Redis for one I/O thread: a server, or a cluster whose keys, redirections and
// elections are followed. A Router decides, connections carry.
//
// For a store: the calls of a turn of the loop go out together, and share one WAIT on each link.
// Calls of one group keep their order on a node; groups do too, while there is one link to a node
// and none of their calls is redirected. What is sent behind a WAIT is carried out when that has
// ended; where something else must not be held up by it, there are more links. What a caller may
// conclude from an answer stands in call.h; whoever must not lose what he acknowledges looks at
// `acknowledged` alone.
//
// Thread: the io_context's, for everything, and every callback comes on it, none from within
// submit(). Callbacks may submit() and destroy the client.
// Owns: its connections and the calls that are not answered.
// Invariants: each group that was taken is answered exactly once, also when the client is
// destroyed: from within the destructor, where nothing may be submitted any more.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/redis/call.h"
#include "store/redis/connection.h"
#include "store/redis/router.h"

namespace doorbuster::redis {

struct ClientOptions {
  // Its address: the server, or a node of the cluster; user, password and TLS are the same for all
  // nodes. Its limits follow from those of the routing.
  ConnectionOptions connection;
  RouterOptions routing;  // its seeds: further nodes of the cluster
};

class RedisClient {
 public:
  // A connection to a node is made, is lost, or cannot be made for another reason than before.
  using OnNodeChange = std::function<void(const Node& node, bool is_up, const std::string& reason)>;

  // Begins to connect in the next turn. The io_context outlives the client. invalid_argument if a
  // file of the TLS options cannot be used, or a cluster is to have a database other than 0.
  static Result<std::unique_ptr<RedisClient>> open(boost::asio::io_context& io,
                                                   ClientOptions options,
                                                   OnNodeChange on_node_change);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Has a group of calls carried out, wherever their keys are. `patience`: how long a call may wait
  // until it is sent, or sent again; once it is sent, RouterOptions::answer_time counts, and the
  // time of the WAITs before it. See Router::submit() for the errors, which leave nothing taken.
  Status submit(const std::vector<Call>& calls, const Barrier& barrier,
                std::chrono::milliseconds patience, OnAnswers on_answers);
  // Asks just this node, which need not be one of the cluster; nothing it answers is followed.
  Status submit_to(const Node& node, const Arguments& arguments, std::chrono::milliseconds patience,
                   OnAnswer on_answer);

  // See Router.
  const SlotMap& map() const;
  bool is_ready() const;
  std::vector<NodeCondition> condition() const;
  std::size_t unanswered() const;

 private:
  class Driver;

  explicit RedisClient(std::shared_ptr<Driver> driver);

  std::shared_ptr<Driver> driver_;
};

}  // namespace doorbuster::redis
