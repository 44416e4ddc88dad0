// What --help shows: examples first, then all there is to give, in two columns of at most 100
// places.
//
// Thread: main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace doorbuster::cli {

// The examples, with what the command does behind them, are the app's footer, since what the
// library calls an app's description stands in the list of commands.
class Help final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace doorbuster::cli
