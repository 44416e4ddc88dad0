// `doorbuster claims ...`: the claims of a running server's sale.
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode list_claims(const ClaimsListArguments& arguments);

// Holds one page of claims at a time, however many there are.
ExitCode export_claims(const ClaimsExportArguments& arguments);

}  // namespace doorbuster::cli
