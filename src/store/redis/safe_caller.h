// Calls whose replies are safe at the level that is asked for: behind every call a key of its own
// is written, and WAIT counts the replicas that have that, and with it all that the call has seen,
// whoever wrote it.
//
// Thread: the client's, for everything.
// Owns: the client, the calls that have no reply yet.
// Invariants: no call is sent twice that may have been carried out; each gets one reply, unless
// close() comes first.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "store/redis/client.h"

namespace doorbuster::redis {

struct CallerOptions {
  // How long a call may wait for a server that can take it.
  std::chrono::milliseconds patience{50};
  // How many replicas must have what is on keys of `tag` before it is told, or why nothing of them
  // may be; null: none.
  std::function<Result<std::uint32_t>(std::string_view tag)> replicas;
  // How long WAIT waits for them.
  std::chrono::milliseconds replica_time{1'000};
  // A server has not got the functions. Called from within the client's callbacks; may be null.
  std::function<void()> on_missing_function;
};

class SafeCaller {
 public:
  // The server's reply; or an Error. storage_unavailable: nothing was carried out. unconfirmed: it
  // is not known whether it was, or whether it lasts. overloaded: too much is under way.
  using OnReply = std::function<void(Result<Reply>)>;

  SafeCaller(std::unique_ptr<RedisClient> client, CallerOptions options);
  ~SafeCaller();
  SafeCaller(const SafeCaller&) = delete;
  SafeCaller& operator=(const SafeCaller&) = delete;

  // A command on keys of `tag`, which has its braces. `on_reply` is called once, from within where
  // too much is under way.
  void send(std::string_view tag, const Arguments& arguments, const OnReply& on_reply);

  // Ends the client. From here on nothing is sent, and no reply comes. Not from within a callback.
  void close();

  RedisClient& client() { return *client_; }

 private:
  Result<Reply> reply_of(std::vector<CallAnswer>& answers, std::uint32_t replicas) const;

  const CallerOptions options_;
  std::unique_ptr<RedisClient> client_;
  bool closing_ = false;
};

}  // namespace doorbuster::redis
