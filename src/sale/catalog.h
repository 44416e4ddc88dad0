// All sales of a store, by number and by slug.
//
// Thread: engine. Owns: the sales.
// Invariants: ordinals are dense and a slug is never reused; `goods` is no slug of its own but
// names the newest of the recipe's rounds `goods-1`, `goods-2`, ... (R14).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sale/sale_state.h"

namespace doorbuster::sale {

class Catalog {
 public:
  explicit Catalog(const HashKey& buyer_hash_key) : buyer_hash_key_(buyer_hash_key) {}

  std::uint32_t size() const { return static_cast<std::uint32_t>(sales_.size()); }
  const SaleState& operator[](SaleOrdinal sale) const { return *sales_[sale.value]; }
  // The sale of this slug; `goods` finds the newest round. Null: there is none, or no more.
  const SaleState* find(std::string_view slug) const;
  // The same, and deleted sales too.
  const SaleState* find_ever(std::string_view slug) const;
  std::uint32_t newest_round() const { return newest_round_; }  // 0: none was published

  // Holds that exist now do not end before `until` (R15, after an outage).
  void grant_grace(Time until);

 private:
  friend struct Applier;    // apply.cc
  friend struct SaleImage;  // sale_image.cc

  struct SlugHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view slug) const {
      return std::hash<std::string_view>{}(slug);
    }
  };

  HashKey buyer_hash_key_;
  std::vector<std::unique_ptr<SaleState>> sales_;
  std::unordered_map<std::string, SaleOrdinal, SlugHash, std::equal_to<>> by_slug_;
  std::uint32_t newest_round_ = 0;
};

std::string round_slug(std::uint32_t round);

// The number of the round with this slug; 0 for a slug that is no round's.
std::uint32_t round_of(std::string_view slug);

}  // namespace doorbuster::sale
