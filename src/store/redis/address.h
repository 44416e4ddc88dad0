// Where a Redis server is and as whom to speak to it, as people write it:
// redis://[user[:password]@]host[:port][/db], rediss:// for TLS.
//
// Thread: any; values and pure functions.
// Invariants: no text made here shows a password, also not of an address that is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorbuster::redis {

// A server as others of its cluster name it.
struct Node {
  std::string host;  // a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 0;

  std::string text() const;  // "[::1]:6379"
  friend bool operator==(const Node&, const Node&) = default;
};

struct Address {
  static constexpr std::uint16_t kDefaultPort = 6379;

  bool tls = false;
  Node node;
  std::string user;      // empty: the server's default user
  std::string password;  // empty: none is sent
  std::uint32_t db = 0;

  // The address again, without the password; the database where it is not 0.
  std::string text() const;
};

// Reads `url`. A password that comes from elsewhere (a file) is given apart, and is taken as it
// is; in the URL `%` stands before two hexadecimal digits of what could not be written otherwise.
// invalid_argument, in words for whoever wrote it, for anything that is not exactly such an
// address: another scheme, no host, a port outside 1..65535, a path that is no number, a query, a
// password both in the URL and apart, a user without any password.
Result<Address> parse_address(std::string_view url,
                              std::optional<std::string_view> password_apart = std::nullopt);

}  // namespace doorbuster::redis
