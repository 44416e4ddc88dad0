// Scripts that let a shell complete what is typed, made from the tree of commands.
//
// Thread: main; pure functions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace doorbuster::cli {

std::string bash_completions(const CLI::App& root);
std::string zsh_completions(const CLI::App& root);

}  // namespace doorbuster::cli
