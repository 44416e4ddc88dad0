#include "api/admission.h"

#include <algorithm>

#include "http/syntax.h"

namespace doorbuster::api {
namespace {

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

// Names are compared, never resolved: a page whose own name leads to 127.0.0.1 is still foreign.
bool is_loopback_authority(std::string_view authority) {
  const std::string_view host = without_port(authority);
  const std::string_view port = authority.substr(host.size());
  if (!is_port(port) || (!port.empty() && port.front() != ':')) return false;
  return host == "127.0.0.1" || host == "[::1]" || http::same_ignoring_case(host, "localhost");
}

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_authority(origin.substr(scheme.size()));
  }
  return false;
}

}  // namespace

std::optional<Refused> refuse_stranger(const http::Peer& peer, const KnownFields& fields) {
  if (!peer.loopback) return Refused{ProblemCode::insufficient_scope, Remark::peer_not_loopback};
  if (fields.host.count != 1 || !is_loopback_authority(fields.host.value)) {
    return Refused{ProblemCode::insufficient_scope, Remark::foreign_host};
  }
  const bool foreign = fields.origin.count > 1 ||
                       (fields.origin.given() && !is_loopback_origin(fields.origin.value));
  if (foreign) return Refused{ProblemCode::insufficient_scope, Remark::foreign_origin};
  return std::nullopt;
}

std::optional<Refused> refuse_entry(bool dev, Who who, const http::Peer& peer,
                                    const KnownFields& fields) {
  if (who == Who::anyone) return std::nullopt;
  if (!dev) return Refused{ProblemCode::unauthenticated, Remark::no_keys_in_this_version};
  return refuse_stranger(peer, fields);
}

}  // namespace doorbuster::api
