#include "api/session_cookie.h"

#include <algorithm>

#include "api/sessions.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

constexpr std::string_view kSecureName = "__Host-doorbuster_session";
constexpr std::string_view kLoopbackName = "doorbuster_session";

// The part before ":port". An IPv6 address has brackets around it.
std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  text.remove_prefix(1);
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "https://shop.example:8443" without its scheme; empty for what is no origin, as "null".
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  }
  return {};
}

bool is_safe(http::Method method) {
  return method == http::Method::get || method == http::Method::head;
}

// The value of the cookie `name`; a browser sends the one that fits best first.
std::optional<std::string_view> value_of(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const auto end = std::min(cookies.find(';'), cookies.size());
    const auto pair = http::without_spaces_around(cookies.substr(0, end));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return std::nullopt;
}

bool is_plain_loopback(const KnownFields& fields) {
  return is_loopback_authority(fields.host.value) && !fields.origin.value.starts_with("https://");
}

std::string cookie(const KnownFields& fields, std::string_view token, std::string_view age) {
  const bool plain = is_plain_loopback(fields);
  std::string text(plain ? kLoopbackName : kSecureName);
  text.append("=").append(token).append("; Path=/; Max-Age=").append(age);
  text += "; HttpOnly; SameSite=Strict";
  if (!plain) text += "; Secure";
  return text;
}

}  // namespace

bool is_loopback_authority(std::string_view authority) {
  const std::string_view host = without_port(authority);
  const std::string_view port = authority.substr(host.size());
  if (!is_port(port) || (!port.empty() && port.front() != ':')) return false;
  return host == "127.0.0.1" || host == "[::1]" || http::same_ignoring_case(host, "localhost");
}

bool is_of_own_page(const http::Request& request, const KnownFields& fields) {
  const bool safe = is_safe(request.method);
  const KnownField& site = fields.fetch_site;
  if (fields.origin.count > 1 || site.count > 1 || fields.host.count != 1) return false;
  if (!safe && !fields.origin.given()) return false;
  if (site.given()) {
    // No page can set it. What the browser says of its page holds behind a proxy that names another
    // Host, too.
    return site.value == "same-origin" || (safe && site.value == "none");
  }
  return !fields.origin.given() ||
         http::same_ignoring_case(authority_of(fields.origin.value), fields.host.value);
}

std::optional<std::string_view> session_token(const KnownFields& fields) {
  const auto secure = value_of(fields.cookie.value, kSecureName);
  if (secure || !is_loopback_authority(fields.host.value)) return secure;
  return value_of(fields.cookie.value, kLoopbackName);
}

std::string session_cookie(const KnownFields& fields, std::string_view token) {
  constexpr auto kSeconds = std::chrono::seconds(Sessions::kLifetime).count();
  return cookie(fields, token, std::to_string(kSeconds));
}

std::string no_session_cookie(const KnownFields& fields) { return cookie(fields, "", "0"); }

}  // namespace doorbuster::api
