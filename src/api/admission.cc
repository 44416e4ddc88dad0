#include "api/admission.h"

#include <algorithm>

#include "api/session_cookie.h"
#include "base/check.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_authority(origin.substr(scheme.size()));
  }
  return false;
}

// A credential in the address would be kept by every log on the way. RFC 6750 names the first.
bool has_credential(std::string_view query) {
  if (query.empty()) return false;
  if (query.find(kKeyStart) != std::string_view::npos) return true;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view name = query.substr(0, std::min(query.find('='), end));
    if (name == "access_token" || name == "api_key") return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

Refused malformed(Remark remark) { return {ProblemCode::malformed, remark, {}}; }
Refused unauthenticated(Remark remark) { return {ProblemCode::unauthenticated, remark, {}}; }
Refused foreign_page() { return {ProblemCode::insufficient_scope, Remark::foreign_page, {}}; }

// What one whom `record` stands for may do.
std::variant<Caller, Refused> judge_scopes(Who who, const KeyRecord& record) {
  if (who == Who::any_key) return Caller::merchant;
  const auto needed = scope_of(who);
  if (!needed) return Refused{ProblemCode::insufficient_scope, Remark::buyers_only, {}};
  if (record.scopes.has(*needed)) return Caller::merchant;
  return Refused{ProblemCode::insufficient_scope, Remark::needs_scope, needed};
}

}  // namespace

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer";
  const std::string_view scheme = authorization.substr(0, authorization.find(' '));
  if (!http::same_ignoring_case(scheme, kScheme)) return std::nullopt;
  return http::without_spaces_around(authorization.substr(scheme.size()));
}

std::variant<Caller, Refused> judge_key(const KeyRecord* record, Who who, const Clock& clock) {
  if (record == nullptr) return unauthenticated(Remark::key_unknown);
  if (record->is_revoked()) return unauthenticated(Remark::key_revoked);
  if (record->expires_at != kNever && record->is_expired(clock.wall())) {
    return unauthenticated(Remark::key_expired);
  }
  return judge_scopes(who, *record);
}

std::optional<Scope> scope_of(Who who) {
  switch (who) {
    case Who::anyone:
    case Who::buyer:
    case Who::any_key:
    case Who::own_page:
      return std::nullopt;
    case Who::sales_read:
      return Scope::sales_read;
    case Who::sales_write:
      return Scope::sales_write;
    case Who::buyer_or_claims_read:
    case Who::claims_read:
      return Scope::claims_read;
    case Who::buyer_or_claims_write:
    case Who::claims_write:
      return Scope::claims_write;
    case Who::events_read:
      return Scope::events_read;
  }
  CHECK(false);
}

bool takes_buyers(Who who) {
  switch (who) {
    case Who::anyone:
    case Who::buyer:
    case Who::buyer_or_claims_read:
    case Who::buyer_or_claims_write:
      return true;
    case Who::sales_read:
    case Who::sales_write:
    case Who::claims_read:
    case Who::claims_write:
    case Who::events_read:
    case Who::any_key:
    case Who::own_page:
      return false;
  }
  CHECK(false);
}

std::optional<Refused> refuse_stranger(const http::Peer& peer, const KnownFields& fields) {
  const auto stranger = [](Remark remark) {
    return Refused{ProblemCode::insufficient_scope, remark, {}};
  };
  if (!peer.address.is_loopback()) return stranger(Remark::peer_not_loopback);
  if (fields.host.count != 1 || !is_loopback_authority(fields.host.value)) {
    return stranger(Remark::foreign_host);
  }
  const bool foreign = fields.origin.count > 1 ||
                       (fields.origin.given() && !is_loopback_origin(fields.origin.value));
  if (foreign) return stranger(Remark::foreign_origin);
  return std::nullopt;
}

Admission::Admission(const AdmissionOptions& options) : options_(options) {
  if (options.keys != nullptr) {
    CHECK(options.clock != nullptr);
    keys_.emplace(*options.keys);
  }
}

std::variant<Caller, Refused> Admission::admit(Who who, const http::Request& request,
                                               const KnownFields& fields) {
  if (who == Who::anyone) return Caller::anyone;
  if (options_.dev) {
    if (const auto refused = refuse_stranger(request.peer, fields)) return *refused;
    return Caller::trusted;
  }
  if (who == Who::own_page) {
    if (!is_of_own_page(request, fields)) return foreign_page();
    return Caller::anyone;
  }
  if (has_credential(request.query)) return malformed(Remark::credential_in_address);
  // A proxy that knows of no buyer may send the field empty.
  const bool names_buyer = fields.buyer_id.count > 1 || !fields.buyer_id.value.empty();
  if (fields.authorization.given()) {
    if (fields.authorization.count > 1) return malformed(Remark::credentials_twice);
    if (names_buyer) return malformed(Remark::key_and_buyer);
    return admit_key(who, fields.authorization.value);
  }
  // A browser sends its cookie whoever asks: it counts where nothing else says who that is.
  if (!names_buyer && session_token(fields)) return admit_session(who, request, fields);
  if (!names_buyer) return unauthenticated(Remark::no_credential);
  if (!is_trusted(request.peer)) return unauthenticated(Remark::proxy_not_trusted);
  if (fields.buyer_id.count > 1) return malformed(Remark::buyer_twice);
  if (takes_buyers(who)) return Caller::buyer;
  return Refused{ProblemCode::insufficient_scope, Remark::needs_key, scope_of(who)};
}

std::variant<Caller, Refused> Admission::admit_key(Who who, std::string_view authorization) {
  const auto key = bearer_token(authorization);
  if (!key) return unauthenticated(Remark::not_bearer);
  const auto found = key_in_force(*key);
  if (const auto* refused = std::get_if<Refused>(&found)) return *refused;
  return judge_scopes(who, *std::get<const KeyRecord*>(found));
}

std::variant<const KeyRecord*, Refused> Admission::key_in_force(std::string_view key) {
  switch (shape_of_key(key)) {
    case KeyShape::not_a_key:
      return unauthenticated(Remark::not_a_key);
    case KeyShape::mistyped:
      return unauthenticated(Remark::key_mistyped);
    case KeyShape::whole:
      break;
  }
  const KeyRecord* record = keys_ ? keys_->look().find(key) : nullptr;
  if (record == nullptr) return unauthenticated(Remark::key_unknown);
  if (record->is_revoked()) return unauthenticated(Remark::key_revoked);
  if (!is_in_force(*record)) return unauthenticated(Remark::key_expired);
  return record;
}

bool Admission::is_in_force(const KeyRecord& record) const {
  if (record.is_revoked()) return false;
  return record.expires_at == kNever || !record.is_expired(options_.clock->wall());
}

std::variant<Caller, Refused> Admission::admit_session(Who who, const http::Request& request,
                                                       const KnownFields& fields) {
  if (!is_of_own_page(request, fields)) return foreign_page();
  const auto session = signed_in(fields);
  if (!session) return unauthenticated(Remark::session_ended);
  return judge_scopes(who, *session->key);
}

std::optional<SignedIn> Admission::signed_in(const KnownFields& fields) {
  const auto token = session_token(fields);
  if (!token || options_.sessions == nullptr || !keys_) return std::nullopt;
  const auto now = options_.clock->since_boot();
  const auto holder = options_.sessions->find(*token, now);
  if (!holder) return std::nullopt;
  const KeyRecord* record = keys_->look().find(holder->prefix, holder->key);
  if (record == nullptr || !is_in_force(*record)) {
    options_.sessions->end(*token);
    return std::nullopt;
  }
  const auto left = std::chrono::duration_cast<Time::duration>(holder->ends - now);
  return SignedIn{record, std::min(options_.clock->wall() + left, record->expires_at)};
}

std::variant<SignedIn, Refused> Admission::sign_in(std::string_view key, const KnownFields& fields,
                                                   std::string& token) {
  const auto found = key_in_force(key);
  if (const auto* refused = std::get_if<Refused>(&found)) return *refused;
  const KeyRecord* record = std::get<const KeyRecord*>(found);
  CHECK(options_.sessions != nullptr);
  sign_out(fields);
  token = options_.sessions->open(record->prefix, record->hash, options_.clock->since_boot());
  return SignedIn{record,
                  std::min(options_.clock->wall() + Sessions::kLifetime, record->expires_at)};
}

void Admission::sign_out(const KnownFields& fields) {
  const auto token = session_token(fields);
  if (token && options_.sessions != nullptr) options_.sessions->end(*token);
}

bool Admission::is_trusted(const http::Peer& peer) const {
  return std::any_of(
      options_.trusted_proxies.begin(), options_.trusted_proxies.end(),
      [&](const http::IpNetwork& network) { return network.contains(peer.address); });
}

}  // namespace doorbuster::api
