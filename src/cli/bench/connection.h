// One connection of a crowd: what was asked over it and is unanswered, and bytes both ways. It says
// what came; what that means is for whoever drives it.
//
// Thread: one at a time. Owns: its descriptor.
// Invariants: answers belong to requests in the order these were asked (RFC 9112, 9.3).
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/bench/crowd.h"
#include "cli/server_url.h"

namespace doorbuster::bench {

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

// The first address of the server at which somebody takes connections; not_found, in words for
// people, where there is none.
Result<Address> find_listener(const cli::ServerUrl& server);

class Connection {
 public:
  enum class State { closed, connecting, open };
  enum class Io { done, blocked, ended };

  explicit Connection(std::size_t pipeline) : flights_(pipeline) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  State state() const { return state_; }
  int descriptor() const { return descriptor_; }

  // Begins to connect; false if that failed at once, errno says why.
  bool open(const Address& address);
  // After a connecting one has become writable: whether it is open. errno says why not.
  bool finish_opening();
  void close();

  // Requests that are unanswered, the oldest first.
  bool has_room() const { return flying_ < flights_.size(); }
  std::size_t flying() const { return flying_; }
  void push(const Request& request);
  Request pop();

  std::string& out() { return out_; }
  bool has_output() const { return sent_ < out_.size(); }
  Io flush();

  // What has come and is not used yet, with `fresh` behind it; good until the next call.
  std::string_view pending(std::string_view fresh);
  // All but the last `rest` bytes of that are used.
  void keep(std::string_view rest);

  std::int64_t waiting_since = 0;  // of the last byte, or the first request after none
  bool is_listed = false;          // among those with room
  bool is_touched = false;         // it has something new to send
  bool wants_write = false;        // the loop waits until it can be written to

 private:
  State state_ = State::closed;
  int descriptor_ = -1;
  std::vector<Request> flights_;  // a ring
  std::size_t oldest_ = 0;
  std::size_t flying_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;
};

}  // namespace doorbuster::bench
