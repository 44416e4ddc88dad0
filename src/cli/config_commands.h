// doorbuster config: what is set, from where, and what is wrong with it. Nothing is started.
//
// Thread: main.
#pragma once

#include <vector>

#include "cli/arguments.h"
#include "cli/settings_reader.h"

namespace doorbuster::cli {

// The settings in effect to stdout, as a file of settings or as JSON.
ExitCode print_config(const ConfigPrintArguments& arguments);

// Every mistake to stderr; with --json as JSON to stdout too.
ExitCode check_config(const ConfigCheckArguments& arguments);

// Every mistake as a line on stderr.
void tell(const std::vector<SettingMistake>& mistakes);

}  // namespace doorbuster::cli
