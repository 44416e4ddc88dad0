#include "api/replies.h"

#include <algorithm>

#include "api/render.h"
#include "api/text.h"
#include "base/check.h"
#include "base/pen.h"

namespace doorbuster::api {
namespace {

// How long a merchant's pause may last is not known.
constexpr RetryRange kPausedRetry{5, 10};

// The fields of a granted claim.
constexpr std::size_t kMostOfGranted =
    64 + Pen::kNumber + sale::Slug::kCapacity + sale::kClaimIdBytes;

std::uint64_t seconds_until(Time then, Time now) {
  const auto wait = std::chrono::ceil<std::chrono::seconds>(then - now).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(wait, 1));
}

void append_claim_ids(std::string& out, const std::vector<sale::ClaimId>& claims) {
  out += '[';
  for (const sale::ClaimId claim : claims) {
    if (out.back() != '[') out += ',';
    out += '"';
    sale::append(out, claim);
    out += '"';
  }
  out += ']';
}

// The fields that one refusal has and the others have not; before the body is closed.
void append_members(Answer& answer, const store::ClaimReply& reply) {
  std::string& body = answer.body();
  switch (reply.refusal) {
    case sale::Refusal::not_open:
      answer.stay_away(seconds_until(reply.opens_at.value_or(reply.now), reply.now));
      body += R"(,"opens_at":)";
      append_json_time(body, reply.opens_at);
      body += R"(,"now":)";
      append_json_time(body, reply.now);
      return;
    case sale::Refusal::paused:
      answer.stay_away(kPausedRetry);
      return;
    case sale::Refusal::sold_out:
      body += R"(,"availability":")";
      body += to_string(reply.availability);
      body += R"(","next_return_at":)";
      append_json_time(body, reply.next_return_at);
      if (reply.availability == sale::Availability::all_held && reply.next_return_at != kNever) {
        answer.stay_away(seconds_until(reply.next_return_at, reply.now));
      }
      return;
    case sale::Refusal::insufficient_stock:
      body += R"(,"available":)";
      append_number(body, reply.available);
      return;
    case sale::Refusal::limit_exceeded:
      body += R"(,"claims":)";
      append_claim_ids(body, reply.claims);
      return;
    case sale::Refusal::attempts_exhausted:
      body += R"(,"claim_attempts":)";
      append_number(body, reply.claim_attempts);
      return;
    case sale::Refusal::closed:
    case sale::Refusal::key_reused:
      return;
  }
}

}  // namespace

void answer_without_result(Answer& answer, const store::Reply& reply) {
  if (std::holds_alternative<store::NoSuchSale>(reply)) {
    return answer.problem(ProblemCode::not_found, Remark::no_such_sale);
  }
  if (const auto* no_claim = std::get_if<store::NoSuchClaim>(&reply)) {
    answer.sale_sequence(no_claim->sequence);
    return answer.problem(ProblemCode::not_found, Remark::no_such_claim);
  }
  const auto* error = std::get_if<Error>(&reply);
  CHECK(error != nullptr);
  answer.problem(problem_of(error->code));
}

void finish_page(Answer& answer, std::string_view target, bool has_more, PageOf list,
                 std::uint32_t from) {
  std::string& body = answer.body();
  body += R"(],"has_more":)";
  body += has_more ? "true" : "false";
  if (!has_more) {
    body += R"(,"next":null})";
    return answer.send(200);
  }
  std::string cursor;
  append_cursor(cursor, list, from);
  body += R"(,"next":")" + cursor + R"("})";
  std::string link = "<";
  link.append(target).append("after=").append(cursor).append("&limit=");
  append_number(link, answer.exchange().page_limit);
  link += R"(>; rel="next")";
  answer.field("Link", link);
  answer.send(200);
}

std::string tag_of(const store::SaleView& sale) {
  std::string tag = "\"";
  append_number(tag, sale.version);
  return tag += '"';
}

void etag_field(Answer& answer, const store::SaleView& sale) { answer.field("ETag", tag_of(sale)); }

void answer_sale(Answer& answer, const store::SaleView& sale, int status) {
  answer.sale_sequence(sale.sequence);
  etag_field(answer, sale);
  append_sale(answer.body(), sale);
  answer.send(status);
}

void append_sale_member(std::string& body, std::string_view slug) {
  body += R"(,"sale":")";
  body += slug;  // [a-z0-9-]
  body += '"';
}

void answer_refusal(Answer& answer, const store::ClaimReply& reply) {
  answer.sale_sequence(reply.sequence);
  answer.start_problem(problem_of(reply.refusal));
  append_sale_member(answer.body(), reply.sale.view());
  append_members(answer, reply);
  answer.finish_problem();
}

void answer_refused(Answer& answer, const Refused& refused) {
  const bool challenges = refused.code == ProblemCode::malformed || refused.needed;
  std::string challenge(challenges ? challenge_of(refused.remark) : "");
  if (refused.needed) challenge.append(", scope=\"").append(to_string(*refused.needed)) += '"';
  if (challenges) answer.field("WWW-Authenticate", challenge);
  answer.start_problem(refused.code, refused.remark);
  if (refused.needed) {
    answer.body().append(R"(,"required_scope":")").append(to_string(*refused.needed)) += '"';
  }
  answer.finish_problem();
}

void answer_claim(Answer& answer, const store::ClaimReply& reply) {
  const bool granted = reply.verdict == sale::ClaimVerdict::granted;
  if (granted) {
    Pen pen(answer.fields(), kMostOfGranted);
    pen.put("Sale-Sequence: ").number(reply.sequence.value);
    pen.put("\r\nLocation: /v1/sales/").put(reply.sale.view()).put("/claims/");
    sale::write(pen.take(sale::kClaimIdBytes), reply.claim.id);
    pen.put("\r\n");
  } else {
    answer.sale_sequence(reply.sequence);
    answer.field("Idempotency-Replayed", "true");
  }
  append_claim(answer.body(), reply.claim, reply.sale.view());
  if (const auto& note = answer.exchange().note) note->claim = reply.claim.id;
  answer.send(granted ? 201 : 200);
}

}  // namespace doorbuster::api
