// Every setting of the server, in one table, and how they are read: a flag wins over the
// environment, that over the file, that over the default.
//
// Thread: main, and the one of the signals (SIGHUP).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/setting.h"
#include "cli/settings_reader.h"

namespace doorbuster::cli {

// The table, over the values in `arguments`: what stands there is taken for the default.
std::vector<Setting> server_settings(ServeArguments& arguments);

struct Configuration {
  ServeArguments values;
  std::vector<EffectiveSetting> settings;  // in the order of the table
  std::vector<SettingMistake> mistakes;    // none: it is good
};

// Reads everything, the file too. `variables` are "NAME=value".
Configuration read_configuration(const GivenSettings& given,
                                 std::span<const std::string> variables);
// The same with the environment of this process.
Configuration read_configuration(const GivenSettings& given);

// What a command with these mistakes ends with: usage where flags alone are wrong, else
// bad_configuration.
ExitCode exit_code_of(const std::vector<SettingMistake>& mistakes);

}  // namespace doorbuster::cli
