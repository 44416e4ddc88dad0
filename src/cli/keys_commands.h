// `doorbuster keys ...`: makes, lists and revokes the keys of merchants, in their file. They ask no
// server; a running one follows the file.
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

// The key goes to stdout alone on its line, so that a script can take it.
ExitCode create_key(const KeysCreateArguments& arguments);
ExitCode list_keys(const KeysListArguments& arguments);
ExitCode revoke_key(const KeysRevokeArguments& arguments);

}  // namespace doorbuster::cli
