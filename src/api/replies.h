// What the answers to several routes have in common.
//
// Thread: I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/body.h"

namespace doorbuster::api {

// Answers with the problem that a reply stands for which holds no result: no such sale, no such
// claim, an error.
void answer_without_result(Answer& answer, const store::Reply& reply);

// Ends `{"data":[...` with has_more, next and Link, and sends it. `target` is the list's own up to
// its '?' or its last '&'; `from` the first number of the next page.
void finish_page(Answer& answer, std::string_view target, bool has_more, PageOf list,
                 std::uint32_t from);

// A sale as a resource, with the ETag of its version.
void answer_sale(Answer& answer, const store::SaleView& sale, int status);
std::string tag_of(const store::SaleView& sale);  // its ETag
void etag_field(Answer& answer, const store::SaleView& sale);

// `,"sale":"..."` of a problem.
void append_sale_member(std::string& body, std::string_view slug);

// The refusal of a claim, with the members and the fields of its code.
void answer_refusal(Answer& answer, const store::ClaimReply& reply);

// Why a caller is not let in, or not any longer.
void answer_refused(Answer& answer, const Refused& refused);

// A granted or existing claim as a resource: 201 or 200.
void answer_claim(Answer& answer, const store::ClaimReply& reply);

}  // namespace doorbuster::api
