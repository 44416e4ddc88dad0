// `doorbuster clock accept`: the operator's word that the machine's clock is as it shall be (R15).
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode accept_clock(const ClockAcceptArguments& arguments);

}  // namespace doorbuster::cli
