// Reads a sale back from its server, and holds it to the crowd's record.
//
// Thread: one at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/api_client.h"
#include "cli/bench/audit.h"

namespace doorbuster::bench {

// Reads every claim into `audit` and lets it judge. A server that is busy or restarts is waited
// for, with up to `tries` of each request, half a second apart. `progress` is told how many claims
// were read.
std::optional<cli::Refusal> read_back(cli::ApiClient& client, const std::string& sale, int tries,
                                      Audit& audit, SaleFigures& figures,
                                      const std::function<void(std::uint64_t)>& progress);

}  // namespace doorbuster::bench
