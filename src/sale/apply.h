// The only code that changes a sale: applies one event, live and in recovery alike (R10).
#pragma once

#include "base/result.h"
#include "sale/catalog.h"
#include "sale/event.h"

namespace doorbuster::sale {

// Whether `event` can follow the catalog as it is: its sale exists (or is the next), its sequence
// is the next, its numbers fit. data_damaged, with what does not fit, where it cannot; unsupported
// for an event that this version does not know how to apply. Recovery asks this before it applies.
Status can_apply(const Catalog& catalog, const Event& event);

// Fetches the memory that applying `event` will wait for, if it may soon be applied. Changes
// nothing.
void expect(const Catalog& catalog, const Event& event);

// Applies it. An event that cannot follow is a bug.
void apply(Catalog& catalog, const Event& event);

}  // namespace doorbuster::sale
