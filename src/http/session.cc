#include "http/session.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "http/event_loop.h"

namespace doorbuster::http {
namespace {

constexpr std::size_t kMaxUnsent = 256 * 1024;         // beyond it no further request is taken
constexpr std::size_t kDrained = 64 * 1024;            // a stream may go on below it
constexpr std::size_t kMaxStreamed = 8 * 1024 * 1024;  // a stream that never waits is cut
constexpr std::size_t kMaxLingered = 4 * 1024 * 1024;  // thrown away before a connection is cut
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kIdleOutput = 4 * 1024;

}  // namespace

Session::Session(EventLoop& loop, Listener& listener, Handler& handler, int socket,
                 const Peer& peer)
    : loop_(loop),
      listener_(listener),
      handler_(handler),
      socket_(socket),
      reader_(loop.limits().head_bytes, peer) {}

Session::~Session() {
  if (is_open()) ::close(socket_);
}

void Session::start(List::iterator place) {
  place_ = place;
  set_deadlines();
}

void Session::start_refusing(List::iterator place) {
  place_ = place;
  refused_ = true;
  refuse(BadRequest::too_many_connections);
}

void Session::close() {
  if (!is_open()) return;
  ::close(std::exchange(socket_, kClosed));
  loop_.forget(*this);
  // May end Streams that callbacks own; they find the session closed.
  answers_.drop_all();
}

// The client sees a reset, and not an end that could be taken for the answer's.
void Session::reset_and_close() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close();
}

void Session::touch() {
  if (std::exchange(touched_, true)) return;
  loop_.flush_later(shared_from_this());
}

void Session::send(std::uint64_t exchange, const Reply& reply) {
  if (!is_open()) return;
  answers_.answer(exchange, reply, loop_.date());
  touch();
}

void Session::begin_stream(std::uint64_t exchange, const Reply& head) {
  if (!is_open()) return;
  answers_.begin_stream(exchange, head, loop_.date());
  touch();
}

bool Session::write(std::uint64_t exchange, std::string_view bytes) {
  if (!is_open()) return false;
  if (answers_.unsent_bytes(exchange) > kMaxStreamed) answers_.abandon(exchange);
  touch();
  return answers_.append(exchange, bytes);
}

void Session::when_drained(std::uint64_t exchange, std::function<void()> more) {
  if (!is_open()) return;
  answers_.when_drained(exchange, std::move(more));
  touch();
}

void Session::finish(std::uint64_t exchange) {
  if (!is_open()) return;
  answers_.finish(exchange);
  touch();
}

void Session::abandon(std::uint64_t exchange) {
  if (!is_open()) return;
  answers_.abandon(exchange);
  touch();
}

void Session::close_with_input() {
  close_with_input_ = true;
  if (input_ended_) close();
}

bool Session::wants_input() const {
  return is_open() && !input_ended_ && !paused_ && (!last_taken_ || lingering_);
}

void Session::read_later() {
  if (!has_input_ || !wants_input() || std::exchange(read_due_later_, true)) return;
  loop_.read_later(shared_from_this());
}

void Session::on_ready(bool input, bool output, bool end) {
  if (!is_open()) return;
  has_input_ |= input;
  ends_ |= end;
  if (output && blocked_) {
    blocked_ = false;
    touch();
  }
  if (input && !read_due_later_) read();
}

void Session::read() {
  read_due_later_ = false;
  if (!has_input_ || !wants_input()) return;
  const auto room = reader_.prepare();
  ssize_t size = 0;
  do {
    size = ::recv(socket_, room.data(), room.size(), 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    has_input_ = false;
    if (errno != EAGAIN) close();
    return;
  }
  if (size == 0) {
    has_input_ = false;
    return on_input_end();
  }
  // What comes after a read that fell short is told anew; but not an end that was told before it.
  has_input_ = static_cast<std::size_t>(size) == room.size() || ends_;
  take_input(static_cast<std::size_t>(size));
  read_later();
}

void Session::take_input(std::size_t size) {
  if (lingering_) {
    lingered_ += size;
    if (lingered_ > kMaxLingered) close();
    return;
  }
  reader_.commit(size);
  take_requests();
}

// The client may have shut its side only, and still wants what it asked for.
void Session::on_input_end() {
  input_ended_ = true;
  if (lingering_ || close_with_input_ || (answers_.empty() && answers_.unsent().empty()))
    return close();
  last_taken_ = true;
  answers_.end_after_last();
  touch();
}

bool Session::is_congested() const {
  return answers_.unanswered() >= loop_.limits().pipelined || answers_.held_bytes() > kMaxUnsent;
}

void Session::take_requests() {
  paused_ = false;
  bool more = true;
  while (more && !last_taken_) {
    if (is_congested()) {
      paused_ = true;
      break;
    }
    switch (reader_.next()) {
      case RequestReader::Step::need_more:
        more = false;
        break;
      case RequestReader::Step::head:
        reader_.allow_body(handler_.body_limit(reader_.request()));
        if (reader_.awaits_continue()) {
          answers_.invite_body();
          touch();
        }
        break;
      case RequestReader::Step::request:
        deliver();
        break;
      case RequestReader::Step::refused:
        refuse(reader_.refusal());
        break;
    }
  }
  set_deadlines();
}

void Session::deliver() {
  const auto& request = reader_.request();
  const bool keep_alive = reader_.keep_alive() && !loop_.draining();
  if (!keep_alive) {
    last_taken_ = true;
    // RFC 9112, 9.6: also after the client's own "Connection: close", since he may go on sending.
    needs_linger_ = true;
  }
  answers_.withdraw_invitation();
  const auto exchange = answers_.open({.head = request.method == Method::head,
                                       .http10 = !reader_.is_http11(),
                                       .keep_alive = keep_alive});
  handler_.on_request(request, Responder(shared_from_this(), exchange));
}

void Session::refuse(BadRequest what) {
  last_taken_ = true;
  needs_linger_ = true;
  answers_.withdraw_invitation();
  const auto exchange = answers_.open({.keep_alive = false});
  auto reply = handler_.on_bad_request(what);
  reply.status = status_of(what);
  send(exchange, reply);
}

void Session::flush() {
  touched_ = false;
  if (!is_open() || lingering_) return;
  if (!blocked_ && !send_output()) return close();
  if (answers_.unsent().empty() && answers_.end() != AnswerQueue::End::open) {
    return end_connection();
  }
  if (answers_.unsent().size() <= kDrained) {
    if (const auto more = answers_.take_more()) {
      more();
      touch();  // it may have asked for something that only the next turn does
    }
  }
  if (paused_ && !is_congested()) {
    take_requests();
    read_later();
    touch();
  }
  if (answers_.spare_capacity() > kIdleOutput && !std::exchange(grown_, true)) {
    loop_.trim_later(shared_from_this());
  }
  set_deadlines();
}

// False: the client has gone.
bool Session::send_output() {
  while (!answers_.unsent().empty()) {
    const auto unsent = answers_.unsent();
    const ssize_t size = ::send(socket_, unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {
      blocked_ = true;
      loop_.sockets().add_output(socket_, *this);
      const Limits& limits = loop_.limits();
      write_due_ = loop_.due_in(close_with_input_ ? limits.stall_time : limits.idle_time);
      return true;
    }
    if (size < 0) return false;
    answers_.sent(static_cast<std::size_t>(size));
  }
  write_due_ = TimerWheel::kNever;
  return true;
}

void Session::end_connection() {
  if (answers_.end() == AnswerQueue::End::reset) return reset_and_close();
  if (input_ended_ || !(needs_linger_ || reader_.has_more())) return close();
  // Closing with input unread would send a reset, which can overtake the answer.
  if (::shutdown(socket_, SHUT_WR) != 0) return close();
  lingering_ = true;
  paused_ = false;
  reader_.discard();
  set_deadlines();
  read_later();
}

void Session::drain() {
  if (lingering_ || last_taken_) return;
  if (reader_.has_partial()) return;  // deliver() makes that request the last
  if (answers_.empty() && answers_.unsent().empty()) return close();
  last_taken_ = true;
  needs_linger_ = true;
  answers_.end_after_last();
  touch();
}

void Session::trim() {
  grown_ = false;
  if (is_open()) answers_.trim();
}

Session::Phase Session::phase() const {
  if (lingering_) return Phase::lingering;
  if (paused_ || last_taken_) return Phase::none;
  if (reader_.in_body()) return Phase::body;
  if (reader_.has_partial()) return Phase::head;
  return answers_.empty() && answers_.unsent().empty() ? Phase::idle : Phase::none;
}

void Session::set_deadlines() {
  if (!is_open()) return;
  const auto now = phase();
  // The time of a head and of a body runs from its first byte, whatever comes in between.
  if (now != phase_ || now == Phase::idle || phase_request_ != reader_.requests()) {
    const auto& limits = loop_.limits();
    phase_ = now;
    phase_request_ = reader_.requests();
    switch (now) {
      case Phase::none:
        read_due_ = TimerWheel::kNever;
        break;
      case Phase::idle:
        read_due_ = loop_.due_in(limits.idle_time);
        break;
      case Phase::head:
        read_due_ = loop_.due_in(limits.head_time);
        break;
      case Phase::body:
        read_due_ = loop_.due_in(limits.body_time);
        break;
      case Phase::lingering:
        read_due_ = loop_.due_in(kLingerTime);
        break;
    }
  }
  loop_.wheel().set(*this, std::min(read_due_, write_due_));
}

void Session::expire() {
  if (!is_open()) return;
  const auto now = loop_.wheel().now();
  if (write_due_ <= now) return reset_and_close();
  switch (phase_) {
    case Phase::none:
      return set_deadlines();
    case Phase::idle:
    case Phase::lingering:
      return close();
    case Phase::head:
    case Phase::body:
      break;
  }
  refuse(BadRequest::timed_out);
  set_deadlines();
}

}  // namespace doorbuster::http
