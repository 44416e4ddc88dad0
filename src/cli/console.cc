#include "cli/console.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace doorbuster::cli {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

void keep_standard_descriptors() {
  int descriptor = -1;
  do {
    descriptor = ::open("/dev/null", O_RDWR);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor > STDERR_FILENO) ::close(descriptor);
}

void say(std::string_view message) {
  std::fprintf(stderr, "doorbuster: %.*s\n", static_cast<int>(message.size()), message.data());
}

ExitCode print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return ExitCode::ok;
  say(std::string("stdout: ") + std::strerror(errno));
  return ExitCode::failure;
}

bool colours_wanted() {
  return ::isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

std::string environment_language() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const std::string_view value = variable(name);
    if (value.empty()) continue;
    if (value == "C" || value.starts_with("C.") || value == "POSIX") return {};
    return std::string(value.substr(0, std::min(value.find_first_of("_.@-"), value.size())));
  }
  return {};
}

}  // namespace doorbuster::cli
