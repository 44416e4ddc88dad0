// A whole shop for tests: the API over the real HTTP server and the real embedded engine, in a
// directory of its own and at a time of its own, and a client that asks it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "api/desk.h"
#include "api/live_keys.h"
#include "api/sessions.h"
#include "base/clock.h"
#include "base/time.h"
#include "http/server.h"
#include "store/claim_store.h"
#include "store/embedded/file_system.h"

namespace doorbuster::api {

class ApiHandler;

// Noon on 2026-11-11 until it is told otherwise.
//
// Thread: any.
class ShopClock final : public Clock {
 public:
  Time wall() const override { return start() + passed_.load() + wall_step_.load(); }
  std::chrono::nanoseconds since_boot() const override { return passed_.load(); }
  void pass(std::chrono::milliseconds time) { passed_ = passed_.load() + time; }
  void step_wall(std::chrono::milliseconds by) { wall_step_ = wall_step_.load() + by; }

 private:
  static Time start() { return *parse_rfc3339("2026-11-11T12:00:00Z"); }

  std::atomic<std::chrono::milliseconds> passed_{std::chrono::milliseconds{0}};
  std::atomic<std::chrono::milliseconds> wall_step_{std::chrono::milliseconds{0}};
};

struct ShopReply {
  int status = 0;
  std::string head;  // with its last CRLF
  std::string body;

  // The field's value; empty when it is not there.
  std::string field(std::string_view name) const;
  bool has(std::string_view part) const { return body.find(part) != std::string::npos; }
  // The `code` of a problem.
  std::string code() const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

class Shop {
 public:
  // `options`: what the shop does not see to itself.
  explicit Shop(bool dev = true, std::size_t max_waiting = 65'536, ApiOptions options = {});
  ~Shop();
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;

  // One request on a connection of its own. `Host` is a loopback one unless it is among the
  // headers.
  ShopReply ask(std::string_view method, std::string_view path, const Headers& headers = {},
                std::string_view body = {}) const;
  ShopReply get(std::string_view path) const { return ask("GET", path); }
  // The same from another address of this machine: all of 127.0.0.0/8 are.
  ShopReply ask_from(const std::string& address, std::string_view method, std::string_view path,
                     const Headers& headers = {}, std::string_view body = {}) const;
  ShopReply post_json(std::string_view path, std::string_view body, Headers headers = {}) const;
  ShopReply post_form(std::string_view path, std::string_view body, Headers headers = {}) const;
  ShopReply claim(std::string_view sale, const std::string& buyer, Headers headers = {}) const;
  // A merge patch of a sale; an empty `if_match` is not sent.
  ShopReply patch(std::string_view sale, std::string_view body,
                  const std::string& if_match = "*") const;
  // POST without a body: /v1/sales/{sale}/{action}.
  ShopReply steer(std::string_view sale, std::string_view action) const;
  // Where the claim is that must be granted: "/v1/sales/drop/claims/clm_..."
  std::string claimed(std::string_view sale, const std::string& buyer, Headers headers = {}) const;
  ShopReply confirm(const std::string& claim, const std::string& reference) const;
  // One request to the admin listener.
  ShopReply probe(std::string_view method, std::string_view path,
                  const Headers& headers = {}) const;
  // Creates a sale from the members of its JSON, `"id":"x","stock":1`; it must be new.
  void create(const std::string& members) const;

  ShopClock& clock() { return clock_; }
  LiveKeys& keys() { return keys_; }
  Sessions& sessions() { return sessions_; }
  // Stops the server in good order and starts it on the same data.
  void restart();

 private:
  void start();
  void stop();
  void serve();
  static ShopReply exchange(std::uint16_t port, std::string_view method, std::string_view path,
                            const Headers& headers, std::string_view body,
                            const std::string& address = "127.0.0.1");

  const std::size_t max_waiting_;
  ApiOptions options_;
  std::string directory_;
  ShopClock clock_;
  LiveKeys keys_;
  Sessions sessions_;
  std::unique_ptr<embedded::FileSystem> files_;
  std::unique_ptr<store::ClaimStore> store_;
  std::atomic<http::Server*> server_ = nullptr;
  std::atomic<ApiHandler*> handler_ = nullptr;
  std::uint16_t port_ = 0;
  std::uint16_t admin_port_ = 0;
  std::atomic<bool> listening_ = false;
  std::thread thread_;
};

}  // namespace doorbuster::api
