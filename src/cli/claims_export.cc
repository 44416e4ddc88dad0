#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "cli/api_client.h"
#include "cli/claim_rows.h"
#include "cli/claims_commands.h"
#include "cli/console.h"
#include "cli/grouped.h"
#include "cli/output_file.h"
#include "cli/stop_signals.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr int kTries = 6;  // of a page, once there was a first one

// How far it is, on stderr: a line that is written over on a terminal, else one now and then.
class Progress {
 public:
  void show(std::uint64_t claims) {
    const auto now = SteadyClock::now();
    if (now - last_ < (is_terminal_ ? 200ms : 5s)) return;
    last_ = now;
    std::fprintf(stderr, is_terminal_ ? "\r%s claims" : "%s claims\n", grouped(claims).c_str());
    shown_ = true;
  }
  // Before anything else is written to stderr.
  void end() {
    if (is_terminal_ && shown_) std::fputs("\r\x1b[K", stderr);
    shown_ = false;
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  SteadyClock::time_point last_ = SteadyClock::now();
  bool shown_ = false;
};

// The first Ctrl-C ends an export into a file between two pages, so that no part of one is left.
class Interruption {
 public:
  Interruption() {
    // Shared with the signals' thread, which may outlive a page that is being waited for.
    const auto raised = std::make_shared<std::promise<void>>();
    raised_ = raised->get_future();
    signals_.watch([raised] { raised->set_value(); });
  }
  // Waits that long for it.
  bool raised_within(std::chrono::seconds wait) const {
    return raised_.wait_for(wait) == std::future_status::ready;
  }

 private:
  StopSignals signals_;
  std::future<void> raised_;
};

// Reads page after page into an output.
class Export {
 public:
  Export(const ClaimsExportArguments& arguments, ApiClient& client, OutputFile& output,
         const Interruption* interruption)
      : arguments_(arguments), client_(client), output_(output), interruption_(interruption) {}

  ExitCode run() {
    const bool is_csv = arguments_.format == ExportFormat::csv;
    if (is_csv) rows_ = csv_header();
    std::string after;
    do {
      if (interrupted_within(0s)) return interrupted();
      if (const auto ended = read_page(after)) return *ended;
      const JsonView page = page_.root();
      page.for_each_in("data", [&](const JsonView& claim) {
        is_csv ? append_csv_row(rows_, claim) : append_ndjson_row(rows_, claim);
        ++claims_;
      });
      if (const Status written = output_.write(rows_); !written.ok()) return failed(written);
      rows_.clear();
      const std::string_view next = page.text("next");
      if (!next.empty() && next == after) {
        progress_.end();
        say("the server's pages go round in a circle: nothing is exported");
        return ExitCode::failure;
      }
      after = next;
      progress_.show(claims_);
    } while (!after.empty());
    if (const Status finished = output_.finish(); !finished.ok()) return failed(finished);
    progress_.end();
    if (!arguments_.output.empty()) {
      say("exported " + grouped(claims_) + (claims_ == 1 ? " claim to " : " claims to ") +
          arguments_.output);
    }
    return ExitCode::ok;
  }

 private:
  // A server that is restarted or overloaded in the middle is waited for; at the beginning it is
  // said at once.
  std::optional<ExitCode> read_page(const std::string& after) {
    const std::string from = after.empty() ? "" : "&after=" + percent_encoded(after);
    const std::string target = sale_path(arguments_.sale, "/claims?limit=1000" + from);
    for (int tries = 1;; ++tries) {
      const auto refusal = client_.get(target, page_);
      if (!refusal) return std::nullopt;
      const bool may_pass = refusal->exit_code == ExitCode::not_ready;
      if (after.empty() || !may_pass || tries == kTries) {
        progress_.end();
        return tell(*refusal);
      }
      const int wait = std::clamp(refusal->retry_after_seconds, 1, kLongestWaitSeconds);
      if (interrupted_within(std::chrono::seconds(wait))) return interrupted();
    }
  }

  bool interrupted_within(std::chrono::seconds wait) const {
    if (interruption_ != nullptr) return interruption_->raised_within(wait);
    if (wait > 0s) ::sleep(static_cast<unsigned>(wait.count()));
    return false;
  }

  ExitCode interrupted() {
    progress_.end();
    say("interrupted: " + arguments_.output + " is as it was");
    return ExitCode::interrupted;
  }

  ExitCode failed(const Status& status) {
    progress_.end();
    say(status.error().message);
    return ExitCode::failure;
  }

  const ClaimsExportArguments& arguments_;
  ApiClient& client_;
  OutputFile& output_;
  const Interruption* interruption_;
  Progress progress_;
  ApiAnswer page_;
  std::string rows_;
  std::uint64_t claims_ = 0;
};

}  // namespace

ExitCode export_claims(const ClaimsExportArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  // To stdout there is nothing to clean up: the signal itself ends it.
  std::optional<Interruption> interruption;
  if (!arguments.output.empty()) interruption.emplace();
  const auto output = OutputFile::open(arguments.output);
  if (!output) {
    say(output.error().message);
    return ExitCode::failure;
  }
  return Export(arguments, *client, **output, interruption ? &*interruption : nullptr).run();
}

}  // namespace doorbuster::cli
