// `doorbuster backup`, `restore` and `repair`: what they did as a sentence or as JSON on stdout.
//
// Thread: main.
#pragma once

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode back_up(const BackupArguments& arguments);
ExitCode restore(const RestoreArguments& arguments);
ExitCode repair(const RepairArguments& arguments);

// How a command about a data directory ends that could not read or write it.
ExitCode exit_code_of(ErrorCode code);

}  // namespace doorbuster::cli
