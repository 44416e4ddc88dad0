#include "cli/arguments.h"
#include "cli/health.h"
#include "cli/serve.h"
#include "cli/verify.h"

namespace {

using namespace doorbuster::cli;

// Each command's arguments to the command.
struct Run {
  ExitCode operator()(const ServeArguments& arguments) const { return serve(arguments); }
  ExitCode operator()(const VerifyArguments& arguments) const { return verify(arguments); }
  ExitCode operator()(const HealthArguments& arguments) const { return health(arguments); }
  ExitCode operator()(ExitCode decided) const { return decided; }
};

}  // namespace

int main(int argc, char** argv) {
  return static_cast<int>(std::visit(Run{}, parse_arguments(argc, argv)));
}
