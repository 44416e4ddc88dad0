// One connection: bytes in to a RequestReader, requests to the handler, bytes out of an
// AnswerQueue. Those two hold the rules; this drives the socket and the deadlines.
//
// Thread: the I/O thread of its loop.
// Owns: the socket. Its loop keeps it alive while it is open, and to the end of the turn in which
// it is closed; Responders and Streams after that. Invariants: once closed it calls nobody, and
// what is asked of it does nothing. One read a turn, so that nobody who sends much keeps the
// others. Output leaves in flush() alone.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "http/answer_queue.h"
#include "http/handler.h"
#include "http/request_reader.h"
#include "http/timer_wheel.h"

namespace doorbuster::http {

class EventLoop;
class Listener;

class Session final : public std::enable_shared_from_this<Session>, public TimerWheel::Entry {
 public:
  using List = std::list<std::shared_ptr<Session>>;

  // `socket`: a connected one that does not block; the session's from now on.
  Session(EventLoop& loop, Listener& listener, Handler& handler, int socket, const Peer& peer);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start(List::iterator place);
  // In place of start(): the connection is one too many, and is told so.
  void start_refusing(List::iterator place);

  // For Responder and Stream.
  void send(std::uint64_t exchange, const Reply& reply);
  void begin_stream(std::uint64_t exchange, const Reply& head);
  bool write(std::uint64_t exchange, std::string_view bytes);
  void when_drained(std::uint64_t exchange, std::function<void()> more);
  void finish(std::uint64_t exchange);
  void close_with_input();
  bool is_open() const { return socket_ != kClosed; }
  void abandon(std::uint64_t exchange);

  // For the loop.
  // What the socket has become ready for; `end`: the client has ended his side, or it has failed.
  void on_ready(bool input, bool output, bool end);
  void read();    // the next read of a socket that still has something
  void flush();   // sends what there is, and goes on with what waited for that
  void expire();  // a deadline has passed
  void drain();   // no further request is wanted
  void trim();
  void close();
  List::iterator place() const { return place_; }
  bool is_refused() const { return refused_; }  // since start_refusing()
  Listener& listener() const { return listener_; }

 private:
  // What the client is allowed time for.
  enum class Phase { none, idle, head, body, lingering };

  bool wants_input() const;
  void read_later();
  void take_input(std::size_t size);
  void on_input_end();
  void take_requests();
  void deliver();
  void refuse(BadRequest what);
  bool is_congested() const;
  bool send_output();
  void end_connection();
  void touch();  // there is something to flush
  void set_deadlines();
  Phase phase() const;
  void reset_and_close();

  EventLoop& loop_;  // gone when closed
  Listener& listener_;
  Handler& handler_;
  static constexpr int kClosed = -1;
  int socket_;
  List::iterator place_;
  RequestReader reader_;
  AnswerQueue answers_;

  bool refused_ = false;
  bool touched_ = false;
  bool grown_ = false;             // the loop knows that trim() is due
  bool has_input_ = false;         // the socket may have more to read, and will not say so again
  bool ends_ = false;              // a read that falls short is not the last: the end is behind it
  bool read_due_later_ = false;    // the loop knows that a read is due
  bool paused_ = false;            // requests wait until answers are sent
  bool input_ended_ = false;       // the client has shut its side
  bool close_with_input_ = false;  // which is then taken for his going
  bool last_taken_ = false;        // no request is taken any more
  bool lingering_ = false;         // all is sent; input is read and thrown away
  bool needs_linger_ = false;      // input may be under way that nobody will read
  bool blocked_ = false;           // the client does not read
  std::size_t lingered_ = 0;       // bytes
  Phase phase_ = Phase::none;
  std::uint64_t phase_request_ = 0;  // which request the phase is of
  TimerWheel::Tick read_due_ = TimerWheel::kNever;
  TimerWheel::Tick write_due_ = TimerWheel::kNever;
};

}  // namespace doorbuster::http
