// Who asks, and whether he may. A merchant's program shows a key (`Authorization: Bearer
// db_sk_...`); the console's page shows the cookie that it got for one; a buyer is named in
// X-Buyer-Id by a proxy that is trusted to know him. A server started with --dev trusts the
// programs of its own machine as both, and no web page that a browser there has open. So does, with
// --dev or without, the admin listener where it is told to do something.
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
#include "api/sessions.h"
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
  own_page,  // the console's own page, signed in or not
};

// The scope that a key needs; nothing where none does or none helps.
std::optional<Scope> scope_of(Who who);
bool takes_buyers(Who who);

// As what the caller was let in.
enum class Caller : std::uint8_t {
  anyone,    // nobody asked who he is
  buyer,     // the one in X-Buyer-Id
  merchant,  // with a key, or a session that stands for one
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
  Sessions* sessions = nullptr;  // null: nobody can sign in. They outlive the server
};

// A browser that is signed in, as of now.
struct SignedIn {
  const KeyRecord* key;  // good until the next look at the keys
  Time ends;             // with the session or with the key
};

// What stands behind "Bearer "; nothing for another scheme.
std::optional<std::string_view> bearer_token(std::string_view authorization);

// Whether a key with this record is let in now; null: there is no such key.
std::variant<Caller, Refused> judge_key(const KeyRecord* record, Who who, const Clock& clock);

// Nothing when a program of the server's own machine asks.
std::optional<Refused> refuse_stranger(const http::Peer& peer, const KnownFields& fields);

// Thread: I/O; one for each such thread. Owns: its hold on the keys, replaced by each look.
// Takes no lock and no memory unless the keys have changed.
class Admission {
 public:
  explicit Admission(const AdmissionOptions& options);

  std::variant<Caller, Refused> admit(Who who, const http::Request& request,
                                      const KnownFields& fields);

  // Who is signed in with the cookie; nothing where nobody is.
  std::optional<SignedIn> signed_in(const KnownFields& fields);
  // A new session for a key that is in force; `token` is for the cookie. The session that the
  // browser had ends.
  std::variant<SignedIn, Refused> sign_in(std::string_view key, const KnownFields& fields,
                                          std::string& token);
  void sign_out(const KnownFields& fields);
  bool is_dev() const { return options_.dev; }

 private:
  std::variant<const KeyRecord*, Refused> key_in_force(std::string_view key);
  std::variant<Caller, Refused> admit_key(Who who, std::string_view authorization);
  std::variant<Caller, Refused> admit_session(Who who, const http::Request& request,
                                              const KnownFields& fields);
  bool is_in_force(const KeyRecord& record) const;
  bool is_trusted(const http::Peer& peer) const;

  const AdmissionOptions& options_;
  std::optional<LiveKeys::Reader> keys_;
};

}  // namespace doorbuster::api
