// `doorbuster events tail`: what happens on a running server, as it happens.
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

// Ends when it is interrupted, when nobody reads any more, or when the server refuses it. A server
// that goes away is waited for, and read on from where it was left.
ExitCode tail_events(const EventsTailArguments& arguments);

}  // namespace doorbuster::cli
