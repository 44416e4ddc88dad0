#include <string>

#include "api/answers.h"
#include "api/body.h"
#include "api/render.h"
#include "api/replies.h"

namespace doorbuster::api {
namespace {

constexpr char kClaimsCursor = 'c';

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

// The page in a reply, its claims begun in the body: `{"data":[...`.
const store::ClaimsPage* begin_claims(Answer& answer, const store::Reply& reply) {
  const auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr) {
    answer_without_result(answer, reply);
    return nullptr;
  }
  answer.sale_sequence(page->sale.sequence);
  std::string& body = answer.body();
  body += R"({"data":[)";
  for (const store::ClaimView& claim : page->claims) {
    if (&claim != page->claims.data()) body += ',';
    append_claim(body, claim, page->sale.definition->slug);
  }
  return page;
}

// All of a buyer's claims fit one page: claim_attempts bounds them.
void render_own_claims(Answer& answer, store::Reply& reply) {
  if (begin_claims(answer, reply) == nullptr) return;
  answer.body() += R"(],"has_more":false,"next":null})";
  answer.send(200);
}

void render_claims(Answer& answer, store::Reply& reply) {
  const store::ClaimsPage* page = begin_claims(answer, reply);
  if (page == nullptr) return;
  const auto next = answer.exchange().page_from + static_cast<std::uint32_t>(page->claims.size());
  finish_page(answer, "/v1/sales/" + page->sale.definition->slug + "/claims", page->has_more,
              kClaimsCursor, next);
}

void render_claim(Answer& answer, store::Reply& reply) {
  const auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr || page->claims.empty()) return answer_without_result(answer, reply);
  answer.sale_sequence(page->sale.sequence);
  append_claim(answer.body(), page->claims.front(), page->sale.definition->slug);
  answer.send(200);
}

}  // namespace

void claim_units(Call& call) {
  sale::ClaimUnits command;
  if (const auto why = parse_claim(call, false, command)) {
    return answer_unreadable(call.answer, *why);
  }
  command.sale = call.sale();
  call.answer.ask(command, render_claimed);
}

void read_own_claims(Call& call) {
  store::ReadBuyerClaims command;
  if (const auto why = parse_buyer(call, command.buyer)) {
    return answer_unreadable(call.answer, *why);
  }
  command.sale = call.sale();
  call.answer.ask(command, render_own_claims);
}

void read_claim(Call& call) {
  // What is no claim's id at all is asked for too, since the answer names the sale's sequence.
  const auto id = sale::parse_claim_id(call.parameters.claim);
  call.answer.ask(store::ReadClaim{call.sale(), id.value_or(sale::ClaimId{})}, render_claim);
}

void list_claims(Call& call) {
  PageQuery page;
  if (const auto why = parse_page(call, kClaimsCursor, page)) {
    return answer_unreadable(call.answer, *why);
  }
  Exchange& exchange = call.answer.exchange();
  exchange.page_from = page.from;
  exchange.page_limit = page.limit;
  call.answer.ask(store::ListClaims{call.sale(), page.from, page.limit}, render_claims);
}

}  // namespace doorbuster::api
