// For tests: a server on a thread of its own with a handler made of functions, and clients that are
// plain blocking sockets.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.h"

namespace doorbuster::http {

constexpr Reply text(std::string_view body) {
  return {.status = 200, .content_type = "text/plain", .fields = {}, .body = body};
}

// Answers each request with its path, its query and body, unless told otherwise.
class FunctionHandler : public Handler {
 public:
  std::function<void(const Request&, Responder)> on_any;
  std::size_t limit = 4096;
  std::string last;

  std::size_t body_limit(const Request&) override { return limit; }
  void on_request(const Request& request, Responder responder) override {
    if (on_any) return on_any(request, std::move(responder));
    echo(request, responder);
  }
  Reply on_bad_request(BadRequest) override {
    return {.status = 299, .content_type = "text/plain", .fields = {}, .body = "refused"};
  }
  void echo(const Request& request, Responder& responder) {
    last = std::string(request.target) + "|" + std::string(request.body);
    responder.send({.status = 200, .content_type = "text/plain", .fields = {}, .body = last});
  }
};

struct Answer {
  int status = 0;  // 0: the connection ended before a head
  std::string head;
  std::string body;
  bool whole = false;  // as long as its framing says

  std::string field(std::string_view name) const {
    const auto at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class Client {
 public:
  explicit Client(const Endpoint& endpoint, int receive_buffer = 0) {
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    socket_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    const timeval patience{30, 0};  // a test that would hang fails
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    sockaddr_in v4_address{};
    v4_address.sin_family = AF_INET;
    v4_address.sin_port = htons(endpoint.port);
    sockaddr_in6 v6_address{};
    v6_address.sin6_family = AF_INET6;
    v6_address.sin6_port = htons(endpoint.port);
    int connected = -1;
    if (v6) {
      ::inet_pton(AF_INET6, endpoint.host.c_str(), &v6_address.sin6_addr);
      connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&v6_address), sizeof(v6_address));
    } else {
      ::inet_pton(AF_INET, endpoint.host.c_str(), &v4_address.sin_addr);
      connected = ::connect(socket_, reinterpret_cast<sockaddr*>(&v4_address), sizeof(v4_address));
    }
    EXPECT_EQ(connected, 0) << endpoint.text() << ": " << errno;
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False: the server has cut the connection.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }
  void send_apart(std::string_view bytes) const {
    for (const char c : bytes) {
      if (!send({&c, 1})) return;
    }
  }
  void shut_sending() const { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }

  // What one recv() gives; empty at the end of the connection.
  std::string receive(std::size_t most = 65536) {
    std::string bytes(most, '\0');
    const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    ended_by_reset_ = size < 0;
    EXPECT_FALSE(size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing came";
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }
  std::string receive_until_end() {
    std::string all = std::exchange(received_, {});
    for (auto more = receive(); !more.empty(); more = receive()) all += more;
    return all;
  }
  bool poll_readable(std::chrono::milliseconds time) const {
    pollfd wanted{socket_, POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(time.count())) > 0;
  }
  // Until the connection is gone on both sides; reads nothing.
  bool wait_for_hang_up() const {
    pollfd wanted{socket_, 0, 0};
    return ::poll(&wanted, 1, 30'000) > 0 && (wanted.revents & (POLLHUP | POLLERR)) != 0;
  }
  bool ended_by_reset() const { return ended_by_reset_; }
  bool has_ended() { return received_.empty() && receive().empty(); }

  Answer answer(bool to_head = false) {
    Answer answer;
    if (!fill_until("\r\n\r\n")) return answer;
    answer.head = take(received_.find("\r\n\r\n") + 4);
    answer.status = std::atoi(answer.head.c_str() + 9);
    answer.whole = true;
    if (to_head || answer.status == 204 || answer.status == 304 || answer.status == 100) {
      return answer;
    }
    if (answer.field("Transfer-Encoding") == "chunked") {
      read_chunks(answer);
    } else if (const auto length = answer.field("Content-Length"); !length.empty()) {
      const auto size = static_cast<std::size_t>(std::atoll(length.c_str()));
      answer.whole = fill(size);
      answer.body = take(size);
    } else {
      answer.body = receive_until_end();
    }
    return answer;
  }

 private:
  bool fill(std::size_t size) {
    while (received_.size() < size) {
      const auto more = receive();
      if (more.empty()) return false;
      received_ += more;
    }
    return true;
  }
  bool fill_until(std::string_view mark) {
    while (received_.find(mark) == std::string::npos) {
      if (!fill(received_.size() + 1)) return false;
    }
    return true;
  }
  std::string take(std::size_t size) {
    auto bytes = received_.substr(0, size);
    received_.erase(0, size);
    return bytes;
  }
  void read_chunks(Answer& answer) {
    for (;;) {
      answer.whole = fill_until("\r\n");
      if (!answer.whole) return;
      const auto line = take(received_.find("\r\n") + 2);
      const auto size = static_cast<std::size_t>(std::strtoull(line.c_str(), nullptr, 16));
      answer.whole = fill(size + 2);
      answer.body += take(size + 2);
      answer.body.resize(answer.body.size() - std::min<std::size_t>(answer.body.size(), 2));
      if (size == 0 || !answer.whole) return;
    }
  }

  int socket_ = -1;
  std::string received_;
  bool ended_by_reset_ = false;
};

// A server that runs from construction to destruction.
class RunningServer {
 public:
  explicit RunningServer(Handler& handler, Limits limits = {},
                         const std::string& host = "127.0.0.1",
                         std::function<void()> end_of_turn = {})
      : server(limits) {
    auto bound = server.listen({host, 0}, handler, false);
    EXPECT_TRUE(bound.ok());
    if (bound.ok()) endpoint = *bound;
    thread_ = std::thread([this, turn = std::move(end_of_turn)] { server.run(turn); });
  }
  ~RunningServer() {
    if (!thread_.joinable()) return;
    server.drain();
    server.drain();
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void join() { thread_.join(); }
  // Runs `work` on the server's thread and waits for it.
  void on_its_thread(const std::function<void()>& work) {
    std::promise<void> done;
    server.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  Server server;
  Endpoint endpoint;

 private:
  std::thread thread_;
};

inline std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body,
                        std::string_view fields = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace doorbuster::http
