#include <algorithm>
#include <span>
#include <string>

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

// The page in a reply; null when there was none, and the request has its answer.
const store::ClaimsPage* page_in(Answer& answer, const store::Reply& reply) {
  const auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr) {
    answer_without_result(answer, reply);
  } else {
    answer.sale_sequence(page->sale.sequence);
  }
  return page;
}

void append_claims(std::string& body, std::span<const store::ClaimView> claims,
                   std::string_view slug) {
  body += R"({"data":[)";
  for (const store::ClaimView& claim : claims) {
    if (&claim != claims.data()) body += ',';
    append_claim(body, claim, slug);
  }
}

std::string claims_target(const store::ClaimsPage& page) {
  return "/v1/sales/" + page.sale.definition->slug + "/claims?";
}

// All of a buyer's claims fit one page: claim_attempts and per_buyer_limit bound them.
void render_own_claims(Answer& answer, store::Reply& reply) {
  const store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  append_claims(answer.body(), page->claims, page->sale.definition->slug);
  answer.body() += R"(],"has_more":false,"next":null})";
  answer.send(200);
}

void render_claims(Answer& answer, store::Reply& reply) {
  const store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  append_claims(answer.body(), page->claims, page->sale.definition->slug);
  const auto next = answer.exchange().page_from + static_cast<std::uint32_t>(page->claims.size());
  finish_page(answer, claims_target(*page), page->has_more, PageOf::claims, next);
}

// Those of one buyer, in the order they were granted, as the whole list is.
void render_claims_of_buyer(Answer& answer, store::Reply& reply) {
  auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr) return answer_without_result(answer, reply);
  answer.sale_sequence(page->sale.sequence);
  std::reverse(page->claims.begin(), page->claims.end());  // newest first, as they come
  const std::span<const store::ClaimView> all = page->claims;
  const Exchange& exchange = answer.exchange();
  const std::size_t from = std::min<std::size_t>(exchange.page_from, all.size());
  const std::size_t count = std::min<std::size_t>(exchange.page_limit, all.size() - from);
  append_claims(answer.body(), all.subspan(from, count), page->sale.definition->slug);
  const bool has_more = from + count < all.size();
  std::string target = claims_target(*page);
  if (has_more) {
    target += "buyer=";
    append_percent_encoded(target, all.front().buyer.view());
    target += '&';
  }
  finish_page(answer, target, has_more, PageOf::claims_of_buyer,
              static_cast<std::uint32_t>(from + count));
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
  if (const auto why = parse_buyer_if_named(call, call.answer.exchange().only_of)) {
    return answer_unreadable(call.answer, *why);
  }
  // What is no claim's id at all is asked for too, since the answer names the sale's sequence.
  const auto id = sale::parse_claim_id(call.parameters.claim);
  call.answer.ask(store::ReadClaim{call.sale(), id.value_or(sale::ClaimId{})}, render_claim);
}

void list_claims(Call& call) {
  PageQuery page;
  if (const auto why = parse_page(call, PageOf::claims, page)) {
    return answer_unreadable(call.answer, *why);
  }
  Exchange& exchange = call.answer.exchange();
  exchange.page_from = page.from;
  exchange.page_limit = page.limit;
  if (!page.buyer.empty()) {
    return call.answer.ask(store::ReadBuyerClaims{call.sale(), page.buyer}, render_claims_of_buyer);
  }
  call.answer.ask(store::ListClaims{call.sale(), page.from, page.limit}, render_claims);
}

}  // namespace doorbuster::api
