// Who asks, and whether he may. A merchant's program shows a key (`Authorization: Bearer
// db_sk_...`); a buyer is named in X-Buyer-Id by a proxy that is trusted to know him. A server
// started with --dev trusts the programs of its own machine as both, and no web page that a browser
// there has open. So does, with --dev or without, the admin listener where it is told to do
// something.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "api/known_fields.h"
#include "api/live_keys.h"
#include "api/problem.h"
#include "api/scope.h"
#include "base/clock.h"
#include "http/ip_address.h"
#include "http/request.h"

namespace doorbuster::api {

// Who may use a route (the column "who" of the API's table). A further one has its scope in
// scope_of(), and whether buyers may too in takes_buyers().
enum class Who : std::uint8_t {
  anyone,
  buyer,
  buyer_or_claims_read,
  buyer_or_claims_write,
  sales_read,
  sales_write,
  claims_read,
  claims_write,
  events_read,
  any_key,
};

// The scope that a key needs; nothing where none does or none helps.
std::optional<Scope> scope_of(Who who);
bool takes_buyers(Who who);

// As what the caller was let in.
enum class Caller : std::uint8_t {
  anyone,    // nobody asked who he is
  buyer,     // the one in X-Buyer-Id
  merchant,  // with a key
  trusted,   // a program of this machine: the buyer in X-Buyer-Id, or else the merchant
};

struct Refused {
  ProblemCode code;
  Remark remark;
  std::optional<Scope> needed;  // the scope that he has not
};

struct AdmissionOptions {
  bool dev = false;                              // trust the programs of this machine
  std::vector<http::IpNetwork> trusted_proxies;  // whose X-Buyer-Id is taken
  const LiveKeys* keys = nullptr;                // null: there are none. They outlive the server
  const Clock* clock = nullptr;                  // for the expiry of keys; needed with them
};

// Nothing when a program of the server's own machine asks.
std::optional<Refused> refuse_stranger(const http::Peer& peer, const KnownFields& fields);

// Thread: I/O; one for each such thread. Owns: its hold on the keys, replaced by each look.
// Takes no lock and no memory unless the keys have changed.
class Admission {
 public:
  explicit Admission(const AdmissionOptions& options);

  std::variant<Caller, Refused> admit(Who who, const http::Request& request,
                                      const KnownFields& fields);

 private:
  std::variant<Caller, Refused> admit_key(Who who, std::string_view authorization);
  bool is_trusted(const http::Peer& peer) const;

  const AdmissionOptions& options_;
  std::optional<LiveKeys::Reader> keys_;
};

}  // namespace doorbuster::api
