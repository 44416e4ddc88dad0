#include "cli/health.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/text.h"

namespace doorbuster::cli {
namespace {

constexpr int kTimeoutSeconds = 5;
constexpr std::size_t kMostOfAnAnswer = std::size_t{64} * 1024;

struct Address {
  std::string host;
  std::string port;
};

// "http://host:port", with brackets around an IPv6 address; a path behind it is passed over.
std::optional<Address> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const std::string_view authority = url.substr(0, url.find('/'));
  const bool bracketed = authority.starts_with('[');
  const std::size_t end = bracketed ? authority.find(']') : authority.find(':');
  if (bracketed && end == std::string_view::npos) return std::nullopt;
  const std::string_view host = authority.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
  std::string_view rest = authority.substr(host.size() + (bracketed ? 2 : 0));
  if (host.empty()) return std::nullopt;
  if (rest.empty()) return Address{std::string(host), "80"};
  rest.remove_prefix(1);
  if (!api::parse_number(rest, 65'535)) return std::nullopt;
  return Address{std::string(host), std::string(rest)};
}

// A socket that is closed at the end.
class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  ~Connection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool connect(const addrinfo& address) const {
    const timeval limit{kTimeoutSeconds, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return ::connect(descriptor_, address.ai_addr, address.ai_addrlen) == 0;
  }
  bool send(std::string_view bytes) const {
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  std::string receive_all() const {
    std::string all;
    char block[4096];
    while (all.size() < kMostOfAnAnswer) {
      const ssize_t got = ::recv(descriptor_, block, sizeof block, 0);
      if (got <= 0) break;
      all.append(block, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int descriptor_;
};

// The whole answer to GET /readyz; nothing when there is no connection.
std::optional<std::string> ask(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  const bool v6 = address.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + address.host + "]" : address.host;
  const std::string request = "GET /readyz?verbose HTTP/1.1\r\nHost: " + host + ":" + address.port +
                              "\r\nConnection: close\r\n\r\n";
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const Connection connection(::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, 0));
    if (connection.connect(*each) && connection.send(request)) return connection.receive_all();
  }
  return std::nullopt;
}

// What the server says of its parts, on one line.
std::string parts_in(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  std::string parts(end == std::string_view::npos ? "" : answer.substr(end + 4));
  for (char& c : parts) {
    if (c == '\n') c = ' ';
  }
  while (parts.ends_with(' ')) parts.pop_back();
  return parts;
}

ExitCode report(const HealthArguments& arguments, bool ready, const std::string& detail) {
  if (arguments.json) {
    std::string out = R"({"ready":)";
    out += ready ? "true" : "false";
    out += R"(,"detail":)";
    api::append_json_string(out, detail);
    std::printf("%s}\n", out.c_str());
  } else if (ready) {
    std::puts("ready");
  }
  if (!ready) std::fprintf(stderr, "doorbuster: %s\n", detail.c_str());
  return ready ? ExitCode::ok : ExitCode::not_ready;
}

}  // namespace

ExitCode health(const HealthArguments& arguments) {
  const auto address = parse_url(arguments.url);
  if (!address) {
    std::fprintf(stderr, "doorbuster: '%s' is no address such as http://127.0.0.1:8081\n",
                 arguments.url.c_str());
    return ExitCode::usage;
  }
  const auto answer = ask(*address);
  if (!answer) return report(arguments, false, "nobody answers at " + arguments.url);
  if (answer->starts_with("HTTP/1.1 200 ")) return report(arguments, true, parts_in(*answer));
  if (answer->starts_with("HTTP/1.1 503 ")) {
    return report(arguments, false, arguments.url + " is not ready: " + parts_in(*answer));
  }
  return report(arguments, false, arguments.url + " is no admin listener of doorbuster");
}

}  // namespace doorbuster::cli
