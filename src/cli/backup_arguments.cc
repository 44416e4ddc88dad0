#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kBackupAbout =
    "Examples:\n"
    "  doorbuster backup ./data /backups/2026-11-26\n"
    "  doorbuster backup ./data /backups/2026-11-26 --json\n"
    "\n"
    "Copies a data directory as it stands now, while a server sells from it. All that was\n"
    "acknowledged before is in the copy, which appears whole or not at all. It takes events, the\n"
    "snapshot, and the keys where they stand in the data directory. Put it on another disk.\n";

constexpr std::string_view kRestoreAbout =
    "Examples:\n"
    "  doorbuster verify /backups/2026-11-26\n"
    "  doorbuster restore /backups/2026-11-26 ./data\n"
    "\n"
    "Makes a data directory from a backup: a new one, or one that is empty. What the store gave "
    "out\n"
    "after the backup, ids of claims and cursors, is not known there. Every sale that is not\n"
    "closed is paused: look first, then `doorbuster sale resume`.\n";

constexpr std::string_view kRepairAbout =
    "Examples:\n"
    "  doorbuster verify ./data                               what is damaged?\n"
    "  doorbuster repair ./data --to ./repaired               what can be kept?\n"
    "  doorbuster repair ./data --to ./repaired --drop-acknowledged\n"
    "\n"
    "Writes what can be kept of a damaged data directory to another one, and says what cannot. Of\n"
    "each sale everything up to the first event that is lost is kept. Where something that was\n"
    "acknowledged is lost it writes nothing unless told to; a backup may have it. The sales begin\n"
    "paused, and the feed of events begins anew. Exit code 3: nothing was written.\n";

}  // namespace

void add_backup_commands(CLI::App& app, Commands& commands) {
  const auto backup = std::make_shared<BackupArguments>();
  CLI::App* command =
      add_command(app, "backup", "Copy a data directory, also one in use", kBackupAbout);
  command->add_option("DIR", backup->data_dir, "The data directory")->required()->type_name("");
  command->add_option("TO", backup->backup_dir, "Where the backup is to be: new, or empty")
      ->required()
      ->type_name("");
  command->add_flag("--json", backup->json, "The result as JSON");
  commands.push_back({command, [backup] { return Arguments(*backup); }});

  const auto restore = std::make_shared<RestoreArguments>();
  command = add_command(app, "restore", "Make a data directory from a backup", kRestoreAbout);
  command->add_option("BACKUP", restore->backup_dir, "The backup")->required()->type_name("");
  command->add_option("DIR", restore->data_dir, "The data directory: new, or empty")
      ->required()
      ->type_name("");
  command->add_flag("--json", restore->json, "The result as JSON");
  commands.push_back({command, [restore] { return Arguments(*restore); }});

  const auto repair = std::make_shared<RepairArguments>();
  command = add_command(app, "repair", "Save what can be saved of a damaged one", kRepairAbout);
  command->add_option("DIR", repair->data_dir, "The damaged data directory; it stays as it is")
      ->required()
      ->type_name("");
  command->add_option("--to", repair->to, "Where what is kept is to be: new, or empty")
      ->required()
      ->type_name("DIR");
  command->add_flag("--drop-acknowledged", repair->drop_acknowledged,
                    "Go on without what was acknowledged and is lost");
  command->add_flag("--json", repair->json, "The result as JSON");
  commands.push_back({command, [repair] { return Arguments(*repair); }});
}

}  // namespace doorbuster::cli
