// Settings read again while the server runs (SIGHUP).
//
// Thread: any; a pure function.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/server_settings.h"

namespace doorbuster::cli {

// Takes over into `running` what can change without a restart; nothing at all where something is
// wrong. The result says in sentences what has become of everything that differs.
std::vector<std::string> reload(ServeArguments& running, Configuration read);

}  // namespace doorbuster::cli
