#include "cli/arguments.h"
#include "cli/backup_commands.h"
#include "cli/bench/bench.h"
#include "cli/claims_commands.h"
#include "cli/clock_accept.h"
#include "cli/config_commands.h"
#include "cli/console.h"
#include "cli/events_tail.h"
#include "cli/explain.h"
#include "cli/health.h"
#include "cli/keys_commands.h"
#include "cli/rewind_accept.h"
#include "cli/sale_commands.h"
#include "cli/serve.h"
#include "cli/verify.h"

namespace {

using namespace doorbuster::cli;

// Each command's arguments to the command.
struct Run {
  ExitCode operator()(const ServeArguments& arguments) const { return serve(arguments); }
  ExitCode operator()(const VerifyArguments& arguments) const { return verify(arguments); }
  ExitCode operator()(const BackupArguments& arguments) const { return back_up(arguments); }
  ExitCode operator()(const RestoreArguments& arguments) const { return restore(arguments); }
  ExitCode operator()(const RepairArguments& arguments) const { return repair(arguments); }
  ExitCode operator()(const HealthArguments& arguments) const { return health(arguments); }
  ExitCode operator()(const SaleCreateArguments& arguments) const { return create_sale(arguments); }
  ExitCode operator()(const SaleSetArguments& arguments) const { return set_sale(arguments); }
  ExitCode operator()(const SaleListArguments& arguments) const { return list_sales(arguments); }
  ExitCode operator()(const SaleShowArguments& arguments) const { return show_sale(arguments); }
  ExitCode operator()(const SaleActArguments& arguments) const { return act_on_sale(arguments); }
  ExitCode operator()(const ClaimsListArguments& arguments) const { return list_claims(arguments); }
  ExitCode operator()(const ClaimsExportArguments& arguments) const {
    return export_claims(arguments);
  }
  ExitCode operator()(const EventsTailArguments& arguments) const { return tail_events(arguments); }
  ExitCode operator()(const ExplainArguments& arguments) const { return explain(arguments); }
  ExitCode operator()(const ClockAcceptArguments& arguments) const {
    return accept_clock(arguments);
  }
  ExitCode operator()(const RewindAcceptArguments& arguments) const {
    return accept_rewind(arguments);
  }
  ExitCode operator()(const KeysCreateArguments& arguments) const { return create_key(arguments); }
  ExitCode operator()(const KeysListArguments& arguments) const { return list_keys(arguments); }
  ExitCode operator()(const KeysRevokeArguments& arguments) const { return revoke_key(arguments); }
  ExitCode operator()(const BenchArguments& arguments) const {
    return doorbuster::bench::send_crowd(arguments);
  }
  ExitCode operator()(const ConfigPrintArguments& arguments) const {
    return print_config(arguments);
  }
  ExitCode operator()(const ConfigCheckArguments& arguments) const {
    return check_config(arguments);
  }
  ExitCode operator()(ExitCode decided) const { return decided; }
};

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors();
  return static_cast<int>(std::visit(Run{}, parse_arguments(argc, argv)));
}
