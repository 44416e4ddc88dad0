#include "store/redis/function_calls.h"

#include "base/check.h"
#include "base/wire.h"
#include "sale/catalog.h"

namespace doorbuster::redis {
namespace {

FunctionCall call_of(std::string_view function, const CalledSale& sale, bool read_only = false) {
  std::vector<std::string> keys = sale_keys(sale.slug);
  if (sale.as_newest) keys.emplace_back(kNewestRoundKey);
  return {function, std::move(keys), sale.known, read_only};
}

std::string_view trace_argument(const TraceParent& trace) {
  return trace.given() ? trace.bytes() : std::string_view{};
}

std::string time_argument(std::optional<Time> time) {
  return time ? std::to_string(time->time_since_epoch().count()) : std::string{};
}

// As the bytes of a definition have them (event_codec.cc): all Redis needs to do with a title is to
// put it there.
std::string title_argument(const std::vector<std::pair<std::string, std::string>>& title) {
  std::string bytes;
  for (const auto& [language, text] : title) {
    bytes.push_back(2);
    put_text(bytes, language);
    put_text(bytes, text);
  }
  return bytes;
}

void add_definition(FunctionCall& call, const sale::SaleDefinition& sale) {
  call.add(sale.slug)
      .add(title_argument(sale.title))
      .add(sale.stock)
      .add(sale.per_buyer_limit)
      .add(sale.hold_seconds)
      .add(time_argument(sale.opens_at))
      .add(time_argument(sale.closes_at))
      .add(static_cast<std::uint64_t>(sale.late_payment))
      .add(sale.claim_attempts)
      .add(sale.max_extension_seconds)
      .add(sale.archive_after_seconds)
      .add(static_cast<std::uint64_t>(sale.reveal))
      .add(sale.metadata);
}

template <typename Number>
void add_number(FunctionCall& call, std::string_view member, const std::optional<Number>& value) {
  if (value) call.add(member).add(static_cast<std::uint64_t>(*value));
}

void add_changes(FunctionCall& call, const sale::SaleChanges& changes) {
  if (changes.title) call.add("title").add(title_argument(*changes.title));
  add_number(call, "stock", changes.stock);
  add_number(call, "per_buyer_limit", changes.per_buyer_limit);
  add_number(call, "hold_seconds", changes.hold_seconds);
  if (changes.opens_at) call.add("opens_at").add(time_argument(*changes.opens_at));
  if (changes.closes_at) call.add("closes_at").add(time_argument(*changes.closes_at));
  add_number(call, "late_payment", changes.late_payment);
  add_number(call, "claim_attempts", changes.claim_attempts);
  add_number(call, "max_extension_seconds", changes.max_extension_seconds);
  add_number(call, "archive_after_seconds", changes.archive_after_seconds);
  if (changes.metadata) call.add("metadata").add(*changes.metadata);
}

FunctionCall claim_change_call(std::string_view function, const CalledSale& sale,
                               sale::ClaimPlace place, std::string_view buyer,
                               const TraceParent& trace) {
  FunctionCall call = call_of(function, sale);
  call.add(place.sale.value).add(place.claim.value).add(buyer).add(trace_argument(trace));
  return call;
}

std::string_view action_argument(sale::SaleAction action) {
  switch (action) {
    case sale::SaleAction::pause:
      return "pause";
    case sale::SaleAction::resume:
      return "resume";
    case sale::SaleAction::close:
      return "close";
    case sale::SaleAction::cancel:
      return "cancel";
  }
  return {};
}

}  // namespace

std::string key_tag(std::string_view slug) {
  const std::uint32_t round = sale::round_of(slug);
  if (round > 0 || slug == sale::kRoundsSlug) return "{goods}-" + std::to_string(round);
  return "{" + std::string(slug) + "}";
}

std::vector<std::string> sale_keys(std::string_view slug) {
  const std::string tag = key_tag(slug);
  std::vector<std::string> keys;
  for (const char* part : {":state", ":units", ":buyers", ":holds", ":events", ":claims"}) {
    keys.push_back(tag + part);
  }
  return keys;
}

FunctionCall::FunctionCall(std::string_view function, std::vector<std::string> keys,
                           const ChainPoint& known, bool read_only) {
  words_.emplace_back(read_only ? "FCALL_RO" : "FCALL");
  words_.emplace_back(function);
  words_.push_back(std::to_string(keys.size()));
  for (std::string& key : keys) words_.push_back(std::move(key));
  add(known.sequence.value).add(known.hash);
}

FunctionCall& FunctionCall::add(std::string_view argument) {
  words_.emplace_back(argument);
  return *this;
}

FunctionCall publish_call(const sale::CreateSale& command, sale::SaleOrdinal ordinal,
                          const ChainPoint& known) {
  CHECK(command.definition != nullptr);
  FunctionCall call("doorbuster_publish", sale_keys(command.definition->slug), known);
  call.add(ordinal.value).add(trace_argument(command.trace));
  add_definition(call, *command.definition);
  return call;
}

FunctionCall publish_round_call(const sale::PublishRound& command, std::uint32_t newest,
                                sale::SaleOrdinal ordinal, const ChainPoint& known) {
  std::vector<std::string> keys =
      sale_keys(newest == 0 ? std::string(sale::kRoundsSlug) : sale::round_slug(newest));
  for (std::string& key : sale_keys(sale::round_slug(newest + 1))) keys.push_back(std::move(key));
  keys.emplace_back(kNewestRoundKey);
  FunctionCall call("doorbuster_publish_round", std::move(keys), known);
  call.add(newest).add(ordinal.value).add(trace_argument(command.trace)).add(command.stock);
  return call;
}

FunctionCall claim_call(const CalledSale& sale, std::span<const sale::ClaimUnits> claims) {
  CHECK(!claims.empty() && claims.size() <= kMaxClaimsPerCall);
  FunctionCall call = call_of("doorbuster_claim", sale);
  call.add(claims.size());
  for (const sale::ClaimUnits& claim : claims) call.add(claim.buyer.view());
  std::uint32_t units = 0;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    const sale::ClaimUnits& claim = claims[i];
    units += claim.quantity;
    if (claim.quantity == 1 && claim.key.empty() && !claim.trace.given()) continue;
    call.add(i + 1).add(claim.quantity).add(claim.key.view()).add(trace_argument(claim.trace));
  }
  CHECK(units <= kMaxUnitsPerCall);
  return call;
}

FunctionCall confirm_call(const CalledSale& sale, sale::ClaimPlace place,
                          const store::ConfirmClaim& command) {
  FunctionCall call = claim_change_call("doorbuster_confirm", sale, place, {}, command.trace);
  call.add(command.reference.view());
  return call;
}

FunctionCall release_call(const CalledSale& sale, sale::ClaimPlace place,
                          const store::ReleaseClaim& command) {
  return claim_change_call("doorbuster_release", sale, place, command.buyer.view(), command.trace);
}

FunctionCall extend_call(const CalledSale& sale, sale::ClaimPlace place,
                         const store::ExtendClaim& command) {
  FunctionCall call = claim_change_call("doorbuster_extend", sale, place, {}, command.trace);
  call.add(command.seconds);
  return call;
}

FunctionCall change_call(const CalledSale& sale, const sale::ChangeSale& command) {
  CHECK(command.changes != nullptr);
  FunctionCall call = call_of("doorbuster_change", sale);
  call.add(trace_argument(command.trace));
  call.add(command.if_version ? std::to_string(*command.if_version) : std::string{});
  add_changes(call, *command.changes);
  return call;
}

FunctionCall steer_call(const CalledSale& sale, const sale::SteerSale& command) {
  FunctionCall call = call_of("doorbuster_steer", sale);
  call.add(trace_argument(command.trace)).add(action_argument(command.action));
  return call;
}

FunctionCall delete_call(const CalledSale& sale, const sale::DeleteSale& command) {
  FunctionCall call = call_of("doorbuster_steer", sale);
  call.add(trace_argument(command.trace)).add("delete");
  return call;
}

FunctionCall settle_call(const CalledSale& sale) { return call_of("doorbuster_settle", sale); }

FunctionCall read_sale_call(const CalledSale& sale) {
  return call_of("doorbuster_read_sale", sale, true);
}

FunctionCall read_buyer_call(const CalledSale& sale, std::string_view buyer) {
  FunctionCall call = call_of("doorbuster_read_buyer", sale, true);
  call.add(buyer);
  return call;
}

FunctionCall read_claim_call(const CalledSale& sale, sale::ClaimPlace place) {
  FunctionCall call = call_of("doorbuster_read_claim", sale, true);
  call.add(place.sale.value).add(place.claim.value);
  return call;
}

FunctionCall list_claims_call(const CalledSale& sale, std::uint32_t from, std::uint32_t limit,
                              std::uint32_t below) {
  CHECK(limit >= 1 && limit <= kMaxListedPerCall);
  FunctionCall call = call_of("doorbuster_list_claims", sale, true);
  call.add(from).add(limit).add(below);
  return call;
}

FunctionCall place_call(std::string_view slug, const ChainPoint& known, std::uint64_t events) {
  CHECK(events >= 1);
  FunctionCall call("doorbuster_read_place", sale_keys(slug), known, true);
  call.add(events);
  return call;
}

FunctionCall history_call(std::string_view slug, const ChainPoint& known, sale::Sequence after,
                          std::uint32_t most) {
  CHECK(most >= 1 && most <= kMaxEventsPerCall);
  FunctionCall call("doorbuster_read_history", sale_keys(slug), known, true);
  call.add(after.value).add(most);
  return call;
}

}  // namespace doorbuster::redis
