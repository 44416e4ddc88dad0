// The addresses a server listens on, and where it may.
//
// Thread: any; pure functions.
#pragma once

#include <string>

#include "http/server.h"

namespace doorbuster::cli {

// As http::Endpoint::parse(), and "localhost" as the address 127.0.0.1.
Result<http::Endpoint> parse_endpoint(const std::string& text);

bool is_loopback(const http::Endpoint& endpoint);

// What is wrong with `text` as such; empty: nothing.
std::string endpoint_flaw(const std::string& text);

}  // namespace doorbuster::cli
