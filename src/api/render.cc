#include "api/render.h"

#include <algorithm>

#include "api/text.h"
#include "base/pen.h"
#include "feed/sale_json.h"

namespace doorbuster::api {
namespace {

// By the clock alone, whatever becomes of the holds.
Time next_change_of_status(const store::SaleView& sale) {
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

// Of a claim without its sale, its buyer and its units.
constexpr std::size_t kMostOfClaim = 416;

constexpr std::uint32_t kUsual = 5;
constexpr std::uint32_t kSeldom = 30;

std::uint32_t poll_after_while_open(const store::SaleView& sale) {
  switch (sale.availability) {
    case sale::Availability::available:
      return kUsual;
    case sale::Availability::all_held: {
      if (sale.next_return_at == kNever) return kUsual;
      // As soon as a unit may be free; before that one may be given back.
      const auto wait = std::chrono::ceil<std::chrono::seconds>(sale.next_return_at - sale.now);
      return static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait.count(), 1, kUsual));
    }
    case sale::Availability::gone:
      return kSeldom;
  }
  return kUsual;
}

// Soon while something may change soon, and seldom when nothing will.
std::uint32_t poll_after_seconds(const store::SaleView& sale) {
  switch (sale.status) {
    case sale::SaleStatus::scheduled: {
      const auto wait =
          std::chrono::floor<std::chrono::seconds>(next_change_of_status(sale) - sale.now);
      // A tenth of the wait: the page follows a change of opens_at, and is awake when it opens.
      return static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait.count() / 10, 1, kSeldom));
    }
    case sale::SaleStatus::open:
      return poll_after_while_open(sale);
    case sale::SaleStatus::paused:
      return kUsual;
    case sale::SaleStatus::closed:
      return kSeldom;
  }
  return kUsual;
}

// Nothing that returns to a closed sale can be had.
Time next_return(const store::SaleView& sale) {
  return sale.status == sale::SaleStatus::closed ? kNever : sale.next_return_at;
}

}  // namespace

void append_reference(std::string& out, const store::ClaimView& claim) {
  if (claim.reference.empty()) return;
  out += R"(,"reference":)";
  append_json_string(out, claim.reference);
}

void append_refunds(std::string& out, const store::ClaimView& claim) {
  if (claim.refunds.empty()) return;
  out += R"(,"refunds_required":[)";
  for (const std::string& reference : claim.refunds) {
    if (out.back() != '[') out += ',';
    append_json_string(out, reference);
  }
  out += ']';
}

void append_sale(std::string& out, const store::SaleView& sale) {
  out += '{';
  feed::append_definition(out, *sale.definition);
  out += R"(,"status":")";
  out += to_string(sale.status);
  out += '"';
  if (sale.cancelled) out += R"(,"cancelled":true)";
  append_member(out, "version", sale.version);
  out += R"(,"created_at":)";
  append_json_time(out, sale.created_at);
  out += '}';
}

void append_claim(std::string& out, const store::ClaimView& claim, std::string_view slug) {
  {
    Pen pen(out, kMostOfClaim + slug.size() + most_of_json_string(claim.buyer.view()) +
                     feed::most_of_units(claim.units));
    pen.put(R"({"id":")");
    sale::write(pen.take(sale::kClaimIdBytes), claim.id);
    pen.put(R"(","sale":")").put(slug);  // [a-z0-9-]
    pen.put(R"(","buyer":)");
    put_json_string(pen, claim.buyer.view());
    pen.put(R"(,"quantity":)").number(claim.quantity);
    pen.put(R"(,"units":)");
    feed::put_units(pen, claim.units);
    pen.put(R"(,"status":")").put(to_string(claim.status)).put('"');
    if (claim.status == sale::ClaimStatus::released) {
      pen.put(R"(,"released_by":")").put(to_string(claim.end_reason)).put('"');
    }
    pen.put(R"(,"sequence":)").number(claim.sequence.value);
    pen.put(R"(,"claimed_at":)");
    put_json_time(pen, claim.claimed_at);
    pen.put(R"(,"expires_at":)");
    put_json_time(pen, claim.expires_at);
    if (claim.extended) pen.put(R"(,"extended":true)");
  }
  append_reference(out, claim);
  if (claim.refund_owed) out += R"(,"refund_owed":true)";
  append_refunds(out, claim);
  out += '}';
}

Time next_transition(const store::SaleView& sale) {
  const Time change = next_change_of_status(sale);
  if (sale.availability != sale::Availability::all_held) return change;
  return std::min(change, next_return(sale));
}

void append_status(std::string& out, const store::SaleView& sale) {
  const sale::SaleDefinition& definition = *sale.definition;
  out += R"({"id":)";
  append_json_string(out, definition.slug);
  out += R"(,"title":)";
  feed::append_title(out, definition);
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
  out += R"(,"next_return_at":)";
  append_json_time(out, next_return(sale));
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
  out += R"(,"released":{)";
  for (const auto reason : {sale::EndReason::buyer, sale::EndReason::merchant,
                            sale::EndReason::expired, sale::EndReason::cancelled}) {
    if (out.back() != '{') out += ',';
    out += '"';
    out += to_string(reason);
    out += "\":";
    append_number(out, sale.released[static_cast<std::size_t>(reason)]);
  }
  out += R"(},"refused":{)";
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
