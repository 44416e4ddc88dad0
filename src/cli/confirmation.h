// Asks before what cannot be undone.
//
// Thread: main.
#pragma once

#include <optional>
#include <string>

#include "cli/exit_code.h"

namespace doorbuster::cli {

// On a terminal: shows `warning` and waits for `id` to be typed. Nothing when it was; else why was
// said, and how the command ends. Where nobody can be asked that is usage: --yes is missing.
std::optional<ExitCode> ask_to_type(const std::string& id, const std::string& warning);

}  // namespace doorbuster::cli
