#include "http/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <cstring>

#include "http/event_loop.h"

namespace doorbuster::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kAcceptedAtATime = 64;
constexpr int kBacklog = 4096;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

Error listen_error(const Endpoint& endpoint, const boost::system::error_code& error) {
  const bool taken = error == asio::error::address_in_use;
  return {taken ? ErrorCode::in_use : ErrorCode::io_failed,
          "cannot listen on " + endpoint.text() + ": " +
              (taken ? "another process has this address" : error.message())};
}

Peer peer_at(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr,
                bytes.size());
    return {IpAddress::v4(bytes)};
  }
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr,
              bytes.size());
  return {IpAddress::v6(bytes)};
}

}  // namespace

Listener::Listener(EventLoop& loop, Handler& handler, ListenerProbe* probe)
    : loop_(loop),
      handler_(handler),
      probe_(probe != nullptr ? *probe : own_probe_),
      acceptor_(loop.io().get_executor()) {}

Result<Endpoint> Listener::open(const Endpoint& endpoint, bool shared) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(endpoint.host, error);
  if (error) {
    return Error{ErrorCode::invalid_argument, "not an IP address: \"" + endpoint.host + "\""};
  }
  const tcp::endpoint wanted(address, endpoint.port);
  acceptor_.open(wanted.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && shared) acceptor_.set_option(ReusePort(true), error);
  if (!error && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
  // Linux hands it on to what is accepted: a call less for each connection.
  if (!error) acceptor_.set_option(tcp::no_delay(true), error);
  if (!error) acceptor_.bind(wanted, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (error) return listen_error(endpoint, error);
  const auto bound = acceptor_.local_endpoint(error);
  if (error) return listen_error(endpoint, error);
  return Endpoint{bound.address().to_string(), bound.port()};
}

void Listener::start() { wait(); }

void Listener::wait() {
  acceptor_.async_wait(asio::socket_base::wait_read, [this](boost::system::error_code error) {
    if (!error) accept_waiting();
  });
}

void Listener::resume() {
  if (!paused_ || !acceptor_.is_open()) return;
  paused_ = false;
  wait();
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void Listener::opened(bool refused) {
  ++(refused ? refused_ : served_);
  if (refused) {
    probe_.connection_refused();
  } else {
    probe_.connection_opened(served_);
  }
}

void Listener::closed(bool refused) {
  --(refused ? refused_ : served_);
  if (!refused) probe_.connection_closed(served_);
}

void Listener::accept_waiting() {
  if (!acceptor_.is_open()) return;
  for (int n = 0; n < kAcceptedAtATime; ++n) {
    if (!accept_one()) break;
  }
  if (!paused_) wait();
}

// False: nothing waits, or nothing can be accepted now.
bool Listener::accept_one() {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const int descriptor = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                                   &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    loop_.open_session(*this, handler_, descriptor, peer_at(address));
    return true;
  }
  switch (errno) {
    case EAGAIN:
      return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      paused_ = true;
      probe_.accepting_paused();
      return false;
    default:
      return true;  // that connection died while it waited: the next one
  }
}

}  // namespace doorbuster::http
