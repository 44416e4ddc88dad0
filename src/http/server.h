// An HTTP/1.1 server on one I/O thread: its listeners, their sessions, their time limits.
//
// Thread: everything on the thread that calls run(), but for post(), change_limits() and drain(),
// which are for any thread.
// Owns: its io_context, its listening sockets, its sessions.
// Invariants: a session never moves to another thread; nothing here waits for anything but sockets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/handler.h"
#include "http/listener_probe.h"

namespace doorbuster::http {

struct Limits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t connections = 20'000;  // per listener; further ones get 503 and are closed
  std::size_t pipelined = 64;        // requests of one connection that are unanswered at a time
  std::chrono::milliseconds head_time{10'000};  // from the first byte of a head to its end
  std::chrono::milliseconds body_time{30'000};  // from there to the end of the body
  std::chrono::milliseconds idle_time{60'000};  // between requests; for a client that does not read
  std::chrono::milliseconds stall_time{15'000};  // for one that does not read a stream without end
  std::chrono::milliseconds drain_time{10'000};  // at shutdown: to answer what is under way
};

struct Endpoint {
  std::string host;        // an address, "127.0.0.1" or "::1"
  std::uint16_t port = 0;  // 0: any free one

  // "127.0.0.1:8080", "[::1]:8080"; `text` that is neither is invalid_argument.
  static Result<Endpoint> parse(const std::string& text);
  std::string text() const;
};

class Server {
 public:
  explicit Server(Limits limits);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens (SO_REUSEPORT when `shared`, so that several servers can share one port);
  // gives the endpoint actually bound. Requests arriving there go to `handler`, which outlives the
  // server. May be called more than once: the admin listener shares the thread of the first server.
  // `probe` is told of its connections and outlives the server; null: nobody looks.
  Result<Endpoint> listen(const Endpoint& endpoint, Handler& handler, bool shared,
                          ListenerProbe* probe = nullptr);

  // Serves until stopped. `end_of_turn` is called at the end of each turn of the loop, before the
  // turn's answers are written.
  void run(std::function<void()> end_of_turn);

  // Runs `work` on the server's thread, soon. Thread: any.
  void post(std::function<void()> work);

  // Further heads, bodies, connections and pauses are measured by these; what is under way may
  // still be by those before. Thread: any.
  void change_limits(Limits limits);

  // Stops listening, closes idle connections, answers what is under way with `Connection: close`,
  // and ends run() when all are done or after drain_time. Thread: any; a second call ends at once.
  void drain();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace doorbuster::http
