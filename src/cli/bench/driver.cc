#include "cli/bench/driver.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "cli/bench/nanoseconds.h"

namespace doorbuster::bench {
namespace {

constexpr std::int64_t kTick = 100 * kMillisecond;
constexpr std::int64_t kOpening = 10 * kSecond;
constexpr std::int64_t kNobodyThere =
    8 * kSecond;  // no connection can be opened: longer than a restart
constexpr std::int64_t kAfterStop = 2 * kSecond;  // for what is under way
constexpr std::uint32_t kAtATime = 128;           // that are being opened; a backlog is short
constexpr std::size_t kBurst = 256;               // connections written to before answers are read
constexpr std::size_t kBlock = std::size_t{256} * 1024;

}  // namespace

std::int64_t clock_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * kSecond + now.tv_nsec;
}

Driver::Driver(const Address& address, const DriverOptions& options)
    : address_(address), options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)), block_(kBlock) {
  CHECK(epoll_ >= 0);
  // The system is allowed 50 us of delay by default, which would be measured as the server's.
  ::prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
  for (std::uint32_t i = 0; i < options.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(options.pipeline));
  }
}

Driver::~Driver() { ::close(epoll_); }

void Driver::watch(std::uint32_t index, int operation, bool for_writing) {
  epoll_event event{};
  event.events = EPOLLIN | (for_writing ? EPOLLOUT : 0U);
  event.data.u32 = index;
  Connection& connection = *connections_[index];
  ::epoll_ctl(epoll_, operation, connection.descriptor(), &event);
  connection.wants_write = for_writing;
}

void Driver::begin_opening(std::uint32_t index) {
  Connection& connection = *connections_[index];
  if (!connection.open(address_)) {
    why_ = std::strerror(errno);
    return;
  }
  ++connecting_;
  watch(index, EPOLL_CTL_ADD, true);
}

bool Driver::open_all() {
  const std::int64_t deadline = clock_now() + kOpening;
  std::uint32_t next = 0;
  while (next < options_.connections || connecting_ > 0) {
    const std::int64_t now = clock_now();
    if (now >= deadline) {
      why_ = "timed out";
      break;
    }
    for (; next < options_.connections && connecting_ < kAtATime; ++next) begin_opening(next);
    if (connecting_ > 0) wait(now + kTick, now);
    if (open_ == 0 && connecting_ == 0 && !why_.empty()) break;  // the first ones were refused
  }
  sending_.connections = open_;
  return open_ > 0;
}

void Driver::offer(std::uint32_t index) {
  Connection& connection = *connections_[index];
  if (connection.is_listed || !is_open(connection) || !connection.has_room()) return;
  connection.is_listed = true;
  free_.push_back(index);
}

void Driver::end(std::uint32_t index, std::int64_t now) {
  Connection& connection = *connections_[index];
  if (is_open(connection)) {
    --open_;
    ++sending_.connections_lost;
  } else if (connection.state() == Connection::State::connecting) {
    --connecting_;
  }
  connection.close();
  while (connection.flying() > 0) {
    --flying_;
    crowd_->lost(connection.pop(), now);
  }
}

void Driver::send_due(std::int64_t now) {
  while (crowd_->next_due() <= now && touched_.size() < kBurst) {
    if (free_.empty()) {
      no_room_until_ = now;
      break;
    }
    const std::uint32_t index = free_.front();
    free_.pop_front();
    Connection& connection = *connections_[index];
    connection.is_listed = false;
    if (!is_open(connection)) continue;
    if (connection.flying() == 0) connection.waiting_since = now;
    while (connection.has_room() && crowd_->next_due() <= now) {
      Request request = crowd_->take();
      request.sent = now;
      if (request.due > no_room_until_) {
        sending_.late.add(Histogram::Nanoseconds(now - request.due));
      } else {
        ++sending_.waited;
      }
      texts_->append(connection.out(), request);
      connection.push(request);
      ++flying_;
    }
    offer(index);
    if (!connection.is_touched) {
      connection.is_touched = true;
      touched_.push_back(index);
    }
  }
  for (const std::uint32_t index : touched_) flush(index, now);
  touched_.clear();
}

void Driver::flush(std::uint32_t index, std::int64_t now) {
  Connection& connection = *connections_[index];
  connection.is_touched = false;
  if (!is_open(connection)) return;
  switch (connection.flush()) {
    case Connection::Io::done:
      if (connection.wants_write) watch(index, EPOLL_CTL_MOD, false);
      break;
    case Connection::Io::blocked:
      if (!connection.wants_write) watch(index, EPOLL_CTL_MOD, true);
      break;
    case Connection::Io::ended:
      end(index, now);
      break;
  }
}

void Driver::on_event(std::uint32_t index, std::uint32_t events) {
  Connection& connection = *connections_[index];
  if (connection.state() == Connection::State::connecting) {
    if (connection.finish_opening()) {
      --connecting_;
      ++open_;
      watch(index, EPOLL_CTL_MOD, false);
      offer(index);
    } else {
      why_ = std::strerror(errno);
      --connecting_;
    }
    return;
  }
  if (!is_open(connection)) return;
  if ((events & EPOLLOUT) != 0) flush(index, clock_now());
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && is_open(connection)) read(index);
}

void Driver::read(std::uint32_t index) {
  Connection& connection = *connections_[index];
  const ssize_t got = ::recv(connection.descriptor(), block_.data(), block_.size(), 0);
  const bool is_nothing_yet =
      got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  if (is_nothing_yet) return;
  const std::int64_t now = clock_now();
  if (got <= 0 || !take_answers(connection, {block_.data(), static_cast<std::size_t>(got)}, now)) {
    return end(index, now);
  }
  connection.waiting_since = now;
  offer(index);
}

// False when the connection can be used no more.
bool Driver::take_answers(Connection& connection, std::string_view bytes, std::int64_t now) {
  bytes = connection.pending(bytes);
  Answer answer;
  while (!bytes.empty()) {
    const Scan scan = scan_answer(bytes, answer);
    if (scan == Scan::partial) break;
    if (scan == Scan::malformed) ++sending_.malformed;
    // What nobody asked for is a server that has too many connections.
    if (scan == Scan::malformed || connection.flying() == 0) return false;
    --flying_;
    const Request request = connection.pop();
    sending_.service.add(Histogram::Nanoseconds(now - request.sent));
    crowd_->answered(request, answer, now);
    bytes.remove_prefix(answer.used);
    if (answer.closes) return false;
  }
  connection.keep(bytes);
  return true;
}

void Driver::tick(std::int64_t now) {
  if (open_ > 0) alive_at_ = now;
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    Connection& connection = *connections_[i];
    if (connection.flying() > 0 && now - connection.waiting_since > options_.patience) end(i, now);
    const bool may_open = connection.state() == Connection::State::closed && !crowd_->is_over() &&
                          connecting_ < kAtATime;
    if (may_open) begin_opening(i);
  }
}

void Driver::wait(std::int64_t until, std::int64_t now) {
  std::array<epoll_event, 512> events;
  const std::int64_t left = std::max<std::int64_t>(until - now, 0);
  constexpr int kEvents = static_cast<int>(events.size());
  int count = -1;
  if (knows_pwait2_) {
    const timespec time{left / kSecond, left % kSecond};
    count = ::epoll_pwait2(epoll_, events.data(), kEvents, &time, nullptr);
    knows_pwait2_ = count >= 0 || (errno != ENOSYS && errno != EPERM);
  }
  if (!knows_pwait2_) {
    const auto milliseconds = static_cast<int>((left + kMillisecond - 1) / kMillisecond);
    count = ::epoll_wait(epoll_, events.data(), kEvents, milliseconds);
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    on_event(event.data.u32, event.events);
  }
}

// Ending::finished also stands for not yet.
Ending Driver::ending_at(std::int64_t now, bool stopped) {
  if (crowd_->hopeless() != 0) return Ending::hopeless;
  if (open_ == 0 && now - alive_at_ > kNobodyThere) return Ending::nobody_answers;
  if (stopped) return Ending::interrupted;
  return Ending::finished;
}

Ending Driver::run(Crowd& crowd, const RequestTexts& texts, const std::atomic<bool>& stop,
                   const std::function<void(std::int64_t now)>& on_tick) {
  crowd_ = &crowd;
  texts_ = &texts;
  Ending ending = Ending::finished;
  std::int64_t now = clock_now();
  std::int64_t next_tick = now;
  alive_at_ = now;
  // Those that wait for a connection are let in for a while; then the doors are closed.
  constexpr std::int64_t kLastCall = 5 * kSecond;
  while (!crowd.is_over() || is_anything_flying()) {
    if (now >= next_tick) {
      next_tick = now + kTick;
      tick(now);
      on_tick(now);
      if (ending == Ending::finished) ending = ending_at(now, stop.load(std::memory_order_relaxed));
      const bool ends = ending != Ending::finished || now > crowd.end() + kLastCall;
      if (ends && stopped_at_ == 0) {
        stopped_at_ = now;
        crowd.stop(now);
      }
      const std::int64_t rest = ending == Ending::finished ? options_.patience : kAfterStop;
      if (stopped_at_ != 0 && now > stopped_at_ + rest) break;
    }
    send_due(now);
    const std::int64_t due = free_.empty() ? next_tick : std::min(crowd.next_due(), next_tick);
    wait(due, clock_now());
    now = clock_now();
  }
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i]->flying() > 0) end(i, now);
  }
  on_tick(now);
  return ending;
}

}  // namespace doorbuster::bench
