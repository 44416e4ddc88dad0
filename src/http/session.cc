#include "http/session.h"

#include <boost/asio/buffer.hpp>
#include <utility>

#include "http/event_loop.h"

namespace doorbuster::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kMaxUnsent = 256 * 1024;         // beyond it no further request is taken
constexpr std::size_t kDrained = 64 * 1024;            // a stream may go on below it
constexpr std::size_t kMaxStreamed = 8 * 1024 * 1024;  // a stream that never waits is cut
constexpr std::size_t kMaxLingered = 4 * 1024 * 1024;  // thrown away before a connection is cut
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kIdleOutput = 4 * 1024;

}  // namespace

struct Session::ReadDone {
  using allocator_type = SlotAllocator<void>;
  allocator_type get_allocator() const { return allocator_type(session->read_slot_); }
  void operator()(error_code error, std::size_t size) const { session->on_read(error, size); }

  std::shared_ptr<Session> session;
};

struct Session::WriteReady {
  void operator()(error_code error) const {
    if (!error) session->on_writable();
  }

  std::shared_ptr<Session> session;
};

Session::Session(EventLoop& loop, Listener& listener, Handler& handler, Socket socket,
                 const Peer& peer)
    : loop_(loop),
      listener_(listener),
      handler_(handler),
      socket_(std::move(socket)),
      reader_(loop.limits().head_bytes, peer) {}

Session::~Session() = default;

void Session::start(List::iterator place) {
  place_ = place;
  set_deadlines();
  arm_read();
}

void Session::start_refusing(List::iterator place) {
  place_ = place;
  refused_ = true;
  refuse(BadRequest::too_many_connections);
}

void Session::close() {
  if (!is_open()) return;
  error_code ignored;
  socket_->close(ignored);
  socket_.reset();
  loop_.forget(*this);
  // May end Streams that callbacks own; they find the session closed.
  answers_.drop_all();
}

// The client sees a reset, and not an end that could be taken for the answer's.
void Session::reset_and_close() {
  error_code ignored;
  socket_->set_option(asio::socket_base::linger(true, 0), ignored);
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

void Session::arm_read() {
  if (reading_ || input_ended_ || paused_ || (last_taken_ && !lingering_)) return;
  reading_ = true;
  const auto room = reader_.prepare();
  socket_->async_read_some(asio::mutable_buffer(room.data(), room.size()),
                           ReadDone{shared_from_this()});
}

void Session::on_read(error_code error, std::size_t size) {
  reading_ = false;
  if (!is_open()) return;
  if (error == asio::error::eof) return on_input_end();
  if (error) return close();
  if (lingering_) {
    lingered_ += size;
    return lingered_ > kMaxLingered ? close() : arm_read();
  }
  // A deadline may have ended the input while the read was under way.
  if (last_taken_) return;
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
  arm_read();
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
    error_code error;
    const auto size = socket_->write_some(asio::const_buffer(unsent.data(), unsent.size()), error);
    if (error == asio::error::would_block) {
      blocked_ = true;
      const Limits& limits = loop_.limits();
      write_due_ = loop_.due_in(close_with_input_ ? limits.stall_time : limits.idle_time);
      socket_->async_wait(asio::socket_base::wait_write, WriteReady{shared_from_this()});
      return true;
    }
    if (error) return false;
    answers_.sent(size);
  }
  write_due_ = TimerWheel::kNever;
  return true;
}

void Session::on_writable() {
  if (!is_open()) return;
  blocked_ = false;
  touch();
}

void Session::end_connection() {
  if (answers_.end() == AnswerQueue::End::reset) return reset_and_close();
  if (input_ended_ || !(needs_linger_ || reader_.has_more())) return close();
  // Closing with input unread would send a reset, which can overtake the answer.
  error_code error;
  socket_->shutdown(asio::socket_base::shutdown_send, error);
  if (error) return close();
  lingering_ = true;
  paused_ = false;
  if (!reading_) reader_.discard();
  set_deadlines();
  arm_read();
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
