#include "http/event_loop.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "http/reply_writer.h"

namespace doorbuster::http {
namespace {

using std::chrono::milliseconds;

// More events than this wait for the next turn, so that the end of a turn is never far.
constexpr int kEventsOfATurn = 1024;
constexpr int kTurnsUnlooked = 8;
// Beyond the limit of connections, so many are open only to be told so; further ones are just
// closed.
constexpr std::size_t kRefusedAtATime = 256;

// A quarter of the shortest time limit, so that no limit is missed by much.
milliseconds tick_of(const Limits& limits) {
  const auto shortest =
      std::min({limits.head_time, limits.body_time, limits.idle_time, limits.drain_time});
  return std::clamp(shortest / 4, milliseconds(1), milliseconds(250));
}

}  // namespace

EventLoop::EventLoop(Limits limits)
    : limits_(limits),
      tick_(tick_of(limits)),
      started_(std::chrono::steady_clock::now()),
      work_(io_.get_executor()),
      timer_(io_.get_executor()),
      date_second_(std::time(nullptr)),
      date_(date_field(date_second_)) {}

EventLoop::~EventLoop() { close_all(); }

Result<Endpoint> EventLoop::listen(const Endpoint& endpoint, Handler& handler, bool shared,
                                   ListenerProbe* probe) {
  auto listener = std::make_unique<Listener>(*this, handler, probe);
  auto bound = listener->open(endpoint, shared);
  if (!bound) return bound;
  listener->start();
  listeners_.push_back(std::move(listener));
  return bound;
}

void EventLoop::run(std::function<void()> end_of_turn) {
  const auto end_turn = std::move(end_of_turn);
  arm_tick();
  while (!stopped_) {
    serve_sockets();
    serve_io();
    if (end_turn) end_turn();
    flush_all();
    closed_.clear();
    if (draining_ && sessions_.empty()) stopped_ = true;
  }
  close_all();
}

void EventLoop::serve_sockets() {
  const std::size_t ready = sockets_.look();
  reading_.swap(unread_);
  for (const auto& session : reading_) session->read();
  is_idle_ = ready == 0 && reading_.empty();
  reading_.clear();
  for (std::size_t n = 0; n < ready; ++n) {
    const auto [session, input, output, end] = sockets_.ready(n);
    session.on_ready(input, output, end);
  }
}

// Everything but the sockets of sessions, and the wait when there is nothing at all to do.
void EventLoop::serve_io() {
  if (is_idle_ && touched_.empty() && unread_.empty()) {
    sockets_.wake_io();
    io_.run_one();
  }
  // While sockets keep this thread busy, what the io_context has by itself (ticks, connections) may
  // wait a few turns: a look at it is a system call.
  const bool told = posted_.exchange(false, std::memory_order_acquire);
  if (!told && !is_idle_ && ++turns_unlooked_ < kTurnsUnlooked) return;
  turns_unlooked_ = 0;
  for (int n = 0; n < kEventsOfATurn && io_.poll_one() > 0; ++n) {
  }
}

void EventLoop::post(std::function<void()> work) {
  // First the flag: what is posted may end the loop, and with it all of this. A turn that sees the
  // flag and not yet the work comes round to it by itself.
  posted_.store(true, std::memory_order_release);
  boost::asio::post(io_, std::move(work));
}

void EventLoop::change_limits(Limits limits) {
  post([this, limits] { limits_ = limits; });
}

void EventLoop::drain() {
  post([this] {
    if (draining_) {
      stopped_ = true;
    } else {
      start_drain();
    }
  });
}

void EventLoop::start_drain() {
  draining_ = true;
  drain_due_ = due_in(limits_.drain_time);
  for (auto& listener : listeners_) listener->close();
  const std::vector<std::shared_ptr<Session>> all(sessions_.begin(), sessions_.end());
  for (const auto& session : all) session->drain();
}

void EventLoop::open_session(Listener& listener, Handler& handler, int descriptor,
                             const Peer& peer) {
  const bool refused = listener.served() >= limits_.connections;
  if (refused && listener.refused() >= kRefusedAtATime) {
    ::close(descriptor);
    listener.dropped();
    return;
  }
  auto session = std::make_shared<Session>(*this, listener, handler, descriptor, peer);
  if (!sockets_.add(descriptor, *session)) return;
  listener.opened(refused);
  sessions_.push_back(session);
  const auto place = std::prev(sessions_.end());
  if (refused) {
    session->start_refusing(place);
  } else {
    session->start(place);
  }
}

void EventLoop::forget(Session& session) {
  session.listener().closed(session.is_refused());
  wheel_.remove(session);
  closed_.push_back(std::move(*session.place()));
  sessions_.erase(session.place());
}

void EventLoop::flush_later(std::shared_ptr<Session> session) {
  touched_.push_back(std::move(session));
}

void EventLoop::flush_all() {
  // What a flush makes possible is flushed at the end of the next turn.
  flushing_.swap(touched_);
  for (const auto& session : flushing_) session->flush();
  flushing_.clear();
}

TimerWheel::Tick EventLoop::due_in(milliseconds time) const {
  // One more, since part of the current tick has gone by.
  return wheel_.now() + static_cast<TimerWheel::Tick>((time + tick_ - milliseconds(1)) / tick_) + 1;
}

void EventLoop::arm_tick() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) on_tick();
  });
}

void EventLoop::on_tick() {
  arm_tick();
  const auto second = std::time(nullptr);
  if (second != std::exchange(date_second_, second)) date_ = date_field(second);
  const auto passed = std::chrono::steady_clock::now() - started_;
  wheel_.advance(static_cast<TimerWheel::Tick>(passed / tick_), [](TimerWheel::Entry& entry) {
    const auto session = static_cast<Session&>(entry).shared_from_this();
    session->expire();
  });
  for (auto& listener : listeners_) listener->resume();
  for (const auto& session : std::exchange(grown_, {})) session->trim();
  if (wheel_.now() >= drain_due_) stopped_ = true;
}

void EventLoop::close_all() {
  for (auto& listener : listeners_) listener->close();
  const std::vector<std::shared_ptr<Session>> all(sessions_.begin(), sessions_.end());
  for (const auto& session : all) session->close();
  touched_.clear();
  unread_.clear();
  grown_.clear();
  closed_.clear();
}

}  // namespace doorbuster::http
