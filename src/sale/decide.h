// The rules of a sale as pure functions: given the state and a command, what is the answer, and
// what has happened? Nothing is changed here; the caller applies the events.
//
// Every function expects a state in which all that is due at `now` has been settled (R13), and
// appends to `events`, which may hold views into the command.
#pragma once

#include <vector>

#include "sale/catalog.h"
#include "sale/command.h"
#include "sale/event.h"
#include "sale/outcome.h"

namespace doorbuster::sale {

// The next thing that is due at `now` (opening before closing), or nothing (R13).
std::optional<Event> next_due(const SaleState& sale, Time now);

// When something will be due without anybody asking; kNever when nothing will.
Time next_due_at(const SaleState& sale);

CreateOutcome decide(const Catalog& catalog, const CreateSale& command, Time now,
                     std::vector<Event>& events);

// Gives the ordinal of the new round.
SaleOrdinal decide(const Catalog& catalog, const PublishRound& command, Time now,
                   std::vector<Event>& events);

ClaimOutcome decide(const SaleState& sale, const ClaimUnits& command, Time now,
                    std::vector<Event>& events);

}  // namespace doorbuster::sale
