#include "api/exchange.h"

#include "base/check.h"

namespace doorbuster::api {

Exchange& ExchangeSlab::open() {
  if (free_.empty()) {
    Exchange& fresh = exchanges_.emplace_back();
    fresh.place = static_cast<std::uint32_t>(exchanges_.size() - 1);
    return fresh;
  }
  Exchange& used = exchanges_[free_.back()];
  free_.pop_back();
  return used;
}

void ExchangeSlab::close(Exchange& exchange) {
  exchange.responder = {};
  exchange.render = nullptr;
  exchange.trace = {};
  exchange.note.reset();
  exchange.page_origin = {};
  exchange.varies_by_origin = false;
  exchange.head = false;
  exchange.as_text = false;
  exchange.only_of = {};
  exchange.patch.reset();
  exchange.claims.reset();
  exchange.search.reset();
  exchange.if_none_match.clear();
  ++exchange.generation;
  free_.push_back(exchange.place);
}

Exchange& ExchangeSlab::at(std::uint64_t context) {
  const auto place = static_cast<std::uint32_t>(context);
  CHECK(place < exchanges_.size());
  Exchange& exchange = exchanges_[place];
  CHECK(exchange.generation == context >> 32);
  return exchange;
}

}  // namespace doorbuster::api
