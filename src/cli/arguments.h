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
  std::string keys_file;        // empty: keys.json in the data directory
  std::string trusted_proxies;  // networks between commas
  std::string cors_origins;     // origins between commas
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

// Of every command that asks a server's API.
struct ApiArguments {
  std::string url = "http://127.0.0.1:8080";
  std::string key_file;  // empty: not given
  bool json = false;
};

// What a sale is made with or changed to; only what was given is sent. Times are text as given, for
// the server to judge; "none" is none.
struct SaleTerms {
  std::string stock;  // digits; with a sign before them, as far as `set` takes that, a difference
  std::optional<std::string> title;
  std::optional<std::uint64_t> per_buyer_limit;
  std::optional<std::uint64_t> hold_seconds;
  std::optional<std::string> opens_at;
  std::optional<std::string> closes_at;
  std::optional<std::string> late_payment;
  std::optional<std::uint64_t> claim_attempts;
  std::optional<std::uint64_t> max_extension_seconds;
  std::optional<std::uint64_t> archive_after_seconds;
  std::optional<std::string> metadata;  // JSON
};

struct SaleCreateArguments {
  ApiArguments api;
  std::string sale;
  SaleTerms terms;
};

struct SaleSetArguments {
  ApiArguments api;
  std::string sale;
  SaleTerms terms;
};

struct SaleListArguments {
  ApiArguments api;
};

struct SaleShowArguments {
  ApiArguments api;
  std::string sale;
};

enum class SaleAct { pause, resume, close, cancel, delete_ };

struct SaleActArguments {
  ApiArguments api;
  std::string sale;
  SaleAct act = SaleAct::pause;
  bool yes = false;  // do not ask
};

struct ClaimsListArguments {
  ApiArguments api;
  std::string sale;
  std::uint64_t limit = 50;
  std::string after;  // a cursor; empty: from the first claim
  std::string buyer;  // of him alone; empty: of all
};

enum class ExportFormat { csv, ndjson };

struct ClaimsExportArguments {
  ApiArguments api;
  std::string sale;
  ExportFormat format = ExportFormat::csv;
  std::string output;  // a path; empty: stdout
};

struct ClockAcceptArguments {
  std::string url = "http://127.0.0.1:8081";
};

// Where the keys are.
struct KeyFileArguments {
  std::string file;  // empty: keys.json in the data directory
  std::string data_dir = "./data";
};

struct KeysCreateArguments {
  KeyFileArguments place;
  std::string name;
  std::string scopes;  // as given
  std::string expires = "never";
  bool json = false;
};

struct KeysListArguments {
  KeyFileArguments place;
  bool json = false;
};

struct KeysRevokeArguments {
  KeyFileArguments place;
  std::string key;  // its name, its prefix, or all of it
};

// An exit code where there is nothing left to do: help was shown, or a mistake explained.
using Arguments =
    std::variant<ServeArguments, VerifyArguments, HealthArguments, SaleCreateArguments,
                 SaleSetArguments, SaleListArguments, SaleShowArguments, SaleActArguments,
                 ClaimsListArguments, ClaimsExportArguments, ClockAcceptArguments,
                 KeysCreateArguments, KeysListArguments, KeysRevokeArguments, ExitCode>;

Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace doorbuster::cli
