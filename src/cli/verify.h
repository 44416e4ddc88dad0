// `doorbuster verify DIR|BACKUP`: one sentence on stdout that says whether the data adds up.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode verify(const VerifyArguments& arguments);

}  // namespace doorbuster::cli
