// The command line as values.
//
// Thread: main.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/exit_code.h"
#include "cli/settings_reader.h"

namespace doorbuster::cli {

std::string_view version();  // "0.1.0"

// What was said on the command line about the server's settings.
struct GivenSettings {
  std::vector<GivenFlag> flags;
  std::string file;  // of --config or DOORBUSTER_CONFIG; empty: none
  // The environment's variables that the program knows besides the settings.
  std::vector<std::string> other_variables;
};

// The server's settings, here with their defaults; server_settings.cc has a row for each.
struct ServeArguments {
  bool dev = false;
  bool demo = false;
  bool behind_proxy = false;
  std::string engine = "embedded";
  std::string data_dir = "./data";
  std::uint64_t io_threads = 1;
  std::uint64_t restart_grace_seconds = 10;
  std::string keys_file;  // empty: keys.json in the data directory
  std::vector<std::string> trusted_proxies;
  std::vector<std::string> http_cors_origins;
  std::string http_listen = "127.0.0.1:8080";
  std::uint64_t http_max_connections = 20'000;
  std::uint64_t http_max_pipelined = 64;
  std::uint64_t http_max_head_bytes = 16'384;
  std::uint64_t http_head_timeout_seconds = 10;
  std::uint64_t http_body_timeout_seconds = 30;
  std::uint64_t http_idle_timeout_seconds = 60;
  std::uint64_t http_drain_timeout_seconds = 10;
  std::string web_dir;  // empty: what is within the program
  std::string admin_listen = "127.0.0.1:8081";
  std::uint64_t journal_segment_bytes = std::uint64_t{64} << 20;
  std::uint64_t journal_max_waiting = 65'536;
  std::uint64_t journal_retain_bytes = std::uint64_t{1} << 30;
  std::uint64_t journal_retain_seconds = 0;  // 0: as long as there is room
  std::string redis_url = "redis://127.0.0.1:6379";
  bool redis_cluster = false;
  std::vector<std::string> redis_nodes;
  Secret redis_password{};
  std::string redis_ca_file;
  std::string redis_certificate_file;
  std::string redis_key_file;
  std::string redis_durability = "D1";
  std::uint64_t redis_kept_events = 10'000'000;
  std::string log_format = "auto";
  std::string log_level = "info";
  std::string log_access = "sampled";

  GivenSettings given{};  // to read them again
};

struct ConfigPrintArguments {
  GivenSettings given;
  bool json = false;
};

struct ConfigCheckArguments {
  GivenSettings given;
  bool json = false;
};

struct VerifyArguments {
  std::string data_dir;
  bool json = false;
};

struct BackupArguments {
  std::string data_dir;
  std::string backup_dir;
  bool json = false;
};

struct RestoreArguments {
  std::string backup_dir;
  std::string data_dir;
  bool json = false;
};

struct RepairArguments {
  std::string data_dir;
  std::string to;
  bool drop_acknowledged = false;
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

struct ExplainArguments {
  ApiArguments api;
  std::string sale;
  std::string buyer;
};

struct EventsTailArguments {
  ApiArguments api;
  std::string sale;              // of it alone; empty: of all
  std::string after = "latest";  // a cursor
};

struct ClockAcceptArguments {
  std::string url = "http://127.0.0.1:8081";
};

struct RewindAcceptArguments {
  std::string sale;
  bool yes = false;
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

enum class BenchMix {
  sale,        // a hot sale: buyers who come early, come again, tap twice
  winners,     // every request is the first of a new buyer
  duplicates,  // nine of ten repeat what a buyer has asked before
  losers,      // all but one are refused
  holds,       // claims are confirmed, given back or left to end
};

enum class ArrivalShape { constant, step, flash };

struct BenchArguments {
  ApiArguments api;
  BenchMix mix = BenchMix::sale;
  std::optional<ArrivalShape> arrival;  // none of these: by the mix
  std::optional<std::uint64_t> buyers;
  std::optional<std::uint64_t> rate;              // requests a second
  std::optional<std::uint64_t> duration_seconds;  // how long they come
  std::uint32_t connections = 256;
  std::uint32_t pipeline = 1;
  std::string sale;  // empty: one of its own
  std::optional<std::uint64_t> stock;
  std::optional<std::uint64_t> hold_seconds;
};

// An exit code where there is nothing left to do: help was shown, or a mistake explained.
using Arguments =
    std::variant<ServeArguments, VerifyArguments, BackupArguments, RestoreArguments,
                 RepairArguments, HealthArguments, SaleCreateArguments, SaleSetArguments,
                 SaleListArguments, SaleShowArguments, SaleActArguments, ClaimsListArguments,
                 ClaimsExportArguments, EventsTailArguments, ExplainArguments, ClockAcceptArguments,
                 RewindAcceptArguments, KeysCreateArguments, KeysListArguments, KeysRevokeArguments,
                 BenchArguments, ConfigPrintArguments, ConfigCheckArguments, ExitCode>;

// For `serve` it reads the file of settings and the environment too, and explains what is wrong
// there.
Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace doorbuster::cli
