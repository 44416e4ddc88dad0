#include "api/claim_stream.h"

#include <memory>
#include <utility>

namespace doorbuster::api {

// An answer under way.
struct ClaimStream {
  http::Stream stream;
  AppendClaims append;
  sale::Slug sale;           // the real one: `goods` may name a newer round by now
  std::uint32_t next = 0;    // the first claim of the next page
  std::uint32_t claims = 0;  // as many as there were at the first page
};

namespace {

void ask_next_page(Desk& desk, std::shared_ptr<ClaimStream> claims);

// The stream goes on where `page` ended: written, and the next page asked for once it has left.
void write_page(Desk& desk, const std::shared_ptr<ClaimStream>& claims,
                const store::ClaimsPage& page) {
  claims->next += static_cast<std::uint32_t>(page.claims.size());
  const bool last = claims->next >= claims->claims || page.claims.empty();
  desk.body.clear();
  claims->append(desk.body, page.claims, last);
  if (!claims->stream.write(desk.body)) return;
  if (last) return claims->stream.finish();
  claims->stream.when_drained([&desk, claims] { ask_next_page(desk, claims); });
}

void render_next_page(Answer& answer, store::Reply& reply) {
  const std::shared_ptr<ClaimStream> claims = answer.exchange().claims;
  answer.exchange().render = nullptr;
  if (const auto* page = std::get_if<store::ClaimsPage>(&reply)) {
    write_page(answer.desk(), claims, *page);
  }
}

void ask_next_page(Desk& desk, std::shared_ptr<ClaimStream> claims) {
  Exchange& exchange = desk.exchanges.open();
  exchange.render = render_next_page;
  const store::ListClaims command{claims->sale, claims->next, kClaimsAPage, claims->claims};
  exchange.claims = std::move(claims);
  const auto context = desk.exchanges.context_of(exchange);
  if (!desk.port.submit(command, desk.sink, context)) return desk.exchanges.close(exchange);
  // A stream may find itself drained after the turn's flush, and nothing else may ever happen.
  desk.options.wake();
}

}  // namespace

void stream_claims(Answer& answer, const store::ClaimsPage& first, std::string_view content_type,
                   AppendClaims append) {
  auto claims = std::make_shared<ClaimStream>();
  claims->append = std::move(append);
  claims->sale.assign(first.sale.definition->slug);
  claims->claims = first.sale.claims;
  const bool head = answer.exchange().head;
  Desk& desk = answer.desk();
  claims->stream = answer.stream(200, content_type);
  if (head) return claims->stream.finish();
  write_page(desk, claims, first);
}

}  // namespace doorbuster::api
