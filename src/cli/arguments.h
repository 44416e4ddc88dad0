// The command line as values.
//
// Thread: main.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "cli/exit_code.h"

namespace doorbuster::cli {

std::string_view version();  // "0.1.0"

struct ServeArguments {
  bool dev = false;
  bool demo = false;
  bool behind_proxy = false;
  std::string data_dir = "./data";
  std::string http_listen = "127.0.0.1:8080";
  std::string admin_listen = "127.0.0.1:8081";
  unsigned io_threads = 1;
  std::uint64_t journal_segment_bytes = std::uint64_t{64} << 20;
};

struct VerifyArguments {
  std::string data_dir;
  bool json = false;
};

struct HealthArguments {
  std::string url = "http://127.0.0.1:8081";
  bool json = false;
};

// An exit code where there is nothing left to do: help was shown, or a mistake explained.
using Arguments = std::variant<ServeArguments, VerifyArguments, HealthArguments, ExitCode>;

Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace doorbuster::cli
