// What becomes of a claim once it is granted: confirmed, extended, given back.

#include "api/answers.h"
#include "api/body.h"
#include "api/render.h"
#include "api/replies.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

// What each refusal has to say of the claim.
void append_members(std::string& body, const store::ClaimChangeReply& reply) {
  const store::ClaimView& claim = reply.claim;
  switch (reply.change) {
    case sale::ClaimChange::expired:
      body += R"(,"expires_at":)";
      append_json_time(body, claim.expires_at);
      append_refunds(body, claim);
      return;
    case sale::ClaimChange::released:
      body += R"(,"released_by":")";
      body += to_string(claim.end_reason);
      body += '"';
      return;
    case sale::ClaimChange::reference_mismatch:
    case sale::ClaimChange::confirmed:
      append_reference(body, claim);
      return;
    case sale::ClaimChange::not_extendable:
      append_member(body, "max_extension_seconds", reply.max_extension_seconds);
      return;
    case sale::ClaimChange::done:
    case sale::ClaimChange::unchanged:
      return;
  }
}

void render_claim_change(Answer& answer, store::Reply& reply) {
  const auto* changed = std::get_if<store::ClaimChangeReply>(&reply);
  if (changed == nullptr) return answer_without_result(answer, reply);
  answer.sale_sequence(changed->sequence);
  if (const auto code = problem_of(changed->change)) {
    answer.start_problem(*code);
    std::string& body = answer.body();
    append_sale_member(body, changed->sale.view());
    body += R"(,"claim":")";
    sale::append(body, changed->claim.id);
    body += '"';
    append_members(body, *changed);
    return answer.finish_problem();
  }
  if (changed->change == sale::ClaimChange::unchanged) {
    answer.field("Idempotency-Replayed", "true");
  }
  append_claim(answer.body(), changed->claim, changed->sale.view());
  answer.send(200);
}

// What is no claim's id at all is asked for too, since the answer names the sale's sequence.
sale::ClaimId claim_of(const Call& call) {
  return sale::parse_claim_id(call.parameters.claim).value_or(sale::ClaimId{});
}

}  // namespace

void confirm_claim(Call& call) {
  store::ConfirmClaim command{call.sale(), claim_of(call), {}};
  if (const auto why = parse_confirmation(call, command.reference)) {
    return answer_unreadable(call.answer, *why);
  }
  call.answer.ask(command, render_claim_change);
}

void extend_claim(Call& call) {
  store::ExtendClaim command{call.sale(), claim_of(call)};
  if (const auto why = parse_extension(call, command.seconds)) {
    return answer_unreadable(call.answer, *why);
  }
  call.answer.ask(command, render_claim_change);
}

void release_claim(Call& call) {
  store::ReleaseClaim command{call.sale(), claim_of(call), {}};
  if (const auto why = parse_buyer_if_named(call, command.buyer)) {
    return answer_unreadable(call.answer, *why);
  }
  call.answer.ask(command, render_claim_change);
}

}  // namespace doorbuster::api
