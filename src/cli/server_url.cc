#include "cli/server_url.h"

#include <algorithm>

#include "api/text.h"

namespace doorbuster::cli {
namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_ipv6_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' ||
         c == ':';
}

Error no_address(std::string_view url, std::string_view why = {}) {
  std::string message = "'" + std::string(url) + "' is no address such as http://127.0.0.1:8080";
  if (!why.empty()) message.append(": ").append(why);
  return {ErrorCode::invalid_argument, std::move(message)};
}

}  // namespace

std::string ServerUrl::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + port;
}

Result<ServerUrl> parse_server_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    return no_address(url, "TLS is spoken by a proxy in front, not by this program");
  }
  if (!rest.starts_with(kScheme)) return no_address(url);
  rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') != std::string_view::npos) {
    return no_address(url, "name the server alone, without a path");
  }
  const bool bracketed = rest.starts_with('[');
  const std::size_t end = std::min(rest.find(bracketed ? ']' : ':'), rest.size());
  if (bracketed && end == rest.size()) return no_address(url);
  const std::string_view host = rest.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end);
  rest.remove_prefix(host.size() + (bracketed ? 2 : 0));
  const auto fits = bracketed ? is_ipv6_character : is_host_character;
  if (host.empty() || !std::all_of(host.begin(), host.end(), fits)) return no_address(url);
  if (rest.empty()) return ServerUrl{std::string(host), "80"};
  const bool is_port = rest.starts_with(':') && api::parse_number(rest.substr(1), 65'535);
  if (!is_port) return no_address(url);
  return ServerUrl{std::string(host), std::string(rest.substr(1))};
}

}  // namespace doorbuster::cli
