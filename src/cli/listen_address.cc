#include "cli/listen_address.h"

#include <string_view>

namespace doorbuster::cli {

// "localhost" is what people write; it means the address that a loopback listener has.
Result<http::Endpoint> parse_endpoint(const std::string& text) {
  constexpr std::string_view kName = "localhost:";
  if (text.starts_with(kName)) {
    return http::Endpoint::parse("127.0.0.1:" + text.substr(kName.size()));
  }
  return http::Endpoint::parse(text);
}

bool is_loopback(const http::Endpoint& endpoint) {
  return endpoint.host == "::1" || endpoint.host.starts_with("127.");
}

std::string endpoint_flaw(const std::string& text) {
  const auto endpoint = parse_endpoint(text);
  return endpoint ? std::string() : endpoint.error().message;
}

}  // namespace doorbuster::cli
