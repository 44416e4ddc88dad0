#include "store/redis/gateway.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "sale/decide.h"
#include "store/redis/gateway_commands.h"

namespace doorbuster::redis {
namespace {

constexpr std::size_t kGrantedRemembered = 4'096;  // of each sale
constexpr std::size_t kAllRemembered = 1'000'000;  // of all; more than of one
// So many refusals of a batch are worth a look at the sale in their place.
constexpr std::size_t kWorthALook = 8;

}  // namespace

Gateway::Gateway(SafeCaller& caller, const GatewayOptions& options, std::function<void()> wake)
    : options_(options),
      claim_ids_(options_.claim_id_key),
      wake_(std::move(wake)),
      caller_(caller),
      batcher_(options_.batches),
      sold_out_(caller),
      commands_(std::make_unique<Commands>(*this)) {}

Gateway::~Gateway() = default;

void Gateway::submit(const store::Ticket& ticket, const store::Command& command) {
  if (const auto* claim = std::get_if<sale::ClaimUnits>(&command)) {
    if (!batcher_.add(*claim, ticket)) {
      release(ticket, Error{ErrorCode::overloaded, "too many claims are waiting"});
    }
    return;
  }
  commands_->run(std::make_shared<Task>(Task{ticket, command}));
}

// A call that is refused at once ends its batch in here, and with that makes way for others: they
// come out of the same loop.
void Gateway::end_turn() {
  if (std::exchange(in_end_turn_, true)) return;
  while (auto batch = batcher_.next()) call_batch(std::move(*batch));
  in_end_turn_ = false;
}

void Gateway::take_released(std::vector<store::Released>& out) { store::move_all(released_, out); }

void Gateway::release(const store::Ticket& ticket, store::Reply&& reply) {
  released_.emplace_back(ticket, std::move(reply));
  wake_();
}

void Gateway::send(std::string_view slug, const FunctionCall& call,
                   const SafeCaller::OnReply& on_reply) {
  caller_.send(key_tag(slug), call.arguments(), on_reply);
}

void Gateway::find_place(const sale::Slug& slug, std::function<void(Result<Place>)> found) {
  if (slug.view() != sale::kRoundsSlug) return found(Place{std::string(slug.view())});
  if (newest_round_ > 0) return found(Place{sale::round_slug(newest_round_), true});
  caller_.send(
      "{goods}", {"GET", kNewestRoundKey}, [this, found = std::move(found)](Result<Reply> reply) {
        if (!reply) return found(reply.error());
        if (reply->is_nil()) return found(Place{});
        std::uint32_t number = 0;
        const std::string& text = reply->text;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number == 0) {
          return found(Error{ErrorCode::storage_unavailable,
                             std::string(kNewestRoundKey) + " holds no number"});
        }
        newest_round_ = std::max(newest_round_, number);
        found(Place{sale::round_slug(newest_round_), true});
      });
}

const ChainPoint& Gateway::known(std::string_view slug) const {
  static const ChainPoint nothing;
  const auto sale = sales_.find(slug);
  return sale == sales_.end() ? nothing : sale->second.known;
}

void Gateway::note(std::string_view slug, const ChainPoint& at) {
  ChainPoint& point = sales_[std::string(slug)].known;
  if (point.sequence >= at.sequence) return;
  point = at;
  if (options_.on_change) options_.on_change(slug);
}

store::SaleView Gateway::view(StoredSale sale) {
  // Nothing was created where there is no definition.
  if (sale.view.definition) sale.view.refused = sales_[sale.view.definition->slug].refused;
  return std::move(sale.view);
}

void Gateway::freeze(std::string_view slug) {
  const auto [frozen, is_new] = rewound_.emplace(slug, 0);
  if (is_new) look_for_gone(frozen->first);
}

// Straight in the hash of buyers: a function would first settle what is due, and write.
void Gateway::look_for_gone(const std::string& slug) {
  const OfSale& sale = sales_[slug];
  if (sale.granted.empty()) return;
  std::vector<std::string> words = {"HMGET", key_tag(slug) + ":buyers"};
  for (const Granted& each : sale.granted) words.push_back(each.buyer);
  const std::vector<Granted> granted(sale.granted.begin(), sale.granted.end());
  caller_.send(key_tag(slug), {words.begin(), words.end()},
               [this, slug, granted, ordinal = sale.ordinal](const Result<Reply>& reply) {
                 const auto frozen = rewound_.find(slug);
                 if (frozen == rewound_.end() || !reply) return;
                 for (std::size_t i = 0; i < granted.size() && i < reply->items.size(); ++i) {
                   if (has_claim(reply->items[i].text, granted[i].number)) continue;
                   frozen->second.push_back(
                       {claim_ids_.encode({ordinal, granted[i].number}), granted[i].buyer});
                 }
                 wake_();
               });
}

bool Gateway::accept_rewind(std::string_view slug) {
  const auto frozen = rewound_.find(slug);
  if (frozen == rewound_.end()) return false;
  rewound_.erase(frozen);
  // Refusals were counted all the same.
  OfSale& sale = sales_[std::string(slug)];
  sale.known = {};
  remembered_ -= sale.granted.size();
  sale.granted.clear();
  newest_round_ = 0;  // which that is may have been lost with it
  return true;
}

Error Gateway::rewound_error(std::string_view slug) const {
  return {ErrorCode::data_damaged,
          "the history of sale " + std::string(slug) + " on the server lacks what was told before"};
}

void Gateway::call_batch(ClaimBatch batch) {
  const sale::Slug slug = batch.sale;
  const auto shared = std::make_shared<ClaimBatch>(std::move(batch));
  find_place(slug, [this, shared](Result<Place> place) {
    if (!place) return fail_batch(*shared, place.error());
    if (place->slug.empty()) {
      for (const WaitingClaim& each : shared->claims) release(each.ticket, store::NoSuchSale{});
      return batcher_.ended(shared->sale);
    }
    send_batch(std::move(*shared), *place);
  });
}

void Gateway::send_batch(ClaimBatch batch, const Place& place) {
  if (rewound_.contains(place.slug)) return fail_batch(batch, rewound_error(place.slug));
  const SoldOut::Sale* sold_out = sold_out_.find(place.slug);
  const ChainPoint at = known(place.slug);
  if (sold_out == nullptr || sold_out->at != at) return send_claims(std::move(batch), place);
  ClaimBatch refused = batcher_.split(batch, [sold_out](const WaitingClaim& waiting) {
    return waiting.claim.quantity <= sold_out->limit &&
           !sold_out->buyers.contains(waiting.claim.buyer.view());
  });
  if (refused.claims.size() < kWorthALook) {
    for (WaitingClaim& each : refused.claims) batch.claims.push_back(std::move(each));
    if (!refused.claims.empty()) batcher_.ended(refused.sale);
    return send_claims(std::move(batch), place);
  }
  if (batch.claims.empty()) {
    batcher_.ended(batch.sale);
  } else {
    send_claims(std::move(batch), place);
  }
  refuse_batch(std::move(refused), place, at);
}

void Gateway::refuse_batch(ClaimBatch batch, const Place& place, const ChainPoint& at) {
  const auto shared = std::make_shared<ClaimBatch>(std::move(batch));
  send(place.slug, read_sale_call({place.slug, place.as_newest, known(place.slug)}),
       [this, shared, place, at](const Result<Reply>& reply) {
         take_look(std::move(*shared), place, at,
                   reply ? read_read_reply(*reply) : Result<ReadAnswer>(reply.error()));
         end_turn();
       });
}

template <typename AnswerOf>
void Gateway::release_batch(const ClaimBatch& batch, const Place& place, const ClaimsAnswer& answer,
                            AnswerOf answer_of) {
  store::ClaimCounts counts{};
  const store::Instant now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < batch.claims.size(); ++i) {
    const WaitingClaim& waiting = batch.claims[i];
    store::ClaimReply reply = reply_to(waiting, place, answer, answer_of(i));
    ++counts[store::result_index(reply)];
    if (options_.probe != nullptr && reply.verdict == sale::ClaimVerdict::granted) {
      options_.probe->claim_committed(now - waiting.ticket.received);
    }
    release(waiting.ticket, std::move(reply));
  }
  if (options_.probe != nullptr) options_.probe->claims_answered(place.slug, counts);
  batcher_.ended(batch.sale);
}

void Gateway::take_look(ClaimBatch batch, const Place& place, const ChainPoint& at,
                        const Result<ReadAnswer>& answer) {
  if (!answer) return fail_batch(batch, answer.error());
  const store::SaleView& view = answer->sale.view;
  const bool is_as_it_was = answer->verdict == CallVerdict::decided && answer->at == at &&
                            view.status == sale::SaleStatus::open && view.totals.available == 0;
  if (!is_as_it_was) return send_claims(std::move(batch), place);
  ClaimsAnswer refused;
  refused.at = answer->at;
  refused.now = view.now;
  refused.opens_at = view.definition->opens_at;
  refused.claim_attempts = view.definition->claim_attempts;
  ClaimAnswer of_claim;
  of_claim.sequence = answer->at.sequence;
  of_claim.held = view.totals.held;
  of_claim.next_return_at = view.next_return_at;
  release_batch(batch, place, refused, [&](std::size_t) -> const ClaimAnswer& { return of_claim; });
}

void Gateway::learn_if_sold_out(const Place& place, const ClaimsAnswer& answer) {
  const auto is_sold_out = [](const ClaimAnswer& each) {
    return each.verdict == sale::ClaimVerdict::refused && each.refusal == sale::Refusal::sold_out;
  };
  if (answer.claims.size() < kWorthALook ||
      !std::all_of(answer.claims.begin(), answer.claims.end(), is_sold_out) ||
      !sold_out_.refused(place.slug, answer.at, answer.claims.size())) {
    return;
  }
  send(place.slug, read_sale_call({place.slug, place.as_newest, known(place.slug)}),
       [this, place](const Result<Reply>& reply) {
         const Result<ReadAnswer> sale = reply ? read_read_reply(*reply) : reply.error();
         if (!sale || sale->verdict != CallVerdict::decided ||
             sale->sale.view.totals.available > 0) {
           return sold_out_.give_up(place.slug);
         }
         note(place.slug, sale->at);
         sold_out_.learn(place.slug, *sale);
       });
}

void Gateway::send_claims(ClaimBatch batch, const Place& place) {
  std::vector<sale::ClaimUnits> claims;
  claims.reserve(batch.claims.size());
  for (const WaitingClaim& each : batch.claims) claims.push_back(each.claim);
  const FunctionCall call = claim_call({place.slug, place.as_newest, known(place.slug)}, claims);
  const auto shared = std::make_shared<ClaimBatch>(std::move(batch));
  send(place.slug, call, [this, shared, place](Result<Reply> reply) {
    take_batch(std::move(*shared), place,
               reply ? read_claim_reply(*reply, shared->claims.size())
                     : Result<ClaimsAnswer>(reply.error()));
    end_turn();
  });
}

void Gateway::take_batch(ClaimBatch batch, const Place& place, const Result<ClaimsAnswer>& answer) {
  if (!answer) return fail_batch(batch, answer.error());
  switch (answer->verdict) {
    case CallVerdict::other_round:
      follow_round(answer->newest_round);
      return batcher_.put_back(std::move(batch));
    case CallVerdict::again:
      note(place.slug, answer->at);
      return batcher_.put_back(std::move(batch));
    case CallVerdict::rewound:
      freeze(place.slug);
      return fail_batch(batch, rewound_error(place.slug));
    case CallVerdict::no_sale:
    case CallVerdict::no_claim:
    case CallVerdict::due:
      for (const WaitingClaim& each : batch.claims) release(each.ticket, store::NoSuchSale{});
      return batcher_.ended(batch.sale);
    case CallVerdict::decided:
      break;
  }
  note(place.slug, answer->at);
  learn_if_sold_out(place, *answer);
  release_batch(batch, place, *answer,
                [&](std::size_t i) -> const ClaimAnswer& { return answer->claims[i]; });
}

void Gateway::fail_batch(const ClaimBatch& batch, const Error& error) {
  for (const WaitingClaim& each : batch.claims) release(each.ticket, error);
  if (options_.probe != nullptr) {
    options_.probe->claims_failed(batch.sale.view(), batch.claims.size());
  }
  batcher_.ended(batch.sale);
}

void Gateway::remember_grant(OfSale& sale, sale::SaleOrdinal ordinal, const sale::BuyerId& buyer,
                             sale::ClaimOrdinal number) {
  if (remembered_ == kAllRemembered) forget_oldest_grants();
  sale.ordinal = ordinal;
  sale.last_grant = ++grants_;
  sale.granted.push_back({number, std::string(buyer.view())});
  if (sale.granted.size() > kGrantedRemembered) {
    sale.granted.pop_front();
  } else {
    ++remembered_;
  }
}

// Those of the sale that granted nothing for the longest.
void Gateway::forget_oldest_grants() {
  OfSale* oldest = nullptr;
  for (auto& [slug, sale] : sales_) {
    if (sale.granted.empty()) continue;
    if (oldest == nullptr || sale.last_grant < oldest->last_grant) oldest = &sale;
  }
  remembered_ -= oldest->granted.size();
  oldest->granted.clear();
}

store::ClaimReply Gateway::reply_to(const WaitingClaim& waiting, const Place& place,
                                    const ClaimsAnswer& answer, const ClaimAnswer& of_claim) {
  store::ClaimReply reply;
  reply.verdict = of_claim.verdict;
  reply.sale.assign(place.slug);
  reply.sequence = of_claim.sequence;
  if (of_claim.verdict != sale::ClaimVerdict::refused) {
    reply.claim = of_claim.claim.view;
    reply.claim.id = claim_ids_.encode({answer.ordinal, of_claim.claim.number});
    reply.claim.buyer = waiting.claim.buyer;
    if (of_claim.verdict == sale::ClaimVerdict::granted) {
      remember_grant(sales_[place.slug], answer.ordinal, reply.claim.buyer, of_claim.claim.number);
    }
    return reply;
  }
  ++sales_[place.slug].refused[static_cast<std::size_t>(of_claim.refusal)];
  reply.refusal = of_claim.refusal;
  reply.now = answer.now;
  reply.opens_at = answer.opens_at;
  reply.available = of_claim.available;
  reply.availability = of_claim.available > 0 ? sale::Availability::available
                       : of_claim.held > 0    ? sale::Availability::all_held
                                              : sale::Availability::gone;
  reply.next_return_at = of_claim.next_return_at;
  reply.claim_attempts = answer.claim_attempts;
  for (const sale::ClaimOrdinal number : of_claim.live) {
    reply.claims.push_back(claim_ids_.encode({answer.ordinal, number}));
  }
  return reply;
}

}  // namespace doorbuster::redis
