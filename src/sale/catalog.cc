#include "sale/catalog.h"

#include <charconv>

namespace doorbuster::sale {

const SaleState* Catalog::find(std::string_view slug) const {
  const SaleState* sale = find_ever(slug);
  return sale == nullptr || sale->deleted() ? nullptr : sale;
}

const SaleState* Catalog::find_ever(std::string_view slug) const {
  if (slug == kRoundsSlug) {
    if (newest_round_ == 0) return nullptr;
    return find_ever(round_slug(newest_round_));
  }
  const auto found = by_slug_.find(slug);
  return found == by_slug_.end() ? nullptr : sales_[found->second.value].get();
}

void Catalog::grant_grace(Time until) {
  for (const auto& sale : sales_) sale->grant_grace(until);
}

std::string round_slug(std::uint32_t round) {
  return std::string(kRoundsSlug) + "-" + std::to_string(round);
}

std::uint32_t round_of(std::string_view slug) {
  if (!slug.starts_with(kRoundsSlug)) return 0;
  slug.remove_prefix(kRoundsSlug.size());
  if (!slug.starts_with('-')) return 0;
  slug.remove_prefix(1);
  std::uint32_t round = 0;
  const auto [end, error] = std::from_chars(slug.data(), slug.data() + slug.size(), round);
  if (error != std::errc{} || end != slug.data() + slug.size() || slug.starts_with('0')) return 0;
  return round;
}

}  // namespace doorbuster::sale
