#include "store/embedded/sale_figures.h"

#include <algorithm>

namespace doorbuster::embedded {

void SaleFigures::add(const SaleFigures& more) {
  for (std::size_t i = 0; i < claims.size(); ++i) claims[i] += more.claims[i];
  for (std::size_t i = 0; i < released.size(); ++i) released[i] += more.released[i];
  stock += more.stock;
  available += more.available;
  held += more.held;
  confirmed += more.confirmed;
  for (std::size_t i = 0; i < in_status.size(); ++i) in_status[i] += more.in_status[i];
}

std::array<std::uint64_t, sale::kRefusals> refused_of(const ClaimTally& tally) {
  std::array<std::uint64_t, sale::kRefusals> refused{};
  std::copy(tally.claims.begin() + index_of(ClaimResult::first_refusal), tally.claims.end(),
            refused.begin());
  return refused;
}

SaleFigures figures_of(const sale::SaleState& sale, const ClaimTally& tally) {
  SaleFigures figures;
  figures.claims = tally.claims;
  figures.released = sale.released();
  if (sale.deleted()) return figures;
  const sale::Totals& totals = sale.totals();
  figures.stock = totals.stock;
  figures.available = totals.available;
  figures.held = totals.held;
  figures.confirmed = totals.confirmed;
  figures.in_status[static_cast<std::size_t>(sale.status())] = 1;
  return figures;
}

}  // namespace doorbuster::embedded
