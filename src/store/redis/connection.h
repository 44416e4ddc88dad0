// A connection to one Redis server that is made again by itself whenever it is lost: sockets, TLS
// and time for a Link. All that is submitted in one turn of the loop goes out in one write.
//
// Thread: the io_context's, for everything, and every callback comes on it, none from within
// submit(). Callbacks may submit(), close() and destroy the connection.
// Owns: the link with the commands in it, the present attempt at a connection.
// Invariants: each submitted command is answered exactly once, also when the connection is
// destroyed: by unknown or not_sent, from within the destructor.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/redis/address.h"
#include "store/redis/link.h"
#include "store/redis/tls_options.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace doorbuster::redis {

struct ConnectionOptions {
  Address address;
  TlsOptions tls;
  LinkLimits limits;
  // From the beginning of an attempt until the server has answered the greeting.
  std::chrono::milliseconds attempt_time{5'000};
  // Before the next attempt: the first time, and at most. Each is shortened by chance, by up to a
  // half.
  std::chrono::milliseconds first_wait{50};
  std::chrono::milliseconds longest_wait{5'000};
};

// What connections of the same kind share; null: they are plain.
using SharedTls = std::shared_ptr<boost::asio::ssl::context>;

// invalid_argument if a file of the options cannot be used. Without `is_wanted` null.
Result<SharedTls> load_tls(bool is_wanted, const TlsOptions& options);

class Connection {
 public:
  // Up: `reason` is empty. Down: why, in words that name no secret; again where the reason of an
  // attempt is another one than before.
  using OnChange = std::function<void(bool is_up, const std::string& reason)>;

  // Begins with the first attempt in the next turn. The io_context outlives the connection.
  // invalid_argument if a file of the TLS options cannot be used.
  static Result<std::unique_ptr<Connection>> open(boost::asio::io_context& io,
                                                  ConnectionOptions options, OnChange on_change);
  // The same, with what load_tls() made of the options.
  static std::unique_ptr<Connection> open(boost::asio::io_context& io, ConnectionOptions options,
                                          SharedTls tls, OnChange on_change);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Has the server carry out a command; it waits if there is no connection now, until the next
  // attempt has ended or `patience` is over. See Link::submit() for the rest. overloaded, and no
  // answer: the queue is full. closed for good: not_found, and no answer.
  Status submit(const Arguments& arguments, std::chrono::milliseconds patience, OnAnswer on_answer,
                bool asking = false);

  bool is_up() const;

  // Takes no more commands, waits for the answers of those it has (each has its deadline), closes
  // the connection for good and calls `on_closed` once, unless it is destroyed before. No change is
  // told of any more.
  void close(std::function<void()> on_closed);

 private:
  class Driver;

  explicit Connection(std::shared_ptr<Driver> driver);

  std::shared_ptr<Driver> driver_;
};

}  // namespace doorbuster::redis
