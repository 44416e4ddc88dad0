// A PATCH of a sale (RFC 7396): read from a body, then merged with the sale it finds.
//
// Thread: I/O. Owns: its texts, since it waits for the sale to be read.
#pragma once

#include <optional>

#include "api/body.h"
#include "api/precondition.h"
#include "api/sale_members.h"

namespace doorbuster::api {

struct SalePatch {
  Precondition precondition;
  SaleMembers members;
};

std::optional<Unreadable> parse_sale_patch(const Call& call, SalePatch& patch);

// What `patch` changes in `sale`; a flaw when the two together are no good.
std::optional<Flaw> merge(const SaleMembers& patch, const sale::SaleDefinition& sale,
                          sale::SaleChanges& changes);

}  // namespace doorbuster::api
