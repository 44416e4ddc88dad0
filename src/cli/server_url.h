// The address of a server as people write it: "http://host:port".
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace doorbuster::cli {

struct ServerUrl {
  std::string host;  // an IPv6 address without its brackets
  std::string port;

  std::string authority() const;  // "[::1]:8080"
  std::string text() const { return "http://" + authority(); }
};

// Port 80 where none is named. invalid_argument, in words for whoever typed it, for anything but
// a scheme, a host and a port: what stood behind them would silently not be used.
Result<ServerUrl> parse_server_url(std::string_view url);

}  // namespace doorbuster::cli
