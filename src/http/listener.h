// One listening socket: accepts what waits, some at a time, and counts what it has let in.
//
// Thread: the I/O thread of its loop. Owns: the socket.
// Invariants: running out of descriptors pauses it until the next tick; it neither spins nor ends.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>

#include "base/result.h"
#include "http/handler.h"
#include "http/server.h"

namespace doorbuster::http {

class EventLoop;

class Listener {
 public:
  Listener(EventLoop& loop, Handler& handler, ListenerProbe* probe);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Result<Endpoint> open(const Endpoint& endpoint, bool shared);
  void start();
  void resume();  // at each tick
  void close();

  // Connections that are served, and those that are open only to be told that they are too many.
  std::size_t served() const { return served_; }
  std::size_t refused() const { return refused_; }
  void opened(bool refused);
  void closed(bool refused);
  void dropped() { probe_.connection_dropped(); }

 private:
  void wait();
  void accept_waiting();
  bool accept_one();

  EventLoop& loop_;
  Handler& handler_;
  ListenerProbe own_probe_;  // where nobody looks
  ListenerProbe& probe_;
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
      acceptor_;
  std::size_t served_ = 0;
  std::size_t refused_ = 0;
  bool paused_ = false;
};

}  // namespace doorbuster::http
