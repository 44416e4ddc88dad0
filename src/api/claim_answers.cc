#include "api/answers.h"
#include "api/body.h"
#include "api/render.h"
#include "api/replies.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

void render_claimed(Answer& answer, store::Reply& reply) {
  const auto* claimed = std::get_if<store::ClaimReply>(&reply);
  if (claimed == nullptr) return answer_without_result(answer, reply);
  switch (claimed->verdict) {
    case sale::ClaimVerdict::granted:
    case sale::ClaimVerdict::existing:
      return answer_claim(answer, *claimed);
    case sale::ClaimVerdict::refused:
      return answer_refusal(answer, *claimed);
  }
}

void render_claim(Answer& answer, store::Reply& reply) {
  const auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr || page->claims.empty()) return answer_without_result(answer, reply);
  const store::ClaimView& claim = page->claims.front();
  const sale::BuyerId& only_of = answer.exchange().only_of;
  if (!only_of.empty() && !(claim.buyer == only_of)) {
    // In the words of a claim that is not there.
    return answer_without_result(answer, store::NoSuchClaim{page->sale.sequence});
  }
  answer.sale_sequence(page->sale.sequence);
  append_claim(answer.body(), claim, page->sale.definition->slug);
  answer.send(200);
}

}  // namespace

void claim_units(Call& call) {
  // Made where it is asked with: it holds its texts, and a copy costs as much as deciding.
  store::Command command{std::in_place_type<sale::ClaimUnits>};
  auto& claim = std::get<sale::ClaimUnits>(command);
  if (const auto why = parse_claim(call, false, claim)) {
    return answer_unreadable(call.answer, *why);
  }
  claim.sale.assign(call.parameters.sale);
  call.answer.ask(std::move(command), render_claimed);
}

void read_claim(Call& call) {
  if (const auto why = parse_buyer_if_named(call, call.answer.exchange().only_of)) {
    return answer_unreadable(call.answer, *why);
  }
  // What is no claim's id at all is asked for too, since the answer names the sale's sequence.
  const auto id = sale::parse_claim_id(call.parameters.claim);
  call.answer.ask(store::ReadClaim{call.sale(), id.value_or(sale::ClaimId{})}, render_claim);
}

}  // namespace doorbuster::api
