#include "cli/http_client.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "http/syntax.h"

namespace doorbuster::cli {
namespace {

namespace beast = boost::beast;
using beast::error_code;

constexpr std::size_t kMostOfABody = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kBlock = std::size_t{64} * 1024;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// Hands on what it reads and keeps nothing.
class AnswerParser final : public beast::http::basic_parser<false> {
 public:
  AnswerParser(ClientAnswer& answer, const HttpClient::BodySink& sink)
      : answer_(answer), sink_(sink) {
    eager(true);
    body_limit(boost::none);
  }

  bool enough = false;  // the sink wants no more

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int code, beast::string_view, int, error_code&) override {
    answer_.status = code;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code&) override {
    answer_.fields.emplace_back(view(name), view(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view block, error_code& ec) override {
    enough = !sink_(view(block));
    if (enough) ec = beast::http::error::body_limit;
    return block.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view block, error_code& ec) override {
    return on_body_impl(block, ec);
  }
  void on_finish_impl(error_code&) override {}

  ClientAnswer& answer_;
  const HttpClient::BodySink& sink_;
};

// Beast's parser asserts that a last chunk has its five bytes once it has seen the line of it.
bool is_short_last_chunk(std::string_view raw) {
  return raw.size() < 5 && raw.front() == '0' && raw.find("\r\n") != std::string_view::npos;
}

// Gives the parser what it can use of `raw`; false when that is no HTTP or no longer wanted.
bool feed(AnswerParser& parser, std::string& raw) {
  while (!raw.empty() && !parser.is_done()) {
    if (parser.is_header_done() && parser.chunked() && is_short_last_chunk(raw)) return true;
    error_code ec;
    const std::size_t used = parser.put(boost::asio::const_buffer(raw.data(), raw.size()), ec);
    raw.erase(0, used);
    if (ec == beast::http::error::need_more) return true;
    if (ec) return false;
    if (used == 0) return true;
  }
  return true;
}

std::string head_of(const ClientRequest& request, const ServerUrl& server) {
  std::string head = request.method + " " + request.target +
                     " HTTP/1.1\r\nHost: " + server.authority() + "\r\n" + request.fields;
  if (!request.body.empty() || request.method != "GET") {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

bool is_time_out(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS;
}

}  // namespace

std::string_view ClientAnswer::field(std::string_view name) const {
  for (const auto& [each, value] : fields) {
    if (http::same_ignoring_case(each, name)) return value;
  }
  return {};
}

HttpClient::HttpClient(ServerUrl server, std::chrono::seconds patience)
    : server_(std::move(server)), patience_(patience) {}

HttpClient::~HttpClient() { disconnect(); }

std::optional<NoAnswer> HttpClient::ask(const ClientRequest& request, ClientAnswer& answer) {
  bool too_large = false;
  std::string body;
  auto failed = stream(request, answer, [&](std::string_view block) {
    too_large = block.size() > kMostOfABody - body.size();
    if (!too_large) body.append(block);
    return !too_large;
  });
  if (too_large) return NoAnswer{true, "the answer of " + server_.text() + " is too large"};
  answer.body = std::move(body);
  return failed;
}

std::optional<NoAnswer> HttpClient::stream(const ClientRequest& request, ClientAnswer& answer,
                                           const BodySink& sink) {
  const std::string message = head_of(request, server_) + request.body;
  for (bool kept = descriptor_ >= 0;; kept = false) {
    if (!kept) {
      if (auto failed = connect()) return failed;
    }
    answer = {};
    got_anything_ = false;
    auto failed = send(message);
    if (!failed) failed = receive(answer, sink);
    if (!failed) return std::nullopt;
    disconnect();
    const bool was_closed_before = kept && !got_anything_ && request.method == "GET";
    if (!was_closed_before) return failed;
  }
}

std::optional<NoAnswer> HttpClient::connect() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(server_.host.c_str(), server_.port.c_str(), &hints, &found);
  if (error != 0) return NoAnswer{false, nobody(::gai_strerror(error))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  int last = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    descriptor_ = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, 0);
    if (descriptor_ >= 0) {
      // The system counts a connection's time by the second of these.
      const timeval limit{static_cast<time_t>(patience_.count()), 0};
      ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
      if (::connect(descriptor_, each->ai_addr, each->ai_addrlen) == 0) return std::nullopt;
    }
    last = errno;
    disconnect();
  }
  return NoAnswer{false, nobody(is_time_out(last) ? "timed out" : std::strerror(last))};
}

std::optional<NoAnswer> HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      return NoAnswer{true, cut_off(is_time_out(errno) ? "timed out" : std::strerror(errno))};
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return std::nullopt;
}

std::optional<NoAnswer> HttpClient::receive(ClientAnswer& answer, const BodySink& sink) {
  AnswerParser parser(answer, sink);
  const auto block = std::make_unique<char[]>(kBlock);
  std::string raw;
  while (!parser.is_done()) {
    const ssize_t got = ::recv(descriptor_, block.get(), kBlock, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const std::string limit = "silent for " + std::to_string(patience_.count()) + " s";
      return NoAnswer{true, cut_off(is_time_out(errno) ? limit.c_str() : std::strerror(errno))};
    }
    if (got == 0) {
      // The end of the connection is the end of a body of no stated length, and of nothing else.
      error_code ec;
      if (parser.got_some()) parser.put_eof(ec);
      if (ec || !parser.is_done()) return NoAnswer{true, cut_off("the connection ended")};
      break;
    }
    got_anything_ = true;
    raw.append(block.get(), static_cast<std::size_t>(got));
    if (!feed(parser, raw)) {
      return NoAnswer{true, cut_off(parser.enough ? "no more was wanted" : "what came is no HTTP")};
    }
  }
  if (!parser.keep_alive() || !raw.empty()) disconnect();
  return std::nullopt;
}

void HttpClient::disconnect() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::string HttpClient::nobody(const char* why) const {
  return "nobody answers at " + server_.text() + " (" + why + ")";
}

std::string HttpClient::cut_off(const char* why) const {
  return server_.text() + " gave no whole answer (" + why + ")";
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') ||
                            std::string_view("-._~").find(c) != std::string_view::npos;
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

}  // namespace doorbuster::cli
