#include <memory>
#include <utility>

#include "api/answers.h"
#include "api/body.h"
#include "api/precondition.h"
#include "api/render.h"
#include "api/replies.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

void refuse_existing(Answer& answer, const store::SaleView& sale) {
  answer.sale_sequence(sale.sequence);
  answer.start_problem(ProblemCode::already_exists);
  append_sale_member(answer.body(), sale.definition->slug);
  answer.finish_problem();
}

// The view in a reply to ReadSale; null when there was none, and the request has its answer.
const store::SaleView* sale_in(Answer& answer, const store::Reply& reply) {
  if (const auto* sale = std::get_if<store::SaleView>(&reply)) return sale;
  answer_without_result(answer, reply);
  return nullptr;
}

void render_created(Answer& answer, store::Reply& reply) {
  const auto* created = std::get_if<store::CreateReply>(&reply);
  if (created == nullptr) return answer_without_result(answer, reply);
  const store::SaleView& sale = created->sale;
  switch (created->verdict) {
    case sale::CreateVerdict::created:
      answer.field("Location", "/v1/sales/" + sale.definition->slug);
      return answer_sale(answer, sale, 201);
    case sale::CreateVerdict::existing:
      return answer_sale(answer, sale, 200);
    case sale::CreateVerdict::already_exists:
      return refuse_existing(answer, sale);
    case sale::CreateVerdict::closes_in_the_past:
      return answer.invalid(member_flaw(FlawKind::closes_in_the_past, "closes_at"));
  }
}

void render_sale(Answer& answer, store::Reply& reply) {
  const store::SaleView* sale = sale_in(answer, reply);
  if (sale == nullptr) return;
  const std::string& known = answer.exchange().if_none_match;
  if (known.empty() || !names_tag(known, tag_of(*sale))) return answer_sale(answer, *sale, 200);
  answer.sale_sequence(sale->sequence);
  etag_field(answer, *sale);
  answer.send(304, {});
}

void render_status(Answer& answer, store::Reply& reply) {
  const store::SaleView* sale = sale_in(answer, reply);
  if (sale == nullptr) return;
  // A cached answer must not outlive the state it tells of.
  const Time transition = next_transition(*sale);
  const bool changes_soon =
      transition != kNever && transition - sale->now < std::chrono::seconds(1);
  answer.cache_control(changes_soon ? "public, max-age=0" : "public, max-age=1");
  answer.sale_sequence(sale->sequence);
  append_status(answer.body(), *sale);
  answer.send(200);
}

void render_stats(Answer& answer, store::Reply& reply) {
  const store::SaleView* sale = sale_in(answer, reply);
  if (sale == nullptr) return;
  answer.sale_sequence(sale->sequence);
  append_stats(answer.body(), *sale);
  answer.send(200);
}

void render_sales(Answer& answer, store::Reply& reply) {
  const auto* page = std::get_if<store::SalesPage>(&reply);
  if (page == nullptr) return answer_without_result(answer, reply);
  std::string& body = answer.body();
  body += R"({"data":[)";
  for (const store::SaleView& sale : page->sales) {
    if (&sale != page->sales.data()) body += ',';
    append_sale(body, sale);
  }
  finish_page(answer, "/v1/sales?", page->has_more, PageOf::sales, page->next);
}

}  // namespace

void create_sale(Call& call) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  if (const auto why = parse_sale(call, *definition)) return answer_unreadable(call.answer, *why);
  call.answer.ask(sale::CreateSale{std::move(definition)}, render_created);
}

void list_sales(Call& call) {
  PageQuery page;
  if (const auto why = parse_page(call, PageOf::sales, page)) {
    return answer_unreadable(call.answer, *why);
  }
  Exchange& exchange = call.answer.exchange();
  exchange.page_from = page.from;
  exchange.page_limit = page.limit;
  call.answer.ask(store::ListSales{page.from, page.limit}, render_sales);
}

void read_sale(Call& call) {
  // A tag is a version of one sale, and `goods` names one round after the other.
  if (call.parameters.sale != sale::kRoundsSlug) {
    call.answer.exchange().if_none_match = if_none_match(call.request.fields);
  }
  call.answer.ask(store::ReadSale{call.sale()}, render_sale);
}

void read_status(Call& call) { call.answer.ask(store::ReadSale{call.sale()}, render_status); }

void read_stats(Call& call) { call.answer.ask(store::ReadSale{call.sale()}, render_stats); }

}  // namespace doorbuster::api
