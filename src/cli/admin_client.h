// Asks a server's admin listener, for the commands by which an operator tells it something.
//
// Thread: main.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

struct AdminRequest {
  std::string url;  // of the listener
  std::string method;
  std::string target;
};

// Puts the answer's body into `body`. Otherwise it has said what went wrong, and returns how the
// command ends: usage for a URL that is none, not_ready where nobody answers, or what the server's
// refusal stands for.
ExitCode ask_admin(const AdminRequest& request, std::string& body);

}  // namespace doorbuster::cli
