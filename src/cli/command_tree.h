// Questions to the tree of commands that the command line is read by; help, hints and completions
// come from it, so that none of them can forget an option.
//
// Thread: main; pure functions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace doorbuster::cli {

const CLI::App& root_of(const CLI::App& app);

// "doorbuster sale create"
std::string full_name(const CLI::App& command);

std::vector<const CLI::App*> commands_of(const CLI::App& app);
std::vector<const CLI::Option*> options_of(const CLI::App& app);    // with dashes
std::vector<const CLI::Option*> arguments_of(const CLI::App& app);  // without

bool takes_value(const CLI::Option& option);

// The words a value is chosen from, for a type name such as "csv|ndjson"; none for any other.
std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace doorbuster::cli
