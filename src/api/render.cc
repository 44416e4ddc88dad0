#include "api/render.h"

#include <algorithm>

#include "api/text.h"

namespace doorbuster::api {
namespace {

void append_title(std::string& out, const sale::SaleDefinition& definition) {
  const auto& title = definition.title;
  if (title.size() == 1 && title.front().first.empty()) {
    append_json_string(out, title.front().second);
    return;
  }
  out += '{';
  for (const auto& [language, text] : title) {
    if (out.back() != '{') out += ',';
    append_json_string(out, language);
    out += ':';
    append_json_string(out, text);
  }
  out += '}';
}

std::string_view to_string(sale::LatePayment late_payment) {
  switch (late_payment) {
    case sale::LatePayment::reject:
      return "reject";
    case sale::LatePayment::reacquire:
      return "reacquire";
  }
  return {};
}

void append_run(std::string& out, sale::UnitRun run) {
  for (std::uint32_t i = 0; i < run.count; ++i) {
    if (out.back() != '[') out += ',';
    append_number(out, run.first + i);
  }
}

// Soon while something may change soon, and seldom when nothing will.
std::uint32_t poll_after_seconds(const store::SaleView& sale) {
  constexpr std::uint32_t kUsual = 5;
  constexpr std::uint32_t kSeldom = 30;
  switch (sale.status) {
    case sale::SaleStatus::scheduled: {
      const auto wait = std::chrono::floor<std::chrono::seconds>(next_transition(sale) - sale.now);
      // A tenth of the wait: the page follows a change of opens_at, and is awake when it opens.
      return static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait.count() / 10, 1, kSeldom));
    }
    case sale::SaleStatus::open:
      return sale.availability == sale::Availability::gone ? kSeldom : kUsual;
    case sale::SaleStatus::paused:
      return kUsual;
    case sale::SaleStatus::closed:
      return kSeldom;
  }
  return kUsual;
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

}  // namespace

void append_sale(std::string& out, const store::SaleView& sale) {
  const sale::SaleDefinition& definition = *sale.definition;
  out += R"({"id":)";
  append_json_string(out, definition.slug);
  out += R"(,"title":)";
  append_title(out, definition);
  append_member(out, "stock", definition.stock);
  append_member(out, "per_buyer_limit", definition.per_buyer_limit);
  append_member(out, "hold_seconds", definition.hold_seconds);
  out += R"(,"opens_at":)";
  append_json_time(out, definition.opens_at);
  out += R"(,"closes_at":)";
  append_json_time(out, definition.closes_at);
  out += R"(,"late_payment":")";
  out += to_string(definition.late_payment);
  out += R"(","metadata":)";
  out += definition.metadata;
  out += R"(,"status":")";
  out += to_string(sale.status);
  out += '"';
  append_member(out, "version", sale.version);
  out += R"(,"created_at":)";
  append_json_time(out, sale.created_at);
  out += '}';
}

void append_claim(std::string& out, const store::ClaimView& claim, std::string_view slug) {
  out += R"({"id":")";
  sale::append(out, claim.id);
  out += R"(","sale":")";
  out += slug;  // [a-z0-9-]
  out += R"(","buyer":)";
  append_json_string(out, claim.buyer.view());
  append_member(out, "quantity", claim.quantity);
  out += R"(,"units":[)";
  append_run(out, claim.units.first);
  for (const sale::UnitRun run : claim.units.more) append_run(out, run);
  out += R"(],"status":")";
  out += to_string(claim.status);
  out += '"';
  if (claim.status == sale::ClaimStatus::released) {
    out += R"(,"released_by":")";
    out += to_string(claim.end_reason);
    out += '"';
  }
  append_member(out, "sequence", claim.sequence.value);
  out += R"(,"claimed_at":)";
  append_json_time(out, claim.claimed_at);
  out += R"(,"expires_at":)";
  append_json_time(out, claim.expires_at);
  if (!claim.reference.empty()) {
    out += R"(,"reference":)";
    append_json_string(out, claim.reference);
  }
  out += '}';
}

Time next_transition(const store::SaleView& sale) {
  switch (sale.status) {
    case sale::SaleStatus::scheduled:
      return sale.definition->opens_at.value_or(kNever);
    case sale::SaleStatus::open:
    case sale::SaleStatus::paused:
      return sale.definition->closes_at.value_or(kNever);
    case sale::SaleStatus::closed:
      return kNever;
  }
  return kNever;
}

void append_status(std::string& out, const store::SaleView& sale) {
  const sale::SaleDefinition& definition = *sale.definition;
  out += R"({"id":)";
  append_json_string(out, definition.slug);
  out += R"(,"title":)";
  append_title(out, definition);
  out += R"(,"status":")";
  out += to_string(sale.status);
  out += R"(","now":)";
  append_json_time(out, sale.now);
  out += R"(,"opens_at":)";
  append_json_time(out, definition.opens_at);
  out += R"(,"closes_at":)";
  append_json_time(out, definition.closes_at);
  out += R"(,"availability":")";
  out += to_string(sale.availability);
  out += '"';
  append_member(out, "held", sale.totals.held);
  // No hold ends in this version, since there are none.
  out += R"(,"next_return_at":null)";
  append_member(out, "per_buyer_limit", definition.per_buyer_limit);
  append_member(out, "poll_after_seconds", poll_after_seconds(sale));
  out += R"(,"as_of":)";
  append_json_time(out, sale.now);
  out += '}';
}

void append_stats(std::string& out, const store::SaleView& sale) {
  const sale::Totals& totals = sale.totals;
  out += R"({"stock":)";
  append_number(out, totals.stock);
  append_member(out, "available", totals.available);
  append_member(out, "held", totals.held);
  append_member(out, "confirmed", totals.confirmed);
  append_member(out, "burned", totals.burned);
  // Nothing is released in this version.
  out += R"(,"released":{"buyer":0,"merchant":0,"expired":0},"refused":{)";
  for (std::size_t i = 0; i < sale.refused.size(); ++i) {
    if (i > 0) out += ',';
    out += '"';
    out += to_string(static_cast<sale::Refusal>(i));
    out += "\":";
    append_number(out, sale.refused[i]);
  }
  out += '}';
  append_member(out, "sequence", sale.sequence.value);
  out += R"(,"conserved":)";
  out += totals.conserved() ? "true" : "false";
  out += R"(,"as_of":)";
  append_json_time(out, sale.now);
  out += '}';
}

}  // namespace doorbuster::api
