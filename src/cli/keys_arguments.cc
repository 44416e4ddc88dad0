#include <CLI/CLI.hpp>
#include <memory>

#include "api/key_file.h"
#include "api/scope.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "cli/key_expiry.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kKeysAbout =
    "Examples:\n"
    "  doorbuster keys create shop --scopes all\n"
    "  doorbuster keys list\n"
    "  doorbuster keys revoke shop\n"
    "\n"
    "The keys by which merchants' programs ask a server. They stand in a file, as hashes; a "
    "running\n"
    "server follows it within a second.\n";

constexpr std::string_view kKeysCreateAbout =
    "Examples:\n"
    "  doorbuster keys create shop --scopes all\n"
    "  doorbuster keys create checkout --scopes claims:read,claims:write --expires 90d\n"
    "  (umask 077; doorbuster keys create ci --scopes sales:read > ci.key)\n"
    "\n"
    "Makes a key and writes it to stdout, this once: what is kept is its hash. Scopes: "
    "sales:read,\n"
    "sales:write, claims:read, claims:write, events:read, webhooks:write, or all of them by "
    "'all'.\n";

constexpr std::string_view kKeysListAbout =
    "Examples:\n"
    "  doorbuster keys list\n"
    "  doorbuster keys list --json\n"
    "\n"
    "All keys with what they may do, the revoked and expired ones too.\n";

constexpr std::string_view kRevokeAbout =
    "Examples:\n"
    "  doorbuster keys revoke shop\n"
    "  doorbuster keys revoke db_sk_1a2b3c4d\n"
    "\n"
    "Ends a key for ever, by its name or its prefix (or the whole key, if it has leaked). Revoking "
    "it\n"
    "again changes nothing.\n";

std::string name_flaw(const std::string& name) {
  return api::is_key_name(name)
             ? std::string()
             : "'" + name + "' is no name for a key: 1 to 64 letters, digits, '.', '_' and '-'";
}

std::string scopes_flaw(const std::string& list) {
  const auto scopes = api::parse_scopes(list);
  return scopes ? std::string() : scopes.error().message;
}

std::string expiry_flaw(const std::string& text) {
  const auto expiry = parse_expiry(text, SystemClock().wall());
  return expiry ? std::string() : expiry.error().message;
}

void add_place(CLI::App& command, KeyFileArguments& place) {
  command
      .add_option("--file", place.file,
                  "The file of keys, as the server's --keys.file; without it, DIR/keys.json")
      ->type_name("FILE");
  command.add_option("--data-dir", place.data_dir, "The server's data directory")->type_name("DIR");
}

}  // namespace

void add_keys_commands(CLI::App& app, Commands& commands) {
  CLI::App* keys = add_command(app, "keys", "Make, list and revoke keys", kKeysAbout);

  const auto create = std::make_shared<KeysCreateArguments>();
  CLI::App* command = add_command(*keys, "create", "Make a key", kKeysCreateAbout);
  command->add_option("NAME", create->name, "What the key is called")
      ->required()
      ->type_name("")
      ->check(CLI::Validator(name_flaw, "", "name"));
  command->add_option("--scopes", create->scopes, "What it may do, or 'all'")
      ->required()
      ->type_name("LIST")
      ->check(CLI::Validator(scopes_flaw, "", "scopes"));
  command->add_option("--expires", create->expires, "When it ends: 90d, a time, or never")
      ->type_name("TIME")
      ->check(CLI::Validator(expiry_flaw, "", "expires"));
  add_place(*command, create->place);
  command->add_flag("--json", create->json, "The key and its record as JSON");
  commands.push_back({command, [create] { return Arguments(*create); }});

  const auto list = std::make_shared<KeysListArguments>();
  command = add_command(*keys, "list", "List all keys", kKeysListAbout);
  add_place(*command, list->place);
  command->add_flag("--json", list->json, "The result as JSON");
  commands.push_back({command, [list] { return Arguments(*list); }});

  const auto revoke = std::make_shared<KeysRevokeArguments>();
  command = add_command(*keys, "revoke", "End a key for ever", kRevokeAbout);
  command->add_option("KEY", revoke->key, "Its name or its prefix")->required()->type_name("");
  add_place(*command, revoke->place);
  commands.push_back({command, [revoke] { return Arguments(*revoke); }});
}

}  // namespace doorbuster::cli
