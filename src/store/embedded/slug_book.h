// The names of all sales there ever were, by their ordinals: they never change, so that who reads
// events needs nothing else of the engine's state.
//
// Thread: add() the engine's, the rest any. Owns: the names, which never move.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sale/types.h"

namespace doorbuster::embedded {

class SlugBook {
 public:
  // The next ordinal's, whose sale was created by the event at `position`.
  void add(std::string_view slug, std::uint64_t position) {
    const std::lock_guard lock(mutex_);
    const sale::SaleOrdinal ordinal{static_cast<std::uint32_t>(slugs_.size())};
    by_slug_.emplace(slugs_.emplace_back(slug), Entry{ordinal, position});
  }

  // Empty for an ordinal that was not given yet.
  std::string_view slug(sale::SaleOrdinal sale) const {
    const std::lock_guard lock(mutex_);
    return sale.value < slugs_.size() ? std::string_view(slugs_[sale.value]) : std::string_view();
  }

  // Nothing for a sale that was not created by an event up to `position`.
  std::optional<sale::SaleOrdinal> find(std::string_view slug, std::uint64_t position) const {
    const std::lock_guard lock(mutex_);
    const auto found = by_slug_.find(slug);
    if (found == by_slug_.end() || found->second.position > position) return std::nullopt;
    return found->second.ordinal;
  }

 private:
  struct Entry {
    sale::SaleOrdinal ordinal;
    std::uint64_t position = 0;
  };

  mutable std::mutex mutex_;
  std::deque<std::string> slugs_;
  std::map<std::string_view, Entry> by_slug_;  // views of slugs_
};

}  // namespace doorbuster::embedded
