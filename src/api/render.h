// Sales and claims as JSON, appended to a buffer piece by piece.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json_text.h"
#include "store/claim_store.h"

namespace doorbuster::api {

// The definition alone: what an ETag of its version stands for, and its status.
void append_sale(std::string& out, const store::SaleView& sale);

// `slug` is the sale's real one. What says nothing of a claim is left out: released_by of one that
// lives, reference of one without, extended, refund_owed and refunds_required where there is none.
void append_claim(std::string& out, const store::ClaimView& claim, std::string_view slug);

// `,"reference":"..."`, or nothing for a claim without one.
void append_reference(std::string& out, const store::ClaimView& claim);
// `,"refunds_required":["..."]`: the references whose money came too late (R20), if any.
void append_refunds(std::string& out, const store::ClaimView& claim);

using doorbuster::append_member;

// What a CDN serves to the crowd.
void append_status(std::string& out, const store::SaleView& sale);

// The counters, and whether they add up (R1).
void append_stats(std::string& out, const store::SaleView& sale);

// When what the status tells changes next by the clock alone: an opening, a closing, or the end of
// a hold while no unit is free. kNever when nothing does.
Time next_transition(const store::SaleView& sale);

}  // namespace doorbuster::api
