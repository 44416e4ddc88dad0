// What the sockets of a loop's sessions are ready for: an epoll of their own inside the loop's.
// Asio's reading operations cost a second read a request, which finds nothing, and locks that one
// thread has no use for; here a request costs one read, and a turn one look at all sockets.
//
// Readiness is told by edges: once for what has come, and not again until more comes. Who is told
// reads until a read falls short, or remembers that he has not.
//
// Thread: one. Owns: the epoll. A socket leaves it by being closed.
// Invariants: at most one wait of the io_context for the epoll is under way.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <span>

namespace doorbuster::http {

class Session;

class SocketWatch {
 public:
  // Throws std::system_error when there is no descriptor left for it.
  explicit SocketWatch(boost::asio::io_context& io);
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  struct Ready {
    Session& session;
    bool input;   // bytes, the client's end, or an error that a read will tell
    bool output;  // room to write, or an error that a write will tell
    bool end;     // the client has ended his side, or the connection has failed: read on to the end
  };

  // From now on input is told. False: the kernel has no room for another.
  bool add(int descriptor, Session& session);
  // Room to write, too: of a socket that had none.
  void add_output(int descriptor, Session& session);
  // Looks once, without waiting; gives at most kMost at a time, the others first at the next look.
  // A session given may have been closed since, by another's turn.
  std::size_t look();
  Ready ready(std::size_t n) const;
  // Lets the io_context's run_one() end as soon as there is something to look at.
  void wake_io();

 private:
  static constexpr std::size_t kMost = 512;

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> epoll_;
  std::array<epoll_event, kMost> events_;
  bool waiting_ = false;
};

}  // namespace doorbuster::http
