// Pages of other origins: which may read what the API answers (the Fetch standard, 3.2). Exact
// origins, as browsers send them; there is no wildcard but for what is public anyway.
//
// Thread: any; never changes once made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace doorbuster::api {

class CorsOrigins {
 public:
  // Origins between commas; none in an empty text. invalid_argument, in words for whoever wrote it,
  // for anything that no browser would send, `*` and `null` included.
  static Result<CorsOrigins> parse(std::string_view list);

  bool empty() const { return origins_.empty(); }
  // The origin as it is listed, good as long as this is; empty: it is not.
  std::string_view listed(std::string_view origin) const;

 private:
  std::vector<std::string> origins_;
};

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
