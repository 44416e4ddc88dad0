// The key that a command shows to the server.
//
// Thread: main.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/arguments.h"

namespace doorbuster::cli {

// From --key-file, DOORBUSTER_API_KEY, or the file that DOORBUSTER_API_KEY_FILE names; empty where
// there is none of them, as a server with --dev needs none. A key never stands on the command line,
// which everybody on the machine can read. invalid_argument, in words, for a file that cannot be
// read, for what cannot be a key, and where both variables are set.
Result<std::string> credential_of(const ApiArguments& arguments);

}  // namespace doorbuster::cli
