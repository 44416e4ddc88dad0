// What a gateway tells of its work: how often a claim had which result, for each of the sales that
// it answered for last and for all others as one sum, and how long claims took.
//
// Thread: the gateway's; claims(), and reading the cells, any. Owns: the figures.
// Invariants: the sum over all sales never goes back.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/cells.h"
#include "metrics/histogram.h"
#include "store/claim_result.h"

namespace doorbuster::redis {

class GatewayProbe {
 public:
  static constexpr std::size_t kNamedSales = 100;

  // So many claims of one sale were answered.
  void claims_answered(std::string_view sale, const store::ClaimCounts& counts);
  // So many that were asked for under this name, which may be nobody's, got an error.
  void claims_failed(std::string_view name, std::uint64_t claims);
  // A claim is safe that came so long ago.
  void claim_committed(std::chrono::nanoseconds ago) { commit_time.observe(ago); }

  struct Reading {
    std::vector<std::pair<std::string, store::ClaimCounts>> named;
    store::ClaimCounts others{};
    bool has_others = false;
  };
  Reading claims() const;

  metrics::Histogram<metrics::kLatencyBounds> commit_time;
  metrics::Gauge waiting_commands;
  metrics::Gauge rewound_sales;

 private:
  struct OfSale {
    store::ClaimCounts counts{};
    std::uint64_t last = 0;  // the number of the call that counted here last
  };

  void make_room();

  mutable std::mutex mutex_;  // held for moments, by who looks too
  std::map<std::string, OfSale, std::less<>> sales_;
  store::ClaimCounts others_{};
  bool has_others_ = false;
  std::uint64_t calls_ = 0;
};

}  // namespace doorbuster::redis
