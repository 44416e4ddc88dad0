// What a merchant said of a sale, and units, as JSON: the same members in the feed as in every
// other answer.
//
// Thread: any; pure functions.
#pragma once

#include <string>

#include "base/pen.h"
#include "sale/types.h"

namespace doorbuster::feed {

// `"id":"drop","title":...,"metadata":{}`, without braces, so that further members can follow.
void append_definition(std::string& out, const sale::SaleDefinition& definition);

void append_title(std::string& out, const sale::SaleDefinition& definition);

// `[1,2,7]`, and how many bytes that takes at the most.
void put_units(Pen& out, const sale::UnitRuns& units);
std::size_t most_of_units(const sale::UnitRuns& units);

}  // namespace doorbuster::feed
