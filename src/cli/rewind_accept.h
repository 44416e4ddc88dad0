// `doorbuster sale accept-rewind`: a merchant has seen which acknowledged claims Redis has lost,
// and the sale goes on without them.
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode accept_rewind(const RewindAcceptArguments& arguments);

}  // namespace doorbuster::cli
