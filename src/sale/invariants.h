// What is always true of a sale, each rule one sentence in one place. check_state() and
// check_claims() are for tests, recovery and `verify`; check_step() runs after every event, in
// every build.
#pragma once

#include "base/result.h"
#include "sale/catalog.h"
#include "sale/event.h"

namespace doorbuster::sale {

// What can be asked in constant time; data_damaged names the rule that is broken.
Status check_state(const SaleState& sale);

// The same and every claim that is in memory: sums, limits, owners of units. Time and memory grow
// with the claims.
Status check_claims(const SaleState& sale);

// CHECKs that the step from `before` to `after` is one that `event` may make.
void check_step(const Totals& before, const Event& event, const SaleState& after);

// A number that is the same for two catalogs if and (nearly) only if they hold the same sales and
// claims (S11); of deleted sales the claims do not count. No other sale may be archived.
std::uint64_t digest(const Catalog& catalog);

}  // namespace doorbuster::sale
