// Who may come in. In this version there is one way: a server started with --dev trusts the
// programs of its own machine, and no web page that a browser there has open. So does, with --dev
// or without, the admin listener where it is told to do something.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/known_fields.h"
#include "api/problem.h"
#include "http/request.h"

namespace doorbuster::api {

// Who may use a route (the column "who" of the API's table).
enum class Who : std::uint8_t {
  anyone,
  buyer,
  buyer_or_merchant,
  sales_read,
  sales_write,
  claims_read,
  claims_write,
  events_read,
  any_key,
};

struct Refused {
  ProblemCode code;
  Remark remark;
};

// Nothing when a program of the server's own machine asks.
std::optional<Refused> refuse_stranger(const http::Peer& peer, const KnownFields& fields);

// Nothing when the request may go on.
std::optional<Refused> refuse_entry(bool dev, Who who, const http::Peer& peer,
                                    const KnownFields& fields);

}  // namespace doorbuster::api
