#include "store/redis/claim_batcher.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"

namespace doorbuster::redis {

ClaimBatcher::ClaimBatcher(BatchLimits limits) : limits_(limits) {
  CHECK(limits_.claims > 0 && limits_.units > 0 && limits_.under_way > 0 && limits_.waiting > 0);
}

bool ClaimBatcher::add(const sale::ClaimUnits& claim, const store::Ticket& ticket) {
  if (waiting_ >= limits_.waiting) return false;
  auto sale = sales_.find(claim.sale.view());
  if (sale == sales_.end()) sale = sales_.emplace(claim.sale.view(), OfSale{}).first;
  sale->second.claims.push_back({claim, ticket});
  ++waiting_;
  take_turn(sale);
  return true;
}

std::optional<ClaimBatch> ClaimBatcher::next() {
  while (!turns_.empty()) {
    const auto sale = turns_.front();
    turns_.pop_front();
    OfSale& of_sale = sale->second;
    of_sale.in_turns = false;
    const std::size_t size = next_size(of_sale);
    if (of_sale.under_way >= limits_.under_way ||
        (of_sale.under_way > 0 && !is_full(of_sale, size))) {
      continue;  // until a claim comes, or a batch ends
    }
    ClaimBatch batch{sale::Slug(sale->first), {}};
    const auto end = of_sale.claims.begin() + static_cast<std::ptrdiff_t>(size);
    batch.claims.assign(std::make_move_iterator(of_sale.claims.begin()),
                        std::make_move_iterator(end));
    of_sale.claims.erase(of_sale.claims.begin(), end);
    waiting_ -= size;
    ++of_sale.under_way;
    take_turn(sale);
    return batch;
  }
  return std::nullopt;
}

ClaimBatch ClaimBatcher::split(ClaimBatch& batch,
                               const std::function<bool(const WaitingClaim&)>& is_other) {
  const auto sale = sales_.find(batch.sale.view());
  CHECK(sale != sales_.end() && sale->second.under_way > 0);
  ClaimBatch others{batch.sale, {}};
  const auto end = std::stable_partition(batch.claims.begin(), batch.claims.end(),
                                         [&](const auto& claim) { return !is_other(claim); });
  others.claims.assign(std::make_move_iterator(end), std::make_move_iterator(batch.claims.end()));
  batch.claims.erase(end, batch.claims.end());
  if (!others.claims.empty()) ++sale->second.under_way;
  return others;
}

void ClaimBatcher::ended(const sale::Slug& sale) { batch_ended(sale.view()); }

void ClaimBatcher::put_back(ClaimBatch batch) {
  const auto sale = sales_.find(batch.sale.view());
  CHECK(sale != sales_.end());
  // Beyond the bound, if need be: they had a place before.
  waiting_ += batch.claims.size();
  auto& claims = sale->second.claims;
  claims.insert(claims.begin(), std::make_move_iterator(batch.claims.begin()),
                std::make_move_iterator(batch.claims.end()));
  batch_ended(batch.sale.view());
}

std::size_t ClaimBatcher::next_size(const OfSale& sale) const {
  const std::size_t most = std::min(sale.claims.size(), limits_.claims);
  std::uint64_t units = 0;
  for (std::size_t i = 0; i < most; ++i) {
    units += sale.claims[i].claim.quantity;
    if (units > limits_.units) return std::max<std::size_t>(i, 1);
  }
  return most;
}

bool ClaimBatcher::is_full(const OfSale& sale, std::size_t size) const {
  return size == limits_.claims || size < sale.claims.size();
}

void ClaimBatcher::take_turn(Sales::iterator sale) {
  if (sale->second.claims.empty() || std::exchange(sale->second.in_turns, true)) return;
  turns_.push_back(sale);
}

void ClaimBatcher::batch_ended(std::string_view sale) {
  const auto found = sales_.find(sale);
  CHECK(found != sales_.end() && found->second.under_way > 0);
  --found->second.under_way;
  take_turn(found);
  forget_if_idle(found);
}

void ClaimBatcher::forget_if_idle(Sales::iterator sale) {
  const OfSale& of_sale = sale->second;
  if (of_sale.under_way > 0 || of_sale.in_turns) return;
  CHECK(of_sale.claims.empty());
  sales_.erase(sale);
}

}  // namespace doorbuster::redis
