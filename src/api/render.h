// Sales and claims as JSON, appended to a buffer piece by piece.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>

#include "store/claim_store.h"

namespace doorbuster::api {

// The definition alone: what an ETag of its version stands for, and its status.
void append_sale(std::string& out, const store::SaleView& sale);

// `slug` is the sale's real one.
void append_claim(std::string& out, const store::ClaimView& claim, std::string_view slug);

// What a CDN serves to the crowd.
void append_status(std::string& out, const store::SaleView& sale);

// The counters, and whether they add up (R1).
void append_stats(std::string& out, const store::SaleView& sale);

// When the sale's status changes next by the clock alone; kNever when it does not.
Time next_transition(const store::SaleView& sale);

}  // namespace doorbuster::api
