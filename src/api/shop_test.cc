#include "api/shop_test.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "api/admin_handler.h"
#include "api/api_handler.h"
#include "base/check.h"
#include "store/embedded/embedded_store.h"

namespace doorbuster::api {
namespace {

void fill_with_a_pattern(std::span<std::uint8_t> bytes) {
  std::uint8_t next = 1;
  for (std::uint8_t& byte : bytes) byte = next = static_cast<std::uint8_t>(next * 5 + 3);
}

// Each time other bytes than before.
std::function<void(std::span<std::uint8_t>)> fill_with_a_pattern_that_goes_on() {
  return [next = std::uint64_t{1}](std::span<std::uint8_t> bytes) mutable {
    for (std::uint8_t& byte : bytes) {
      next = next * 6364136223846793005ULL + 1442695040888963407ULL;
      byte = static_cast<std::uint8_t>(next >> 56);
    }
  };
}

std::string make_directory() {
  std::string path = (std::filesystem::temp_directory_path() / "doorbuster-shop-XXXXXX").string();
  CHECK(::mkdtemp(path.data()) != nullptr);
  return path;
}

// The chunks of a chunked body, put together.
std::string joined(std::string_view chunked) {
  std::string whole;
  while (!chunked.empty()) {
    const auto size = std::stoul(std::string(chunked.substr(0, chunked.find('\r'))), nullptr, 16);
    chunked.remove_prefix(chunked.find('\n') + 1);
    whole += chunked.substr(0, size);
    chunked.remove_prefix(std::min(size + 2, chunked.size()));
    if (size == 0) break;
  }
  return whole;
}

// Sends `request` from the address `from` and reads to the end of the connection.
std::string send_and_read(const std::string& from, std::uint16_t port, std::string_view request) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  CHECK(::inet_pton(AF_INET, from.c_str(), &address.sin_addr) == 1);
  CHECK(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  std::string answer;
  // A server that refuses early closes while it is written to: what it said is read all the same.
  while (!request.empty()) {
    const ssize_t sent = ::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    request.remove_prefix(static_cast<std::size_t>(sent));
  }
  char block[16'384];
  for (;;) {
    const ssize_t got = ::recv(descriptor, block, sizeof block, 0);
    if (got <= 0) break;
    answer.append(block, static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return answer;
}

}  // namespace

std::string ShopReply::field(std::string_view name) const {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const auto at = head.find(start);
  if (at == std::string::npos) return {};
  const auto value = at + start.size();
  return head.substr(value, head.find('\r', value) - value);
}

std::string ShopReply::code() const {
  constexpr std::string_view kStart = R"("code":")";
  const auto at = body.find(kStart);
  if (at == std::string::npos) return {};
  return body.substr(at + kStart.size(), body.find('"', at + kStart.size()) - at - kStart.size());
}

Shop::Shop(bool dev, std::size_t max_waiting, ApiOptions options)
    : max_waiting_(max_waiting),
      options_(std::move(options)),
      directory_(make_directory()),
      sessions_(fill_with_a_pattern_that_goes_on()),
      files_(embedded::make_system_file_system()) {
  options_.admission.dev = dev;
  options_.admission.keys = &keys_;
  options_.admission.clock = &clock_;
  options_.admission.sessions = &sessions_;
  options_.version = "9.8.7";
  start();
}

Shop::~Shop() {
  stop();
  std::filesystem::remove_all(directory_);
}

void Shop::restart() {
  stop();
  start();
}

void Shop::start() {
  embedded::StoreOptions options;
  options.data_dir = directory_ + "/data";
  options.segment_bytes = std::uint64_t{4} << 20;
  options.max_waiting = max_waiting_;
  options.random = fill_with_a_pattern;
  options.on_failure = [](const Error& error) { FAIL() << error.message; };
  auto opened = embedded::open_embedded_store(*files_, clock_, options);
  CHECK(opened.ok());
  store_ = std::move(*opened);
  listening_ = false;
  thread_ = std::thread([this] { serve(); });
  listening_.wait(false);
}

void Shop::stop() {
  server_.load()->post([handler = handler_.load()] { handler->drain(); });
  server_.load()->drain();
  thread_.join();
  store_.reset();
}

void Shop::serve() {
  http::Server server{http::Limits{}};
  const auto wake = [&server] { server.post([] {}); };
  const auto store_port = store_->connect(wake);
  ApiOptions options = options_;
  options.wake = wake;
  options.condition = [this] { return store_->condition(); };
  ApiHandler handler(*store_port, store_->events(), std::move(options));
  const auto endpoint = server.listen({"127.0.0.1", 0}, handler, false);
  CHECK(endpoint.ok());
  AdminHandler admin(*store_);
  const auto admin_endpoint = server.listen({"127.0.0.1", 0}, admin, false);
  CHECK(admin_endpoint.ok());
  port_ = endpoint->port;
  admin_port_ = admin_endpoint->port;
  server_ = &server;
  handler_ = &handler;
  listening_ = true;
  listening_.notify_one();
  server.run([&] {
    store_port->flush();
    handler.end_turn();
  });
}

ShopReply Shop::ask(std::string_view method, std::string_view path, const Headers& headers,
                    std::string_view body) const {
  return exchange(port_, method, path, headers, body);
}

ShopReply Shop::ask_from(const std::string& address, std::string_view method, std::string_view path,
                         const Headers& headers, std::string_view body) const {
  return exchange(port_, method, path, headers, body, address);
}

ShopReply Shop::probe(std::string_view method, std::string_view path,
                      const Headers& headers) const {
  return exchange(admin_port_, method, path, headers, {});
}

ShopReply Shop::exchange(std::uint16_t port, std::string_view method, std::string_view path,
                         const Headers& headers, std::string_view body,
                         const std::string& address) {
  std::string request = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
  bool has_host = false;
  for (const auto& [name, value] : headers) {
    has_host = has_host || name == "Host";
    request += name + ": " + value + "\r\n";
  }
  if (!has_host) request += "Host: 127.0.0.1\r\n";
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "Connection: close\r\n\r\n";
  request += body;
  const std::string answer = send_and_read(address, port, request);
  const auto end = answer.find("\r\n\r\n");
  CHECK(end != std::string::npos);
  ShopReply reply;
  reply.status = std::stoi(answer.substr(9, 3));
  reply.head = answer.substr(0, end + 2);
  reply.body = answer.substr(end + 4);
  if (reply.field("Transfer-Encoding") == "chunked") reply.body = joined(reply.body);
  return reply;
}

ShopReply Shop::post_json(std::string_view path, std::string_view body, Headers headers) const {
  headers.emplace_back("Content-Type", "application/json");
  return ask("POST", path, headers, body);
}

ShopReply Shop::post_form(std::string_view path, std::string_view body, Headers headers) const {
  headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  return ask("POST", path, headers, body);
}

ShopReply Shop::claim(std::string_view sale, const std::string& buyer, Headers headers) const {
  headers.emplace_back("X-Buyer-Id", buyer);
  return ask("POST", "/v1/sales/" + std::string(sale) + "/claims", headers);
}

ShopReply Shop::patch(std::string_view sale, std::string_view body,
                      const std::string& if_match) const {
  Headers headers = {{"Content-Type", "application/merge-patch+json"}};
  if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
  return ask("PATCH", "/v1/sales/" + std::string(sale), headers, body);
}

ShopReply Shop::steer(std::string_view sale, std::string_view action) const {
  return ask("POST", "/v1/sales/" + std::string(sale) + "/" + std::string(action));
}

std::string Shop::claimed(std::string_view sale, const std::string& buyer, Headers headers) const {
  const ShopReply reply = claim(sale, buyer, std::move(headers));
  EXPECT_EQ(reply.status, 201) << reply.body;
  return reply.field("Location");
}

ShopReply Shop::confirm(const std::string& claim, const std::string& reference) const {
  return post_json(claim + "/confirm", R"({"reference":")" + reference + R"("})");
}

void Shop::create(const std::string& members) const {
  const ShopReply reply = post_json("/v1/sales", "{" + members + "}");
  ASSERT_EQ(reply.status, 201) << reply.body;
}

}  // namespace doorbuster::api
