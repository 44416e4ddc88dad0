#include "http/request.h"

#include "http/syntax.h"

namespace doorbuster::http {

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return {};
  }
  return {};
}

std::string_view Request::field(std::string_view name) const {
  for (const auto& each : fields) {
    if (same_ignoring_case(each.name, name)) return each.value;
  }
  return {};
}

std::size_t Request::count(std::string_view name) const {
  std::size_t found = 0;
  for (const auto& each : fields) found += same_ignoring_case(each.name, name) ? 1 : 0;
  return found;
}

}  // namespace doorbuster::http
