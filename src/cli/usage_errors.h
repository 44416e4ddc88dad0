// What is said of a command line that cannot be understood.
//
// Thread: main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/exit_code.h"

namespace doorbuster::cli {

// All of them to stderr, and the code to end with.

// Where to read on, for the command that was named as far as it was understood.
ExitCode point_to_help(const CLI::App& app);
// The first word that means nothing there, and what may have been meant.
ExitCode explain_unknown(const CLI::App& app);
// `message` of the library's, in plain words.
ExitCode explain(const CLI::App& app, const std::string& message);

}  // namespace doorbuster::cli
