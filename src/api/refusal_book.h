// How often each problem was the answer, counted by each I/O thread for itself and added up by
// whoever wants to know.
//
// Thread: open() and counts() from any; a page is written by one.
// Owns: the pages, also of threads that have ended. Invariants: no count ever falls.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "api/problem.h"

namespace doorbuster::api {

using ProblemCounts = std::array<std::uint64_t, kProblemCodes>;  // by ProblemCode

class RefusalBook {
 public:
  class Page {
   public:
    // Thread: the page's own. Nobody else writes it, so it is no atomic addition.
    void add(ProblemCode code) {
      std::atomic<std::uint64_t>& count = counts_[static_cast<std::size_t>(code)];
      count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

   private:
    friend class RefusalBook;
    alignas(64) std::array<std::atomic<std::uint64_t>, kProblemCodes> counts_{};
  };

  std::shared_ptr<Page> open() {
    const std::lock_guard lock(mutex_);
    return pages_.emplace_back(std::make_shared<Page>());
  }

  ProblemCounts counts() const {
    ProblemCounts sums{};
    const std::lock_guard lock(mutex_);
    for (const auto& page : pages_) {
      for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i] += page->counts_[i].load(std::memory_order_relaxed);
      }
    }
    return sums;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Page>> pages_;
};

}  // namespace doorbuster::api
