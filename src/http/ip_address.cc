#include "http/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace doorbuster::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

unsigned width_of(IpAddress::Family family) { return family == IpAddress::Family::v4 ? 32 : 128; }

// `address` with all bits behind the first `bits` cleared.
IpAddress cut(IpAddress address, unsigned bits) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = std::clamp<unsigned>(bits, i * 8, i * 8 + 8) - i * 8;
    address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return address;
}

std::optional<unsigned> bits_of(std::string_view digits, unsigned most) {
  unsigned bits = 0;
  const char* end = digits.data() + digits.size();
  const auto [after, error] = std::from_chars(digits.data(), end, bits);
  if (error != std::errc() || after != end || bits > most || digits.size() > 3) return std::nullopt;
  return bits;
}

Error no_network(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_argument, "'" + std::string(text) + "' " + why};
}

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& bytes) {
  IpAddress address;
  address.family = Family::v4;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  IpAddress address;
  address.family = Family::v6;
  address.bytes = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, text.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (::inet_pton(AF_INET6, text.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return std::nullopt;
}

bool IpAddress::is_loopback() const {
  if (family == Family::v4) return bytes[0] == 127;
  return family == Family::v6 && bytes.back() == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int system_family = family == Family::v4 ? AF_INET : AF_INET6;
  if (family == Family::none) return {};
  return ::inet_ntop(system_family, bytes.data(), text.data(), text.size()) == nullptr
             ? ""
             : text.data();
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(std::string(text.substr(0, slash)));
  if (!address) return no_network(text, "is no address or network such as 10.0.0.0/8 or fd00::/8");
  const unsigned width = width_of(address->family);
  if (slash == std::string_view::npos) return IpNetwork{*address, width};
  const auto bits = bits_of(text.substr(slash + 1), width);
  if (!bits) {
    return no_network(text, "must end in a number of bits from 1 to " + std::to_string(width));
  }
  if (*bits == 0) return no_network(text, "is everybody: name the proxies' own network");
  const IpNetwork network{cut(*address, *bits), *bits};
  if (network.first != *address) {
    return no_network(text, "has bits behind the first " + std::to_string(*bits) +
                                "; did you mean '" + network.first.text() + "/" +
                                std::to_string(*bits) + "'?");
  }
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  if (address.family != first.family) return false;
  const unsigned whole = bits / 8;
  if (std::memcmp(address.bytes.data(), first.bytes.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned different = address.bytes[whole] ^ first.bytes[whole];
  return (different >> (8 - rest)) == 0;
}

std::string network_flaw(const std::string& text) {
  const auto network = IpNetwork::parse(text);
  return network ? std::string() : network.error().message;
}

}  // namespace doorbuster::http
