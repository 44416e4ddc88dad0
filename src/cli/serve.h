// `doorbuster serve`: wires the store, the API and the servers, and runs them until a signal.
//
// Thread: main; it becomes the first I/O thread.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode serve(const ServeArguments& arguments);

}  // namespace doorbuster::cli
