// Addresses of peers, and the networks that they are in.
//
// Thread: any; values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorbuster::http {

// Invariants: an IPv4 address is one, also where it came dressed as IPv6 (::ffff:10.0.0.1); the
// bytes that its family does not use are 0.
struct IpAddress {
  enum class Family : std::uint8_t { none, v4, v6 };

  Family family = Family::none;
  std::array<std::uint8_t, 16> bytes{};  // as on the wire

  static IpAddress v4(const std::array<std::uint8_t, 4>& bytes);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
  // "127.0.0.1", "2001:db8::1"; nothing for anything else, brackets and zones included.
  static std::optional<IpAddress> parse(const std::string& text);

  bool is_loopback() const;
  std::string text() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// All addresses of a family that begin with the same bits.
struct IpNetwork {
  IpAddress first;
  unsigned bits = 0;

  // "10.0.0.0/8", "fd00::/8", or one address. invalid_argument, in words for whoever wrote it, for
  // anything else, for a first address that has bits of its own behind the network's, and for a
  // network of everybody (/0).
  static Result<IpNetwork> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
};

// What IpNetwork::parse() has to say of `text`; empty: nothing.
std::string network_flaw(const std::string& text);

}  // namespace doorbuster::http
