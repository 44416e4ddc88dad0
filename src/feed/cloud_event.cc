#include "feed/cloud_event.h"

#include <type_traits>

#include "base/json_text.h"
#include "base/trace_parent.h"
#include "feed/sale_json.h"

namespace doorbuster::feed {
namespace {

using sale::ClaimStatus;
using sale::SaleStatus;

template <typename Body>
constexpr bool kIsOfClaim =
    std::is_base_of_v<sale::OfClaim, Body> || std::is_same_v<Body, sale::ClaimGranted>;

void append_text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, value);
}

void append_time(std::string& out, std::string_view name, Time time) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_time(out, time);
}

// The members of `data`, by the event; what the event does not hold is not there.
struct DataWriter {
  std::string& out;
  const store::FeedEvent& event;

  void sale_id() const {
    out += R"("id":")";
    out += event.slug;  // [a-z0-9-]
    out += '"';
  }
  void status(SaleStatus status) const {
    sale_id();
    append_text(out, "status", to_string(status));
  }
  void operator()(const sale::SaleCreated& body) const { append_definition(out, *body.definition); }
  void operator()(const sale::SaleUpdated& body) const { append_definition(out, *body.definition); }
  void operator()(const sale::SaleOpened&) const { status(SaleStatus::open); }
  void operator()(const sale::SalePaused&) const { status(SaleStatus::paused); }
  void operator()(const sale::SaleResumed&) const { sale_id(); }  // open, or scheduled again
  void operator()(const sale::SaleClosed&) const { status(SaleStatus::closed); }
  void operator()(const sale::SaleCancelled&) const {
    status(SaleStatus::closed);
    out += R"(,"cancelled":true)";
  }
  void operator()(const sale::SaleDeleted&) const { sale_id(); }
  // Codes are secrets until they are revealed (R5): how many alone.
  void operator()(const sale::CodesAdded& body) const {
    sale_id();
    append_member(out, "codes", body.codes.size());
  }
  void operator()(const sale::EligibilitySet& body) const {
    sale_id();
    append_member(out, "buyers", body.buyers.size());
  }

  void claim(std::string_view buyer, std::uint64_t quantity) const {
    out += R"("id":")";
    sale::append(out, event.claim);
    out += '"';
    append_text(out, "sale", event.slug);
    append_text(out, "buyer", buyer);
    append_member(out, "quantity", quantity);
  }
  void claim(const sale::OfClaim& of) const { claim(of.buyer, of.quantity); }
  void units(const sale::UnitRuns& units) const {
    out += R"(,"units":)";
    Pen pen(out, most_of_units(units));
    put_units(pen, units);
  }
  void status(ClaimStatus status) const { append_text(out, "status", to_string(status)); }
  void operator()(const sale::ClaimGranted& body) const {
    claim(body.buyer, body.units.count());
    units(body.units);
    status(body.expires_at ? ClaimStatus::held : ClaimStatus::confirmed);
    append_member(out, "sequence", event.event.sequence.value);
    append_time(out, "claimed_at", event.event.at);
    append_time(out, "expires_at", body.expires_at.value_or(kNever));
  }
  void operator()(const sale::ClaimConfirmed& body) const {
    claim(body);
    status(ClaimStatus::confirmed);
    if (!body.reference.empty()) append_text(out, "reference", body.reference);
  }
  void operator()(const sale::ClaimReleased& body) const {
    claim(body);
    status(ClaimStatus::released);
    append_text(out, "released_by", to_string(body.reason));
  }
  void operator()(const sale::ClaimExtended& body) const {
    claim(body);
    status(ClaimStatus::held);
    append_time(out, "expires_at", body.expires_at);
    out += R"(,"extended":true)";
  }
  void operator()(const sale::ClaimReacquired& body) const {
    claim(body);
    units(body.units);
    status(ClaimStatus::confirmed);
    append_text(out, "reference", body.reference);
  }
  void operator()(const sale::RefundRequired& body) const {
    claim(body);
    status(ClaimStatus::released);
    append_text(out, "released_by", to_string(sale::EndReason::expired));
    out += R"(,"refunds_required":[)";
    append_json_string(out, body.reference);
    out += ']';
  }

  void waiting(std::string_view buyer) const {
    out += R"("sale":")";
    out += event.slug;
    out += '"';
    append_text(out, "buyer", buyer);
  }
  void operator()(const sale::WaitlistJoined& body) const { waiting(body.buyer); }
  void operator()(const sale::WaitlistOffered& body) const {
    waiting(body.buyer);
    append_text(out, "claim", sale::to_string(event.claim));
  }
  void operator()(const sale::WaitlistLeft& body) const { waiting(body.buyer); }
};

}  // namespace

void append_cloud_event(std::string& out, const store::FeedEvent& event) {
  out += R"({"specversion":"1.0","id":")";
  out += event.id.view();
  out += R"(","source":"/doorbuster/)";
  out += event.incarnation;
  out += R"(","type":")";
  out += type_name(event.event);
  out += R"(","subject":"sales/)";
  out += event.slug;
  const bool of_claim = std::visit(
      [](const auto& body) { return kIsOfClaim<std::decay_t<decltype(body)>>; }, event.event.body);
  if (of_claim) {
    out += "/claims/";
    sale::append(out, event.claim);
  }
  out += R"(","time":)";
  append_json_time(out, event.event.at);
  out += R"(,"datacontenttype":"application/json","sequence":")";
  append_number(out, event.event.sequence.value);
  if (!event.event.trace.empty()) {
    out += R"(","traceparent":")";
    append_traceparent(out, event.event.trace);
  }
  out += R"(","data":{)";
  std::visit(DataWriter{out, event}, event.event.body);
  out += "}}";
}

}  // namespace doorbuster::feed
