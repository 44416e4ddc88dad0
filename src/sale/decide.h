// The rules of a sale as pure functions: given the state and a command, what is the answer, and
// what has happened? Nothing is changed here; the caller applies the events.
//
// Every function expects a state in which what is due at `now` has been settled (R13): all of it,
// or as much as a step allows and the holds that the command is about (due_end()). It appends to
// `events`, which may hold views into the command and the sale's claims.
#pragma once

#include <vector>

#include "sale/catalog.h"
#include "sale/command.h"
#include "sale/event.h"
#include "sale/outcome.h"

namespace doorbuster::sale {

// decide_due.cc: what happens by the clock alone.

// The next thing that is due at `now`, or nothing (R13): in the order of the times, and at one time
// an opening before the end of a hold before a closing.
std::optional<Event> next_due(const SaleState& sale, Time now);

// When something will be due without anybody asking; kNever when nothing will.
Time next_due_at(const SaleState& sale);

// Whether the sale should have opened or closed by `now`: that may stand behind more ends of holds
// than one step settles, and until it has happened the sale's status is not yet true.
bool transition_is_due(const SaleState& sale, Time now);

// The end of this hold, if it is due at `now`: it may stand behind more than one step settles, and
// is over all the same (R16).
std::optional<Event> due_end(const SaleState& sale, ClaimOrdinal claim, Time now);

// From when on the sale is archived: nobody needs its claims at hand any more, and it may be
// deleted. kNever: it is not closed, has holds, or is not to be archived.
Time archives_at(const SaleState& sale);

// decide_claim.cc: what buyers and shops ask for.

ClaimOutcome decide(const SaleState& sale, const ClaimUnits& command, Time now,
                    std::vector<Event>& events);

// R16, R20. `reference` is not empty.
ClaimChange confirm(const SaleState& sale, ClaimOrdinal claim, std::string_view reference, Time now,
                    std::vector<Event>& events);

// R17. `reason`: buyer or merchant, who asks.
ClaimChange release(const SaleState& sale, ClaimOrdinal claim, EndReason reason, Time now,
                    std::vector<Event>& events);

// Makes a hold longer by `seconds`, once; 0: by as much as the sale allows.
ClaimChange extend(const SaleState& sale, ClaimOrdinal claim, std::uint32_t seconds, Time now,
                   std::vector<Event>& events);

// decide_sale.cc: what the merchant asks for.

CreateOutcome decide(const Catalog& catalog, const CreateSale& command, Time now,
                     std::vector<Event>& events);

// Gives the ordinal of the new round.
SaleOrdinal decide(const Catalog& catalog, const PublishRound& command, Time now,
                   std::vector<Event>& events);

SaleChange decide(const SaleState& sale, const ChangeSale& command, Time now,
                  std::vector<Event>& events);

SaleChange decide(const SaleState& sale, const SteerSale& command, Time now,
                  std::vector<Event>& events);

SaleChange decide(const SaleState& sale, const DeleteSale& command, Time now,
                  std::vector<Event>& events);

// What every later event of a claim says of it.
inline OfClaim of_claim(const SaleState& sale, ClaimOrdinal ordinal) {
  const Claim& claim = sale.claims()[ordinal];
  return {ordinal, sale.claims().buyer(claim), claim.quantity};
}

// The event that follows the last one of `sale`.
inline Event event_of(const SaleState& sale, Time now, EventBody body) {
  return {sale.ordinal(), sale.sequence().next(), now, std::move(body)};
}

}  // namespace doorbuster::sale
