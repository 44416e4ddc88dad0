// The recipe's three endpoints (R14): its words, on the sales goods-1, goods-2, ...

#include <string>
#include <vector>

#include "api/answers.h"
#include "api/body.h"
#include "api/claim_stream.h"
#include "api/render.h"
#include "api/replies.h"
#include "api/text.h"

namespace doorbuster::api {

namespace {

void send_words(Answer& answer, std::string_view words, std::string_view more = {}) {
  answer.field("X-Content-Type-Options", "nosniff");
  answer.body() += words;
  answer.body() += more;
  answer.send(200, kTextType);
}

void render_sent(Answer& answer, store::Reply& reply) {
  const auto* created = std::get_if<store::CreateReply>(&reply);
  if (created == nullptr) return answer_without_result(answer, reply);
  const store::SaleView& sale = created->sale;
  answer.sale_sequence(sale.sequence);
  if (answer.exchange().as_text) {
    return send_words(answer, "send goods success! ", std::to_string(sale.definition->stock));
  }
  answer.field("Location", "/v1/sales/" + sale.definition->slug);
  answer.field("ETag", '"' + std::to_string(sale.version) + '"');
  append_sale(answer.body(), sale);
  answer.send(201);
}

// The recipe has one word for every no: nothing is left.
void render_claimed_in_words(Answer& answer, const store::ClaimReply& claimed) {
  answer.sale_sequence(claimed.sequence);
  switch (claimed.verdict) {
    case sale::ClaimVerdict::granted:
      return send_words(answer, "Success,", claimed.claim.buyer.view());
    case sale::ClaimVerdict::existing:
      return send_words(answer, "create a user ", claimed.claim.buyer.view());
    case sale::ClaimVerdict::refused:
      answer.desk().refusals->add(problem_of(claimed.refusal));
      return send_words(answer, "Finsh!");
  }
}

void render_claimed_goods(Answer& answer, store::Reply& reply) {
  const bool as_text = answer.exchange().as_text;
  if (as_text && std::holds_alternative<store::NoSuchSale>(reply)) {
    answer.desk().refusals->add(ProblemCode::not_found);
    return send_words(answer, "Finsh!");
  }
  const auto* claimed = std::get_if<store::ClaimReply>(&reply);
  if (claimed == nullptr) return answer_without_result(answer, reply);
  if (as_text) return render_claimed_in_words(answer, *claimed);
  switch (claimed->verdict) {
    case sale::ClaimVerdict::granted:
    case sale::ClaimVerdict::existing:
      return answer_claim(answer, *claimed);
    case sale::ClaimVerdict::refused:
      return answer_refusal(answer, *claimed);
  }
}

// Who gave his unit back is no winner. `winners` counts on.
void append_winners(std::string& out, const std::vector<store::ClaimView>& claims,
                    std::uint32_t& winners) {
  for (const store::ClaimView& claim : claims) {
    if (claim.status == sale::ClaimStatus::released) continue;
    if (winners++ > 0) out += ", ";
    append_json_string(out, claim.buyer.view());
    out += ": ";
    append_number(out, claim.units.first.first);
  }
}

void append_end(std::string& out, std::uint64_t winners, std::uint64_t left) {
  out += R"(}, "user_list_len": )";
  append_number(out, winners);
  out += R"(, "goods_list": )";
  append_number(out, left);
  out += "}\n";
}

void render_goods(Answer& answer, store::Reply& reply) {
  std::string& body = answer.body();
  body += R"({"user_list": {)";
  if (std::holds_alternative<store::NoSuchSale>(reply)) {
    append_end(body, 0, 0);
    return answer.send(200);
  }
  const auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr) return answer_without_result(answer, reply);
  answer.sale_sequence(page->sale.sequence);
  const std::uint64_t left = page->sale.totals.available;
  stream_claims(
      answer, *page, kJsonType,
      [left, winners = std::uint32_t{0}](
          std::string& out, const std::vector<store::ClaimView>& claims, bool last) mutable {
        append_winners(out, claims, winners);
        if (last) append_end(out, winners, left);
      });
}

}  // namespace

void send_goods(Call& call) {
  std::uint32_t stock = 0;
  if (const auto why = parse_round(call, stock)) return answer_unreadable(call.answer, *why);
  call.answer.exchange().as_text = !names_json(call.fields.accept);
  call.answer.ask(sale::PublishRound{stock}, render_sent);
}

void claim_goods(Call& call) {
  sale::ClaimUnits command;
  if (const auto why = parse_claim(call, true, command)) {
    return answer_unreadable(call.answer, *why);
  }
  command.sale.assign(sale::kRoundsSlug);
  call.answer.exchange().as_text = !names_json(call.fields.accept);
  call.answer.ask(command, render_claimed_goods);
}

void list_goods(Call& call) {
  const store::ListClaims command{sale::Slug(sale::kRoundsSlug), 0, kClaimsAPage};
  call.answer.ask(command, render_goods);
}

}  // namespace doorbuster::api
