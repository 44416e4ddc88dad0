#include "api/route.h"

#include "api/text.h"

namespace doorbuster::api {
namespace {

// A path cut at its slashes; count is 0 for one that no pattern can have.
struct PathSegments {
  std::array<std::string_view, PathPattern::kMost> segments{};
  std::size_t count = 0;

  explicit PathSegments(std::string_view path) {
    while (!path.empty()) {
      if (path.front() != '/' || count == segments.size()) {
        count = 0;
        return;
      }
      path.remove_prefix(1);
      const std::size_t end = path.find('/');
      segments[count++] = path.substr(0, end);
      path.remove_prefix(end == std::string_view::npos ? path.size() : end);
    }
  }
};

bool take_parameter(std::string_view name, std::string_view value, PathParameters& parameters) {
  if (name == "{sale}") {
    parameters.sale = value;
    return is_slug(value);
  }
  if (name == "{claim}") {
    parameters.claim = value;
    return !value.empty() && value != "me";  // claims/me is a buyer's list, and no claim
  }
  if (name == "{code}") parameters.code = value;
  if (name == "{file}") {
    parameters.file = value;
    return value.find('.') != std::string_view::npos;
  }
  return !value.empty();
}

bool fits(const PathPattern& pattern, const PathSegments& path, PathParameters& parameters) {
  if (pattern.count != path.count) return false;
  for (std::size_t i = 0; i < pattern.count; ++i) {
    const std::string_view expected = pattern.segments[i];
    if (expected.starts_with('{')) {
      if (!take_parameter(expected, path.segments[i], parameters)) return false;
    } else if (expected != path.segments[i]) {
      return false;
    }
  }
  return true;
}

// HEAD is allowed wherever GET is.
std::string_view allowed_by(http::Method method) {
  return method == http::Method::get ? "GET, HEAD" : name_of(method);
}

}  // namespace

RouteMatch match_route(std::span<const Route> routes, http::Method method, std::string_view path) {
  const PathSegments segments(path);
  const http::Method verb = method == http::Method::head ? http::Method::get : method;
  RouteMatch match;
  for (const Route& route : routes) {
    PathParameters parameters;
    if (!fits(route.pattern, segments, parameters)) continue;
    if (route.method == verb) return {Found::route, &route, parameters};
    match.found = Found::no_such_method;
  }
  if (verb == http::Method::options && (match.found == Found::no_such_method || path == "*")) {
    match.found = Found::options;
  }
  return match;
}

const RouteMatch& RouteMemory::match(http::Method method, std::string_view path) {
  if (path_.empty() || method != method_ || path != path_) {
    method_ = method;
    path_ = path;
    match_ = match_route(api_routes(), method_, path_);
  }
  return match_;
}

std::string allowed_methods(std::span<const Route> routes, std::string_view path) {
  const PathSegments segments(path);
  std::string methods;
  for (const Route& route : routes) {
    PathParameters parameters;
    if (!fits(route.pattern, segments, parameters)) continue;
    methods += allowed_by(route.method);
    methods += ", ";
  }
  methods += "OPTIONS";
  return methods;
}

}  // namespace doorbuster::api
