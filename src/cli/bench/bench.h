// `doorbuster bench`: sends a crowd to a server, and checks what it did.
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::bench {

cli::ExitCode send_crowd(const cli::BenchArguments& arguments);

}  // namespace doorbuster::bench
