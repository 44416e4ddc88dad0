#include "store/redis/address.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace doorbuster::redis {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool fits_host(char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; }

bool fits_ipv6(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' ||
         c == ':';
}

Error not_an_address(std::string_view why) {
  return {ErrorCode::invalid_argument,
          "not an address such as redis://user:password@127.0.0.1:6379/0: " + std::string(why)};
}

std::optional<std::uint32_t> number_up_to(std::string_view text, std::uint32_t most) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number > most) return std::nullopt;
  return number;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || read.ptr != digits.data() + 2) return std::nullopt;
    decoded += static_cast<char>(byte);
    at += 2;
  }
  return decoded;
}

std::string user_in_url(std::string_view user) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : user) {
    if (fits_host(c) || c == '~') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return encoded;
}

// "user:password", or nothing where `rest` names nobody; takes it and its '@' off.
Status take_user(std::string_view& rest, Address& address) {
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return ok_status();
  const std::string_view user = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  if (rest.find('@') != std::string_view::npos) {
    return not_an_address("an @ in a user or a password is written %40");
  }
  const std::size_t colon = std::min(user.find(':'), user.size());
  const std::string_view secret = user.substr(std::min(colon + 1, user.size()));
  if (secret.find(':') != std::string_view::npos) {
    return not_an_address("a : in a user or a password is written %3A");
  }
  auto name = percent_decoded(user.substr(0, colon));
  auto password = percent_decoded(secret);
  if (!name || !password) {
    return not_an_address("in a user or a password % stands before two hexadecimal digits");
  }
  address.user = std::move(*name);
  address.password = std::move(*password);
  return ok_status();
}

Status read_place(std::string_view rest, Address& address) {
  const bool bracketed = rest.starts_with('[');
  const std::size_t end = std::min(rest.find(bracketed ? ']' : ':'), rest.size());
  if (bracketed && end == rest.size()) return not_an_address("the bracket is not closed");
  const std::string_view host = rest.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
  rest.remove_prefix(host.size() + (bracketed ? 2 : 0));
  if (host.empty()) return not_an_address("it names no host");
  if (!std::all_of(host.begin(), host.end(), bracketed ? fits_ipv6 : fits_host)) {
    return not_an_address("the host has a character that no host has");
  }
  if (bracketed && host.find(':') == std::string_view::npos) {
    return not_an_address("brackets are for an IPv6 address");
  }
  address.node = {std::string(host), Address::kDefaultPort};
  if (rest.empty()) return ok_status();
  if (!bracketed && rest.find(':', 1) != std::string_view::npos) {
    return not_an_address("an IPv6 address stands in brackets");
  }
  const auto port = rest.starts_with(':') ? number_up_to(rest.substr(1), 65'535) : std::nullopt;
  if (!port || *port == 0) return not_an_address("the port is no number from 1 to 65535");
  address.node.port = static_cast<std::uint16_t>(*port);
  return ok_status();
}

Status read_database(std::string_view path, Address& address) {
  if (path.empty()) return ok_status();
  constexpr std::uint32_t kMostDatabases = 0x7fffffff;  // as the server counts them
  const auto db = number_up_to(path, kMostDatabases);
  if (!db) return not_an_address("behind the / stands the number of a database, and nothing else");
  address.db = *db;
  return ok_status();
}

Status settle_password(Address& address, std::optional<std::string_view> apart) {
  if (apart) {
    if (!address.password.empty()) {
      return Error{ErrorCode::invalid_argument,
                   "there is a password in the address and another one apart from it"};
    }
    if (apart->empty()) return Error{ErrorCode::invalid_argument, "the password is empty"};
    address.password = *apart;
  }
  if (!address.user.empty() && address.password.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "the address names the user " + user_in_url(address.user) + " but no password"};
  }
  return ok_status();
}

}  // namespace

std::string Node::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Address::text() const {
  std::string text = tls ? "rediss://" : "redis://";
  if (!user.empty()) text += user_in_url(user) + "@";
  text += node.text();
  if (db != 0) text += "/" + std::to_string(db);
  return text;
}

Result<Address> parse_address(std::string_view url,
                              std::optional<std::string_view> password_apart) {
  constexpr std::string_view kPlain = "redis://";
  constexpr std::string_view kTls = "rediss://";
  Address address;
  address.tls = url.starts_with(kTls);
  if (!address.tls && !url.starts_with(kPlain)) {
    return not_an_address("it does not begin with redis:// or rediss://");
  }
  std::string_view rest = url.substr(address.tls ? kTls.size() : kPlain.size());
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return not_an_address("nothing may stand behind a ? or a #, which are written %3F and %23");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view path = rest.substr(std::min(slash + 1, rest.size()));
  rest = rest.substr(0, slash);
  if (path.find('@') != std::string_view::npos) {
    return not_an_address("a / in a user or a password is written %2F");
  }
  if (auto read = take_user(rest, address); !read) return read.error();
  if (auto read = read_place(rest, address); !read) return read.error();
  if (auto read = read_database(path, address); !read) return read.error();
  if (auto settled = settle_password(address, password_apart); !settled) return settled.error();
  return address;
}

}  // namespace doorbuster::redis
