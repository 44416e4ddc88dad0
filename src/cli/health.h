// `doorbuster health`: asks /readyz of a server's admin listener.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode health(const HealthArguments& arguments);

}  // namespace doorbuster::cli
