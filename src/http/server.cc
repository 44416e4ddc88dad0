#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <utility>

#include "http/event_loop.h"

namespace doorbuster::http {
namespace {

bool is_address(int family, const std::string& text) {
  in6_addr room{};  // large enough for either
  return ::inet_pton(family, text.c_str(), &room) == 1;
}

Error not_an_endpoint(const std::string& text) {
  return {ErrorCode::invalid_argument,
          "\"" + text + "\" is not an address with a port, such as 127.0.0.1:8080 or [::1]:8080"};
}

}  // namespace

Result<Endpoint> Endpoint::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return not_an_endpoint(text);
  auto host = text.substr(0, colon);
  const auto port_text = text.substr(colon + 1);
  int family = AF_INET;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    family = AF_INET6;
  }
  std::uint16_t port = 0;
  const auto* end = port_text.data() + port_text.size();
  const auto parsed = std::from_chars(port_text.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || !is_address(family, host)) {
    return not_an_endpoint(text);
  }
  return Endpoint{std::move(host), port};
}

std::string Endpoint::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

class Server::Loop : public EventLoop {
 public:
  using EventLoop::EventLoop;
};

Server::Server(Limits limits) : loop_(std::make_unique<Loop>(limits)) {}
Server::~Server() = default;

Result<Endpoint> Server::listen(const Endpoint& endpoint, Handler& handler, bool shared,
                                ListenerProbe* probe) {
  return loop_->listen(endpoint, handler, shared, probe);
}

void Server::run(std::function<void()> end_of_turn) { loop_->run(std::move(end_of_turn)); }

void Server::post(std::function<void()> work) { loop_->post(std::move(work)); }

void Server::change_limits(Limits limits) { loop_->change_limits(limits); }

void Server::drain() { loop_->drain(); }

}  // namespace doorbuster::http
