#include "cli/bench/connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/check.h"

namespace doorbuster::bench {

namespace {

// Connects and hangs up; 0, or why not.
int try_connection(const addrinfo& address) {
  const int descriptor = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  // The system counts the time of connecting by the limit for sending.
  const timeval limit{10, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const bool connected = ::connect(descriptor, address.ai_addr, address.ai_addrlen) == 0;
  const int error = connected ? 0 : errno;
  ::close(descriptor);
  return error == EINPROGRESS ? ETIMEDOUT : error;
}

}  // namespace

Result<Address> find_listener(const cli::ServerUrl& server) {
  const auto nobody = [&](const char* why) {
    return Error{ErrorCode::not_found, "nobody answers at " + server.text() + " (" + why + ")"};
  };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int unknown = ::getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found);
  if (unknown != 0) return nobody(::gai_strerror(unknown));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  int error = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    error = try_connection(*each);
    if (error != 0) continue;
    Address address;
    address.size = each->ai_addrlen;
    std::memcpy(&address.bytes, each->ai_addr, each->ai_addrlen);
    return address;
  }
  return nobody(std::strerror(error));
}

bool Connection::open(const Address& address) {
  CHECK(state_ == State::closed && flying_ == 0);
  const int family = address.bytes.ss_family;
  descriptor_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) return false;
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  state_ = State::connecting;
  const auto* to = reinterpret_cast<const sockaddr*>(&address.bytes);
  if (::connect(descriptor_, to, address.size) == 0 || errno == EINPROGRESS) return true;
  const int error = errno;
  close();
  errno = error;
  return false;
}

bool Connection::finish_opening() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) {
    state_ = State::open;
    return true;
  }
  close();
  errno = error;
  return false;
}

void Connection::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  state_ = State::closed;
  out_.clear();
  sent_ = 0;
  in_.clear();
  wants_write = false;
}

void Connection::push(const Request& request) {
  DCHECK(has_room());
  flights_[(oldest_ + flying_) % flights_.size()] = request;
  ++flying_;
}

Request Connection::pop() {
  DCHECK(flying_ > 0);
  const Request& request = flights_[oldest_];
  oldest_ = (oldest_ + 1) % flights_.size();
  --flying_;
  return request;
}

Connection::Io Connection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t sent =
        ::send(descriptor_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Io::blocked : Io::ended;
    sent_ += static_cast<std::size_t>(sent);
  }
  out_.clear();
  sent_ = 0;
  return Io::done;
}

std::string_view Connection::pending(std::string_view fresh) {
  if (in_.empty()) return fresh;
  in_ += fresh;
  return in_;
}

void Connection::keep(std::string_view rest) {
  if (rest.empty()) {
    in_.clear();
  } else if (in_.empty()) {
    in_.assign(rest);
  } else {
    in_.erase(0, in_.size() - rest.size());
  }
}

}  // namespace doorbuster::bench
