// The one table of what can be asked: verb, path, who, the largest body, and what answers.
//
// Thread: any; constants and pure functions. Matching does not allocate.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "api/admission.h"
#include "http/request.h"

namespace doorbuster::api {

struct Call;  // call.h

using Answering = void (*)(Call&);

// The pieces of "/v1/sales/{sale}/claims", cut at its slashes.
struct PathPattern {
  static constexpr std::size_t kMost = 6;

  std::array<std::string_view, kMost> segments{};
  std::size_t count = 0;

  // NOLINTNEXTLINE(google-explicit-constructor): the table is written as plain paths
  constexpr PathPattern(std::string_view path) {
    while (!path.empty()) {
      path.remove_prefix(1);
      const std::size_t end =
          path.find('/') == std::string_view::npos ? path.size() : path.find('/');
      segments[count++] = path.substr(0, end);
      path.remove_prefix(end);
    }
  }
};

struct Route {
  std::string_view path;
  PathPattern pattern;
  std::size_t body_limit;
  Answering answer;
  http::Method method;  // a route for GET answers HEAD too
  Who who;

  constexpr Route(http::Method verb, std::string_view where, Who whom, std::size_t limit,
                  Answering function)
      : path(where), pattern(where), body_limit(limit), answer(function), method(verb), who(whom) {}
};

// What stood where the pattern has {sale}, {claim}, {code} or {file}; as sent, not yet checked but
// for {sale}.
struct PathParameters {
  std::string_view sale;
  std::string_view claim;
  std::string_view code;
  std::string_view file;
};

enum class Found { route, no_such_path, no_such_method, options };

struct RouteMatch {
  Found found = Found::no_such_path;
  const Route* route = nullptr;  // Found::route alone
  PathParameters parameters;
};

inline constexpr std::size_t kMaxBody = std::size_t{64} * 1024;

// The routes of the API (routes.cc).
std::span<const Route> api_routes();

RouteMatch match_route(std::span<const Route> routes, http::Method method, std::string_view path);

// match_route() for a crowd: it asks for the same again and again.
//
// Thread: one. Owns: the path it was asked for last.
class RouteMemory {
 public:
  RouteMemory() = default;
  RouteMemory(const RouteMemory&) = delete;  // the parameters point into its path
  RouteMemory& operator=(const RouteMemory&) = delete;

  // The parameters are good until the next call.
  const RouteMatch& match(http::Method method, std::string_view path);

 private:
  http::Method method_ = http::Method::other;
  std::string path_;
  RouteMatch match_;
};

// The methods that `path` takes, for `Allow`: "GET, HEAD, OPTIONS".
std::string allowed_methods(std::span<const Route> routes, std::string_view path);

}  // namespace doorbuster::api
