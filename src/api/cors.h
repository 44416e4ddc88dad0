// Pages of other origins: which may read what the API answers (the Fetch standard, 3.2). Exact
// origins, as browsers send them; there is no wildcard but for what is public anyway.
//
// Thread: one at a time; does not change while a server has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::api {

class CorsOrigins {
 public:
  // One more, without a flaw (checked).
  void add(const std::string& origin);

  bool empty() const { return origins_.empty(); }
  // The origin as it is listed, good as long as this is; empty: it is not.
  std::string_view listed(std::string_view origin) const;

 private:
  std::vector<std::string> origins_;
};

// What is wrong with `text` as an origin, in words for whoever wrote it: no browser would send it,
// `*` and `null` included. Empty: nothing.
std::string origin_flaw(const std::string& text);

// What pages may read beside the few fields that they always may.
inline constexpr std::string_view kExposedFields =
    "ETag, Location, Link, Retry-After, Sale-Sequence, Idempotency-Replayed, X-Request-Id";

// What pages may send beside the few fields that they always may; with --dev the buyer, too.
inline constexpr std::string_view kAllowedFields =
    "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, X-Request-Id";

// How long a browser may remember the answer to a preflight; none remembers longer than two hours
// but Firefox.
inline constexpr unsigned kPreflightSeconds = 7200;

}  // namespace doorbuster::api
