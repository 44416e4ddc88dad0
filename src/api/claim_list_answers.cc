// Claims in numbers: a buyer's own, pages for the merchant, and all of them as CSV or NDJSON.

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "api/answers.h"
#include "api/body.h"
#include "api/claim_csv.h"
#include "api/claim_stream.h"
#include "api/query.h"
#include "api/render.h"
#include "api/replies.h"
#include "api/text.h"

namespace doorbuster::api {

// A page of claims of one status, being gathered from the list of all.
struct ClaimSearch {
  sale::ClaimStatus status = sale::ClaimStatus::held;
  std::uint32_t from = 0;  // the next to be looked at
  std::uint32_t limit = 0;
  std::uint32_t found = 0;
  int steps = 0;
  std::string rows;
};

namespace {

constexpr std::string_view kCsvType = "text/csv; charset=utf-8; header=present";
constexpr std::string_view kNdjsonType = "application/x-ndjson";

// A search looks at so many claims a step, in so many steps, and then hands out what it has: the
// engine is never long at it, nor is anybody's answer.
constexpr std::uint32_t kClaimsAStep = 1000;
constexpr int kMostSteps = 20;

bool is_of(const store::ClaimView& claim, const std::optional<sale::ClaimStatus>& status) {
  return !status || claim.status == *status;
}

// The page in a reply; null when there was none, and the request has its answer.
store::ClaimsPage* page_in(Answer& answer, store::Reply& reply) {
  auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr) {
    answer_without_result(answer, reply);
  } else {
    answer.sale_sequence(page->sale.sequence);
  }
  return page;
}

constexpr std::string_view kPageStart = R"({"data":[)";

void append_to_page(std::string& body, const store::ClaimView& claim, std::string_view slug) {
  if (body.size() > kPageStart.size()) body += ',';
  append_claim(body, claim, slug);
}

std::string claims_target(const store::ClaimsPage& page,
                          const std::optional<sale::ClaimStatus>& status) {
  std::string target = "/v1/sales/" + page.sale.definition->slug + "/claims?";
  if (status) target.append("status=").append(to_string(*status)).append("&");
  return target;
}

// All of a buyer's claims fit one page: claim_attempts and per_buyer_limit bound them.
void render_own_claims(Answer& answer, store::Reply& reply) {
  const store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  answer.body() = kPageStart;
  for (const store::ClaimView& claim : page->claims) {
    append_to_page(answer.body(), claim, page->sale.definition->slug);
  }
  answer.body() += R"(],"has_more":false,"next":null})";
  answer.send(200);
}

void render_claims(Answer& answer, store::Reply& reply) {
  const store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  answer.body() = kPageStart;
  for (const store::ClaimView& claim : page->claims) {
    append_to_page(answer.body(), claim, page->sale.definition->slug);
  }
  const auto next = answer.exchange().page_from + static_cast<std::uint32_t>(page->claims.size());
  finish_page(answer, claims_target(*page, {}), page->has_more, PageOf::claims, next);
}

// Those of one buyer, in the order they were granted, as the whole list is.
void render_claims_of_buyer(Answer& answer, store::Reply& reply) {
  store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  std::reverse(page->claims.begin(), page->claims.end());  // newest first, as they come
  const Exchange& exchange = answer.exchange();
  answer.body() = kPageStart;
  std::uint32_t found = 0;
  std::size_t at = exchange.page_from;
  for (; at < page->claims.size() && found < exchange.page_limit; ++at) {
    if (!is_of(page->claims[at], exchange.claim_status)) continue;
    append_to_page(answer.body(), page->claims[at], page->sale.definition->slug);
    ++found;
  }
  const bool has_more = at < page->claims.size();
  std::string target = claims_target(*page, exchange.claim_status);
  if (has_more) {
    target += "buyer=";
    append_percent_encoded(target, page->claims.front().buyer.view());
    target += '&';
  }
  finish_page(answer, target, has_more, PageOf::claims_of_buyer, static_cast<std::uint32_t>(at));
}

// One step of a search: what it finds is kept, and either it goes on or the page is answered.
void render_search(Answer& answer, store::Reply& reply) {
  const auto* page = std::get_if<store::ClaimsPage>(&reply);
  if (page == nullptr) return answer_without_result(answer, reply);
  const std::shared_ptr<ClaimSearch> search = answer.exchange().search;
  std::size_t at = 0;
  for (; at < page->claims.size() && search->found < search->limit; ++at) {
    if (page->claims[at].status != search->status) continue;
    append_to_page(search->rows, page->claims[at], page->sale.definition->slug);
    ++search->found;
  }
  search->from += static_cast<std::uint32_t>(at);
  const bool has_more = at < page->claims.size() || page->has_more;
  const bool is_done = search->found == search->limit || ++search->steps == kMostSteps;
  if (has_more && !is_done) {
    // By its own slug: `goods` may name a newer round by then.
    return answer.ask(
        store::ListClaims{sale::Slug(page->sale.definition->slug), search->from, kClaimsAStep},
        render_search);
  }
  answer.sale_sequence(page->sale.sequence);
  answer.body() = std::move(search->rows);
  finish_page(answer, claims_target(*page, search->status), has_more, PageOf::claims, search->from);
}

void append_rows(std::string& out, const std::vector<store::ClaimView>& claims,
                 std::string_view slug, const std::optional<sale::ClaimStatus>& status,
                 bool as_csv) {
  for (const store::ClaimView& claim : claims) {
    if (!is_of(claim, status)) continue;
    if (as_csv) {
      append_csv_row(out, claim, slug);
    } else {
      append_claim(out, claim, slug);
      out += '\n';
    }
  }
}

// A browser that follows a link saves what comes, under the sale's name.
void name_the_file(Answer& answer, std::string_view slug) {
  if (!answer.exchange().names_file) return;
  std::string value = "attachment; filename=\"";
  value.append(slug).append(answer.exchange().as_csv ? ".csv\"" : ".ndjson\"");
  answer.field("Content-Disposition", value);
}

void render_export(Answer& answer, store::Reply& reply) {
  const store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  name_the_file(answer, page->sale.definition->slug);
  const bool as_csv = answer.exchange().as_csv;
  if (as_csv) append_csv_header(answer.body());
  stream_claims(
      answer, *page, as_csv ? kCsvType : kNdjsonType,
      [as_csv, status = answer.exchange().claim_status, slug = page->sale.definition->slug](
          std::string& out, const std::vector<store::ClaimView>& claims, bool /*last*/) {
        append_rows(out, claims, slug, status, as_csv);
      });
}

void render_export_of_buyer(Answer& answer, store::Reply& reply) {
  store::ClaimsPage* page = page_in(answer, reply);
  if (page == nullptr) return;
  name_the_file(answer, page->sale.definition->slug);
  std::reverse(page->claims.begin(), page->claims.end());
  const Exchange& exchange = answer.exchange();
  if (exchange.as_csv) append_csv_header(answer.body());
  append_rows(answer.body(), page->claims, page->sale.definition->slug, exchange.claim_status,
              exchange.as_csv);
  answer.send(200, exchange.as_csv ? kCsvType : kNdjsonType);
}

// `accepted`: what Accept asks for, and the address may overrule.
void export_claims(Call& call, ExportForm accepted) {
  PageQuery query;
  if (const auto why = parse_export(call, query)) return answer_unreadable(call.answer, *why);
  Exchange& exchange = call.answer.exchange();
  exchange.as_csv = query.format.value_or(accepted) == ExportForm::csv;
  exchange.names_file = query.format.has_value();
  exchange.claim_status = query.status;
  if (!query.buyer.empty()) {
    return call.answer.ask(store::ReadBuyerClaims{call.sale(), query.buyer},
                           render_export_of_buyer);
  }
  call.answer.ask(store::ListClaims{call.sale(), 0, kClaimsAPage}, render_export);
}

}  // namespace

void read_own_claims(Call& call) {
  store::ReadBuyerClaims command;
  if (const auto why = parse_buyer(call, command.buyer)) {
    return answer_unreadable(call.answer, *why);
  }
  command.sale = call.sale();
  call.answer.ask(command, render_own_claims);
}

void list_claims(Call& call) {
  const bool wants_csv = names(call.fields.accept, "text/csv");
  if (wants_csv || names(call.fields.accept, kNdjsonType) ||
      names_parameter(call.request.query, "format")) {
    return export_claims(call, wants_csv ? ExportForm::csv : ExportForm::ndjson);
  }
  PageQuery page;
  if (const auto why = parse_page(call, PageOf::claims, page)) {
    return answer_unreadable(call.answer, *why);
  }
  Exchange& exchange = call.answer.exchange();
  exchange.page_from = page.from;
  exchange.page_limit = page.limit;
  exchange.claim_status = page.status;
  if (!page.buyer.empty()) {
    return call.answer.ask(store::ReadBuyerClaims{call.sale(), page.buyer}, render_claims_of_buyer);
  }
  if (page.status) {
    auto search = std::make_shared<ClaimSearch>();
    search->status = *page.status;
    search->from = page.from;
    search->limit = page.limit;
    search->rows = kPageStart;
    exchange.search = std::move(search);
    return call.answer.ask(store::ListClaims{call.sale(), page.from, kClaimsAStep}, render_search);
  }
  call.answer.ask(store::ListClaims{call.sale(), page.from, page.limit}, render_claims);
}

}  // namespace doorbuster::api
