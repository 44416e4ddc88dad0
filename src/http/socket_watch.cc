#include "http/socket_watch.h"

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace doorbuster::http {
namespace {

int make_epoll() {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return descriptor;
}

epoll_event event_of(Session& session, std::uint32_t what) {
  epoll_event event{};
  event.events = what | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &session;
  return event;
}

}  // namespace

SocketWatch::SocketWatch(boost::asio::io_context& io) : epoll_(io.get_executor(), make_epoll()) {}

bool SocketWatch::add(int descriptor, Session& session) {
  epoll_event event = event_of(session, EPOLLIN);
  return ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void SocketWatch::add_output(int descriptor, Session& session) {
  epoll_event event = event_of(session, EPOLLIN | EPOLLOUT);
  ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, descriptor, &event);
}

std::size_t SocketWatch::look() {
  const int count =
      ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

SocketWatch::Ready SocketWatch::ready(std::size_t n) const {
  const epoll_event& event = events_[n];
  const bool end = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  return {*static_cast<Session*>(event.data.ptr), end || (event.events & EPOLLIN) != 0,
          (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0, end};
}

void SocketWatch::wake_io() {
  if (waiting_) return;
  waiting_ = true;
  epoll_.async_wait(epoll_.wait_read, [this](boost::system::error_code) { waiting_ = false; });
}

}  // namespace doorbuster::http
