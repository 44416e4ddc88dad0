// The cookie by which a browser shows its session, and which requests may carry it. Pages of other
// origins may not, whatever a browser lets them send: SameSite=Strict keeps the cookie from other
// sites, and what the browser says of the page (Origin, Sec-Fetch-Site) from other origins.
//
// Thread: any; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/known_fields.h"
#include "http/request.h"

namespace doorbuster::api {

// A host that is this machine by its name alone: names are compared, never resolved.
bool is_loopback_authority(std::string_view authority);

// Whether a request with the cookie, or to sign in, comes from a page of this server's own origin,
// or is a reading that a person asked for by hand. One that changes something must say its Origin.
bool is_of_own_page(const http::Request& request, const KnownFields& fields);

// The token in the cookie. Beyond loopback only the cookie counts that no other host can have set
// (__Host-, RFC 6265bis 4.1.3).
std::optional<std::string_view> session_token(const KnownFields& fields);

// For Set-Cookie. Secure, unless it is asked for on loopback in plain HTTP.
std::string session_cookie(const KnownFields& fields, std::string_view token);
// The one that takes it away.
std::string no_session_cookie(const KnownFields& fields);

}  // namespace doorbuster::api
