// The loop of one I/O thread: turns of ready sockets, then the end of the turn, then all its
// answers.
//
// Thread: everything on the thread of run(), but for post(), change_limits() and drain(), which are
// for any thread.
// Owns: the io_context, listeners, sessions, the wheel of their deadlines, the cached Date.
// Invariants: a turn ends after a bounded number of events, however many are ready.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/listener.h"
#include "http/server.h"
#include "http/session.h"
#include "http/socket_watch.h"
#include "http/timer_wheel.h"

namespace doorbuster::http {

class EventLoop {
 public:
  explicit EventLoop(Limits limits);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Result<Endpoint> listen(const Endpoint& endpoint, Handler& handler, bool shared,
                          ListenerProbe* probe);
  void run(std::function<void()> end_of_turn);
  void post(std::function<void()> work);
  void change_limits(Limits limits);
  void drain();

  // For listeners and sessions.
  boost::asio::io_context& io() { return io_; }
  const Limits& limits() const { return limits_; }
  std::string_view date() const { return date_; }
  bool draining() const { return draining_; }
  TimerWheel& wheel() { return wheel_; }
  SocketWatch& sockets() { return sockets_; }
  // The first tick that is at least `time` away.
  TimerWheel::Tick due_in(std::chrono::milliseconds time) const;
  void open_session(Listener& listener, Handler& handler, int descriptor, const Peer& peer);
  void forget(Session& session);
  void flush_later(std::shared_ptr<Session> session);
  // Session::read() in the next turn.
  void read_later(std::shared_ptr<Session> session) { unread_.push_back(std::move(session)); }
  // Its buffers have grown: looked at again at the next tick.
  void trim_later(std::shared_ptr<Session> session) { grown_.push_back(std::move(session)); }

 private:
  void serve_io();
  void serve_sockets();
  void arm_tick();
  void on_tick();
  void start_drain();
  void flush_all();
  void close_all();

  Limits limits_;
  const std::chrono::milliseconds tick_;  // of the limits at the start
  const std::chrono::steady_clock::time_point started_;
  boost::asio::io_context io_{1};
  SocketWatch sockets_{io_};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                    boost::asio::io_context::executor_type>
      timer_;
  TimerWheel wheel_;
  std::time_t date_second_ = 0;
  std::string date_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Session::List sessions_;
  std::vector<std::shared_ptr<Session>> closed_;  // in this turn: the watch may still name them
  std::vector<std::shared_ptr<Session>> unread_;
  std::vector<std::shared_ptr<Session>> reading_;
  std::vector<std::shared_ptr<Session>> touched_;
  std::vector<std::shared_ptr<Session>> flushing_;
  std::vector<std::shared_ptr<Session>> grown_;
  std::atomic<bool> posted_ = false;  // something, since the last look at io_
  int turns_unlooked_ = 0;
  bool is_idle_ = false;  // no socket has given this turn anything to do
  bool draining_ = false;
  bool stopped_ = false;
  TimerWheel::Tick drain_due_ = TimerWheel::kNever;
};

}  // namespace doorbuster::http
