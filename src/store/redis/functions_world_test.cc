#include "store/redis/functions_world_test.h"

#include <sstream>

#include "base/wire.h"
#include "sale/apply.h"
#include "sale/event_codec.h"
#include "store/redis/function_library.h"

namespace doorbuster::redis {
namespace {

template <typename Number>
std::string number(Number value) {
  return std::to_string(static_cast<std::uint64_t>(value)) + " ";
}

std::string time_words(Time time) {
  return time == kNever ? "never " : number(time.time_since_epoch().count());
}

std::string definition_words(const sale::SharedDefinition& definition) {
  std::string bytes;
  sale::encode({{}, {1}, {}, sale::SaleUpdated{definition}}, bytes);
  return bytes + " ";
}

template <typename Answer, typename Rest>
std::string answer_words(const Result<Answer>& answer, Rest rest) {
  if (!answer.ok()) return "error: " + answer.error().message;
  std::string words = words_of(static_cast<const FunctionAnswer&>(*answer));
  if (answer->verdict == CallVerdict::decided) words += rest(*answer);
  return words;
}

std::string sale_words(const StoredSale& sale) {
  return "sale " + number(sale.ordinal.value) + number(sale.deleted) + words_of(sale.view);
}

std::string claim_words(const StoredClaim& claim) {
  return "claim " + number(claim.number.value) + claim.key + " " + words_of(claim.view);
}

std::string claim_answer_words(const ClaimAnswer& answer) {
  std::string words = "\n  " + number(answer.verdict) + number(answer.sequence.value);
  if (answer.verdict != sale::ClaimVerdict::refused) return words + claim_words(answer.claim);
  words += number(answer.refusal) + number(answer.available) + number(answer.held) +
           time_words(answer.next_return_at);
  for (const sale::ClaimOrdinal claim : answer.live) words += "live " + number(claim.value);
  return words;
}

// As in store/embedded/execution.cc.
Time next_return(const sale::SaleState& sale) {
  const sale::HoldEnd* hold = sale.first_hold_end();
  if (hold == nullptr || sale.status() == sale::SaleStatus::closed) return kNever;
  return hold->at < sale.definition().closes_at.value_or(kNever) ? hold->at : kNever;
}

}  // namespace

std::string library_with_test_clock() {
  constexpr std::string_view kClock = "redis.call('TIME')";
  std::string text(kFunctionLibrary.text);
  const std::size_t at = text.find(kClock);
  EXPECT_NE(at, std::string::npos);
  EXPECT_EQ(text.find(kClock, at + 1), std::string::npos);
  return text.replace(at, kClock.size(), "redis.call('HMGET', 'clock', 's', 'us')");
}

FunctionServer::FunctionServer(RunningRedis::Lines lines)
    : redis(std::move(lines)), client(redis.options()) {
  load();
}

void FunctionServer::load() {
  EXPECT_EQ(client.say({"FUNCTION", "LOAD", "REPLACE", library_with_test_clock()}), "doorbuster");
}

void FunctionServer::set_clock(Time now) {
  const auto since = now.time_since_epoch().count();
  client.submit({"HSET", "clock", "s", std::to_string(since / 1000), "us",
                 std::to_string(since % 1000 * 1000 + 999)});
}

std::string words_of(const FunctionAnswer& answer) {
  return "verdict " + number(answer.verdict) + number(answer.at.sequence.value) + answer.at.hash +
         " " + number(answer.newest_round);
}

std::string words_of(const store::ClaimView& claim) {
  std::string words = std::string(claim.buyer.view()) + " " + number(claim.quantity) + "units " +
                      number(claim.units.first.first) + number(claim.units.first.count);
  for (const sale::UnitRun& run : claim.units.more) words += number(run.first) + number(run.count);
  words += std::string(to_string(claim.status)) + " " + std::string(to_string(claim.end_reason)) +
           " " + number(claim.sequence.value) + time_words(claim.claimed_at) +
           time_words(claim.expires_at) + "'" + claim.reference + "' " + number(claim.extended) +
           number(claim.refund_owed);
  for (const std::string& refund : claim.refunds) words += "refund '" + refund + "' ";
  return words;
}

std::string words_of(const store::SaleView& sale) {
  std::string words =
      definition_words(sale.definition) + number(sale.version) +
      std::string(to_string(sale.status)) + " " + std::string(to_string(sale.availability)) +
      " totals " + number(sale.totals.stock) + number(sale.totals.available) +
      number(sale.totals.held) + number(sale.totals.confirmed) + number(sale.sequence.value) +
      time_words(sale.created_at) + time_words(sale.now) + time_words(sale.next_return_at) +
      number(sale.opened) + number(sale.cancelled) + number(sale.claims);
  for (const std::uint64_t released : sale.released) words += number(released);
  return words;
}

std::string words_of(const Result<FunctionAnswer>& answer) {
  return answer_words(answer, [](const FunctionAnswer&) { return ""; });
}

std::string words_of(const Result<ClaimsAnswer>& answer) {
  return answer_words(answer, [](const ClaimsAnswer& claims) {
    std::string words = number(claims.ordinal.value) + time_words(claims.now) +
                        time_words(claims.opens_at.value_or(kNever)) +
                        number(claims.claim_attempts);
    for (const ClaimAnswer& claim : claims.claims) words += claim_answer_words(claim);
    return words;
  });
}

std::string words_of(const Result<ClaimChangeAnswer>& answer) {
  return answer_words(answer, [](const ClaimChangeAnswer& change) {
    return number(change.ordinal.value) + number(change.change) +
           number(change.max_extension_seconds) + claim_words(change.claim);
  });
}

std::string words_of(const Result<CreateAnswer>& answer) {
  return answer_words(answer, [](const CreateAnswer& created) {
    std::string words = number(created.created);
    if (created.created == sale::CreateVerdict::closes_in_the_past) return words;
    return words + sale_words(created.sale) + number(created.before.sequence.value) +
           created.before.hash;
  });
}

std::string words_of(const Result<SaleChangeAnswer>& answer) {
  return answer_words(answer, [](const SaleChangeAnswer& change) {
    return number(change.change) + sale_words(change.sale);
  });
}

std::string words_of(const Result<ReadAnswer>& answer) {
  return answer_words(answer, [](const ReadAnswer& read) {
    std::string words = sale_words(read.sale);
    for (const StoredClaim& claim : read.claims) words += "\n  " + claim_words(claim);
    return words;
  });
}

// The catalog gives only const sales; nothing here changes them but take().
sale::SaleState* Core::begin(std::string_view slug) {
  due_left_ = kDuePerCall;
  auto* sale = const_cast<sale::SaleState*>(catalog_.find_ever(slug));
  call_time_ = sale == nullptr ? now_ : std::max(now_, sale->last_event_at());
  return sale == nullptr || sale->deleted() ? nullptr : sale;
}

void Core::take(std::vector<sale::Event>& events, const TraceParent& trace) {
  for (sale::Event& event : events) {
    if (trace.given()) event.trace = trace.bytes();
    std::string bytes;
    sale::encode(event, bytes);
    put_text(pending_[event.sale], bytes);
    const Status fits = sale::can_apply(catalog_, event);
    EXPECT_TRUE(fits.ok()) << fits.error().message;
    sale::apply(catalog_, event);
  }
  events.clear();
}

void Core::settle_some(const sale::SaleState& sale) {
  for (; due_left_ > 0; --due_left_) {
    auto due = sale::next_due(sale, call_time_);
    if (!due) return;
    std::vector<sale::Event> events{std::move(*due)};
    take(events);
  }
}

void Core::settle_for(const sale::SaleState& sale, std::uint32_t quantity) {
  while (sale.totals().available < quantity) {
    auto due = sale::next_due(sale, call_time_);
    if (!due) return;
    std::vector<sale::Event> events{std::move(*due)};
    take(events);
  }
}

void Core::settle_claim(const sale::SaleState& sale, sale::ClaimOrdinal claim) {
  auto due = sale::due_end(sale, claim, call_time_);
  if (!due) return;
  std::vector<sale::Event> events{std::move(*due)};
  take(events);
}

bool Core::is_settled(const sale::SaleState& sale) const {
  return sale::next_due_at(sale) > call_time_;
}

void Core::end_call() {
  for (auto& [sale, bytes] : pending_) {
    std::vector<ChainPoint>& points = chains_[sale];
    if (points.empty()) points.push_back({});
    points.push_back({catalog_[sale].sequence(), chain_hash(points.back().hash, bytes)});
    histories_[sale] += bytes;
  }
  pending_.clear();
}

std::string Core::end_with(CallVerdict verdict, const sale::SaleState& sale) {
  end_call();
  return words_of(FunctionAnswer{verdict, chains_[sale.ordinal()].back(), 0});
}

store::SaleView Core::view(const sale::SaleState& sale) const {
  store::SaleView view;
  view.definition = sale.shared_definition();
  view.version = sale.version();
  view.status = sale.status();
  view.availability = sale.availability();
  view.totals = sale.totals();
  view.sequence = sale.sequence();
  view.created_at = sale.created_at();
  view.now = call_time_;
  view.next_return_at = next_return(sale);
  view.opened = sale.opened();
  view.cancelled = sale.cancelled();
  view.released = sale.released();
  view.claims = sale.granted();
  return view;
}

StoredSale Core::stored(const sale::SaleState& sale) const {
  return {sale.ordinal(), sale.deleted(), view(sale)};
}

StoredClaim Core::stored(const sale::SaleState& sale, sale::ClaimOrdinal ordinal) const {
  const sale::Claim& claim = sale.claims()[ordinal];
  StoredClaim stored{ordinal, std::string(sale.claims().key(claim)), {}};
  store::ClaimView& view = stored.view;
  view.buyer.assign(sale.claims().buyer(claim));
  view.quantity = claim.quantity;
  view.units = sale.claims().units(claim);
  view.status = sale.status_of(claim);
  view.end_reason = sale.end_reason_of(claim);
  view.sequence = claim.sequence;
  view.claimed_at = claim.claimed_at;
  view.expires_at = claim.expires_at;
  view.reference = sale.claims().reference(claim);
  view.extended = claim.extended;
  view.refund_owed = sale.cancelled() && claim.status == sale::ClaimStatus::confirmed;
  view.refunds = sale.claims().refunds(claim);
  return stored;
}

std::string Core::publish(const sale::SaleDefinition& definition, const TraceParent& trace) {
  begin(definition.slug);
  if (const auto* sale = catalog_.find_ever(definition.slug)) {
    settle_some(*sale);
    if (!is_settled(*sale)) return end_with(CallVerdict::again, *sale);
  }
  std::vector<sale::Event> events;
  const sale::CreateSale command{std::make_shared<sale::SaleDefinition>(definition), {}};
  CreateAnswer answer;
  const auto outcome = sale::decide(catalog_, command, call_time_, events);
  answer.created = outcome.verdict;
  take(events, trace);
  end_call();
  if (outcome.verdict != sale::CreateVerdict::closes_in_the_past) {
    answer.at = chains_[outcome.sale].back();
    answer.sale = stored(catalog_[outcome.sale]);
  }
  return words_of(Result<CreateAnswer>(answer));
}

std::string Core::publish_round(std::uint32_t stock) {
  begin(sale::kRoundsSlug);
  const auto* before = catalog_.find_ever(sale::kRoundsSlug);
  if (before != nullptr) {
    settle_some(*before);
    if (!is_settled(*before)) return end_with(CallVerdict::again, *before);
  }
  std::vector<sale::Event> events;
  CreateAnswer answer;
  const auto round = sale::decide(catalog_, sale::PublishRound{stock, {}}, call_time_, events);
  take(events);
  end_call();
  answer.at = chains_[round].back();
  answer.sale = stored(catalog_[round]);
  if (before != nullptr) answer.before = chains_[before->ordinal()].back();
  return words_of(Result<CreateAnswer>(answer));
}

ClaimAnswer Core::decide_one(const sale::SaleState& sale, const sale::ClaimUnits& command) {
  if (!is_settled(sale)) {
    sale::for_each_claim(sale, command.buyer.view(),
                         [&](sale::ClaimOrdinal claim, const sale::Claim&) {
                           settle_claim(sale, claim);
                           return true;
                         });
    settle_for(sale, command.quantity);
  }
  std::vector<sale::Event> events;
  const sale::ClaimOutcome outcome = sale::decide(sale, command, call_time_, events);
  take(events, command.trace);
  ClaimAnswer answer;
  answer.verdict = outcome.verdict;
  answer.sequence = sale.sequence();
  if (outcome.verdict != sale::ClaimVerdict::refused) {
    answer.claim = stored(sale, outcome.claim);
    answer.claim.view.buyer.assign("");
    if (answer.verdict == sale::ClaimVerdict::granted) answer.claim.key.clear();
    return answer;
  }
  answer.refusal = outcome.refusal;
  answer.available = sale.totals().available;
  answer.held = sale.totals().held;
  answer.next_return_at = next_return(sale);
  if (outcome.refusal == sale::Refusal::limit_exceeded) {
    sale::for_each_claim(sale, command.buyer.view(),
                         [&](sale::ClaimOrdinal ordinal, const sale::Claim& claim) {
                           if (sale.is_live(claim)) answer.live.push_back(ordinal);
                           return true;
                         });
  }
  return answer;
}

std::string Core::claim(std::string_view slug, const std::vector<sale::ClaimUnits>& claims) {
  const sale::SaleState* sale = begin(slug);
  if (sale == nullptr) return words_of(FunctionAnswer{CallVerdict::no_sale, {}, 0});
  settle_some(*sale);
  if (sale::transition_is_due(*sale, call_time_)) return end_with(CallVerdict::again, *sale);
  ClaimsAnswer answer;
  for (const sale::ClaimUnits& command : claims) {
    answer.claims.push_back(decide_one(*sale, command));
  }
  end_call();
  answer.at = chains_[sale->ordinal()].back();
  answer.ordinal = sale->ordinal();
  answer.now = call_time_;
  answer.opens_at = sale->definition().opens_at;
  answer.claim_attempts = sale->definition().claim_attempts;
  return words_of(Result<ClaimsAnswer>(answer));
}

template <typename Decide>
std::string Core::change_claim(std::string_view slug, sale::ClaimPlace place,
                               std::string_view buyer, Decide decide) {
  const sale::SaleState* sale = begin(slug);
  if (sale == nullptr) return words_of(FunctionAnswer{CallVerdict::no_sale, {}, 0});
  settle_some(*sale);
  if (place.sale != sale->ordinal() || place.claim.value >= sale->granted()) {
    return end_with(CallVerdict::no_claim, *sale);
  }
  const sale::Claim& claim = sale->claims()[place.claim];
  if (!buyer.empty() && sale->claims().buyer(claim) != buyer) {
    return end_with(CallVerdict::no_claim, *sale);
  }
  settle_claim(*sale, place.claim);
  if (!sale->is_live(claim)) {
    if (sale::transition_is_due(*sale, call_time_)) return end_with(CallVerdict::again, *sale);
    settle_for(*sale, claim.quantity);
  }
  std::vector<sale::Event> events;
  ClaimChangeAnswer answer;
  answer.change = decide(*sale, events);
  take(events);
  end_call();
  answer.at = chains_[sale->ordinal()].back();
  answer.ordinal = sale->ordinal();
  answer.claim = stored(*sale, place.claim);
  answer.max_extension_seconds = sale->definition().max_extension_seconds;
  return words_of(Result<ClaimChangeAnswer>(answer));
}

std::string Core::confirm(std::string_view slug, sale::ClaimPlace place,
                          std::string_view reference) {
  return change_claim(slug, place, {}, [&](const sale::SaleState& sale, auto& events) {
    return sale::confirm(sale, place.claim, reference, call_time_, events);
  });
}

std::string Core::release(std::string_view slug, sale::ClaimPlace place, std::string_view buyer) {
  const auto by = buyer.empty() ? sale::EndReason::merchant : sale::EndReason::buyer;
  return change_claim(slug, place, buyer, [&](const sale::SaleState& sale, auto& events) {
    return sale::release(sale, place.claim, by, call_time_, events);
  });
}

std::string Core::extend(std::string_view slug, sale::ClaimPlace place, std::uint32_t seconds) {
  return change_claim(slug, place, {}, [&](const sale::SaleState& sale, auto& events) {
    return sale::extend(sale, place.claim, seconds, call_time_, events);
  });
}

template <typename Command>
std::string Core::change_sale(const Command& command) {
  const sale::SaleState* sale = begin(command.sale.view());
  if (sale == nullptr) return words_of(FunctionAnswer{CallVerdict::no_sale, {}, 0});
  settle_some(*sale);
  if (!is_settled(*sale)) return end_with(CallVerdict::again, *sale);
  std::vector<sale::Event> events;
  SaleChangeAnswer answer;
  answer.change = sale::decide(*sale, command, call_time_, events);
  take(events, command.trace);
  if (auto due = sale::next_due(*sale, call_time_)) {
    events.push_back(std::move(*due));
    take(events);
  }
  end_call();
  answer.at = chains_[sale->ordinal()].back();
  answer.sale = stored(*sale);
  return words_of(Result<SaleChangeAnswer>(answer));
}

std::string Core::change(const sale::ChangeSale& command) { return change_sale(command); }
std::string Core::steer(const sale::SteerSale& command) { return change_sale(command); }
std::string Core::remove(std::string_view slug) {
  return change_sale(sale::DeleteSale{sale::Slug(slug), {}});
}

std::string Core::settle(std::string_view slug) {
  const sale::SaleState* sale = begin(slug);
  if (sale == nullptr) return words_of(FunctionAnswer{CallVerdict::no_sale, {}, 0});
  settle_some(*sale);
  return end_with(is_settled(*sale) ? CallVerdict::decided : CallVerdict::again, *sale);
}

template <typename Read>
std::string Core::read(std::string_view slug, Read read_it) {
  const sale::SaleState* sale = begin(slug);
  if (sale == nullptr) return words_of(FunctionAnswer{CallVerdict::no_sale, {}, 0});
  if (!is_settled(*sale)) return end_with(CallVerdict::due, *sale);
  ReadAnswer answer;
  answer.at = chains_[sale->ordinal()].back();
  answer.sale = stored(*sale);
  if (!read_it(*sale, answer.claims)) return end_with(CallVerdict::no_claim, *sale);
  return words_of(Result<ReadAnswer>(answer));
}

std::string Core::read_sale(std::string_view slug) {
  return read(slug, [](const sale::SaleState&, std::vector<StoredClaim>&) { return true; });
}

std::string Core::read_buyer(std::string_view slug, std::string_view buyer) {
  return read(slug, [&](const sale::SaleState& sale, std::vector<StoredClaim>& claims) {
    sale::for_each_claim(sale, buyer, [&](sale::ClaimOrdinal claim, const sale::Claim&) {
      claims.insert(claims.begin(), stored(sale, claim));
      return true;
    });
    return true;
  });
}

std::string Core::read_claim(std::string_view slug, sale::ClaimPlace place) {
  return read(slug, [&](const sale::SaleState& sale, std::vector<StoredClaim>& claims) {
    if (place.sale != sale.ordinal() || place.claim.value >= sale.granted()) return false;
    claims.push_back(stored(sale, place.claim));
    return true;
  });
}

std::string Core::list_claims(std::string_view slug, std::uint32_t from, std::uint32_t limit,
                              std::uint32_t below) {
  return read(slug, [&](const sale::SaleState& sale, std::vector<StoredClaim>& claims) {
    const std::uint32_t end = std::min(below, sale.claims().size());
    for (std::uint32_t at = from; at < end && claims.size() < limit; ++at) {
      claims.push_back(stored(sale, {at}));
    }
    return true;
  });
}

}  // namespace doorbuster::redis
