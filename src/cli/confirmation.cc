#include "cli/confirmation.h"

#include <unistd.h>

#include <cstdio>

#include "cli/console.h"

namespace doorbuster::cli {
namespace {

std::string line_of_stdin() {
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) {
    line += static_cast<char>(c);
  }
  return line;
}

}  // namespace

std::optional<ExitCode> ask_to_type(const std::string& id, const std::string& warning) {
  if (::isatty(STDIN_FILENO) != 1) {
    say(warning + ": say --yes, since nobody can be asked here");
    return ExitCode::usage;
  }
  std::fprintf(stderr, "%s. Type its id to do it: ", warning.c_str());
  std::fflush(stderr);
  if (line_of_stdin() == id) return std::nullopt;
  say("that is not '" + id + "': nothing was done");
  return ExitCode::failure;
}

}  // namespace doorbuster::cli
