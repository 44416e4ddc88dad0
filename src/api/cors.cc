#include "api/cors.h"

#include <algorithm>

#include "api/text.h"
#include "base/check.h"
#include "http/ip_address.h"

namespace doorbuster::api {
namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A name or an IPv4 address, or an IPv6 address in brackets and in its shortest form.
bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    const std::string inside(host.substr(1, host.size() - 2));
    const auto address = http::IpAddress::parse(inside);
    return host.ends_with(']') && address && address->text() == inside;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character) &&
         host.front() != '.' && host.back() != '.' && host.find("..") == std::string_view::npos;
}

struct OriginParts {
  std::string_view scheme;  // "https"
  std::string_view host;
  std::string_view port;  // digits; empty: not named
};

OriginParts parts_of(std::string_view origin) {
  OriginParts parts;
  const auto end = origin.find("://");
  if (end == std::string_view::npos) return parts;
  parts.scheme = origin.substr(0, end);
  origin.remove_prefix(end + 3);
  const auto bracket = origin.starts_with('[') ? origin.find(']') : 0;
  const auto colon = bracket == std::string_view::npos ? bracket : origin.find(':', bracket);
  parts.host = origin.substr(0, colon);
  if (colon != std::string_view::npos) parts.port = origin.substr(colon + 1);
  return parts;
}

std::string_view usual_port(std::string_view scheme) { return scheme == "https" ? "443" : "80"; }

// Whether a browser would send it so.
bool is_origin(std::string_view origin) {
  const OriginParts parts = parts_of(origin);
  if (parts.scheme != "http" && parts.scheme != "https") return false;
  if (!is_host(parts.host)) return false;
  if (parts.port.empty()) return !origin.ends_with(':');
  const auto port = parse_number(parts.port, 65'535);
  return port && parts.port.front() != '0' && parts.port != usual_port(parts.scheme);
}

// What `text` may have been meant to be: in lower case, without a path and without a usual port.
std::string normal_form(std::string_view text) {
  std::string origin(text);
  for (char& c : origin) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto scheme = origin.find("://");
  if (scheme == std::string::npos) origin.insert(0, "https://");
  const auto path = origin.find('/', origin.find("://") + 3);
  if (path != std::string::npos) origin.erase(path);
  const OriginParts parts = parts_of(origin);
  if (parts.port == usual_port(parts.scheme)) origin.resize(origin.rfind(':'));
  return origin;
}

}  // namespace

std::string origin_flaw(const std::string& text) {
  if (is_origin(text)) return {};
  std::string flaw = "'" + text + "' ";
  if (text == "*") {
    flaw += "is every page there is: name each origin, such as https://shop.example";
  } else if (text == "null") {
    flaw += "is what any page without an origin sends: it cannot be trusted";
  } else {
    flaw += "is no origin as browsers send it, such as https://shop.example";
    const std::string meant = normal_form(text);
    if (is_origin(meant)) flaw += "; did you mean '" + meant + "'?";
  }
  return flaw;
}

void CorsOrigins::add(const std::string& origin) {
  CHECK(is_origin(origin));
  origins_.push_back(origin);
}

std::string_view CorsOrigins::listed(std::string_view origin) const {
  const auto found = std::find(origins_.begin(), origins_.end(), origin);
  return found == origins_.end() ? std::string_view() : std::string_view(*found);
}

}  // namespace doorbuster::api
