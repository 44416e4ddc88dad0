#include "store/redis/gateway_probe.h"

#include <algorithm>

namespace doorbuster::redis {
namespace {

void add(store::ClaimCounts& sum, const store::ClaimCounts& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
}

}  // namespace

void GatewayProbe::claims_answered(std::string_view sale, const store::ClaimCounts& counts) {
  const std::lock_guard lock(mutex_);
  auto found = sales_.find(sale);
  if (found == sales_.end()) {
    if (sales_.size() == kNamedSales) make_room();
    found = sales_.emplace(std::string(sale), OfSale{}).first;
  }
  add(found->second.counts, counts);
  found->second.last = ++calls_;
}

void GatewayProbe::claims_failed(std::string_view name, std::uint64_t claims) {
  const std::lock_guard lock(mutex_);
  const auto found = sales_.find(name);
  has_others_ |= found == sales_.end();
  auto& counts = found == sales_.end() ? others_ : found->second.counts;
  counts[store::index_of(store::ClaimResult::error)] += claims;
}

// The one that nothing was answered for the longest joins the others.
void GatewayProbe::make_room() {
  const auto oldest =
      std::min_element(sales_.begin(), sales_.end(),
                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
  add(others_, oldest->second.counts);
  has_others_ = true;
  sales_.erase(oldest);
}

GatewayProbe::Reading GatewayProbe::claims() const {
  Reading reading;
  const std::lock_guard lock(mutex_);
  for (const auto& [slug, of_sale] : sales_) reading.named.emplace_back(slug, of_sale.counts);
  reading.others = others_;
  reading.has_others = has_others_;
  return reading;
}

}  // namespace doorbuster::redis
