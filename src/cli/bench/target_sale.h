// The sale that a crowd is sent to: one that is there, or one made for it.
//
// Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/api_client.h"
#include "cli/bench/plan.h"

namespace doorbuster::bench {

struct TargetSale {
  std::string id;
  bool is_ours = false;
  std::uint64_t stock = 0;
  std::uint64_t hold_seconds = 0;
  std::int64_t opens_in = 0;  // ns from when it was asked; 0: it is open, or will never be
};

// Publishes a sale that opens in a moment, or reads that of `id` where one is named.
std::optional<cli::Refusal> find_sale(cli::ApiClient& client, const std::string& id,
                                      const std::string& tag, const Plan& plan, TargetSale& sale);

}  // namespace doorbuster::bench
