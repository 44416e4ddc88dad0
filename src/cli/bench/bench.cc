#include "cli/bench/bench.h"

#include <sys/random.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/api_client.h"
#include "cli/bench/audit.h"
#include "cli/bench/crowd.h"
#include "cli/bench/driver.h"
#include "cli/bench/nanoseconds.h"
#include "cli/bench/processor_use.h"
#include "cli/bench/progress.h"
#include "cli/bench/read_back.h"
#include "cli/bench/report.h"
#include "cli/bench/target_sale.h"
#include "cli/console.h"
#include "cli/grouped.h"
#include "cli/stop_signals.h"

namespace doorbuster::bench {
namespace {

using cli::BenchArguments;
using cli::ExitCode;
using cli::say;

constexpr int kTries = 6;  // of each page that is read back

// Six letters that no other run has.
std::string new_tag() {
  constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";
  std::array<unsigned char, 6> random{};
  while (::getrandom(random.data(), random.size(), 0) < 0) {
  }
  std::string tag;
  for (const unsigned char byte : random) tag += kLetters[byte % kLetters.size()];
  return tag;
}

// Every connection is a file.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// One run, from the first connection to the report.
class Run {
 public:
  Run(const BenchArguments& arguments, const Plan& plan, cli::ApiClient& client,
      const cli::ServerUrl& server, const Address& address)
      : arguments_(arguments),
        plan_(plan),
        client_(client),
        server_(server),
        driver_(address, {arguments.connections, arguments.pipeline}),
        use_(local_server_at(address)) {
    signals_.watch([this] { stop_ = true; });
  }

  ExitCode run() {
    const std::string tag = new_tag();
    if (!driver_.open_all()) {
      say("nobody answers at " + server_.text() + " (" + driver_.why() + ")");
      return ExitCode::not_ready;
    }
    if (const auto opened = driver_.sending().connections; opened < arguments_.connections) {
      say("only " + cli::grouped(opened) + " connections could be opened (" + driver_.why() + ")");
    }
    if (const auto refusal = find_sale(client_, arguments_.sale, tag, plan_, sale_)) {
      return tell(*refusal);
    }
    const std::int64_t asked = clock_now();
    const Arrivals arrivals(plan_.arrival, plan_.arrivals, plan_.duration);
    const std::int64_t opening = asked + sale_.opens_in;
    const std::int64_t early = arrivals.before_opening().count();
    const std::int64_t first = std::max(asked, opening - early);
    Ledger ledger(BuyerNames(tag), plan_.buyers,
                  static_cast<std::int64_t>(sale_.hold_seconds) * kSecond);
    const RequestTexts texts(server_.authority(), sale_.id, ledger, "");
    Crowd crowd(plan_, first, opening, ledger, tally_);
    report_.opening = opening;
    const auto on_tick = [&](std::int64_t now) {
      use_.sample(now);
      if (!progress_.is_due(now)) return;
      const double share =
          static_cast<double>(now - first) / static_cast<double>(crowd.end() - first);
      progress_.show(
          now, progress_line(share, now - opening, tally_, sale_.stock, progress_.is_terminal()));
    };
    report_.ending = driver_.run(crowd, texts, stop_, on_tick);
    report_.took = clock_now() - first;
    const auto unread = audit(ledger);
    progress_.end();
    return conclude(unread, crowd.hopeless());
  }

 private:
  std::optional<cli::Refusal> audit(Ledger& ledger) {
    Audit audit(ledger, sale_.is_ours);
    Proof& proof = report_.proof;
    const auto on_page = [&](std::uint64_t claims) {
      const std::int64_t now = clock_now();
      if (progress_.is_due(now)) {
        progress_.show(now, "reading the claims back: " + cli::grouped(claims));
      }
    };
    // It has been waited for already where it went away.
    const int tries = report_.ending == Ending::nobody_answers ? 1 : kTries;
    auto refusal = read_back(client_, sale_.id, tries, audit, proof.figures, on_page);
    if (refusal) return refusal;
    proof.was_read = true;
    proof.stood_still = audit.stood_still();
    proof.acknowledged = ledger.claims().size();
    proof.found = audit.acknowledged_found();
    proof.listed = audit.claims_listed();
    proof.breaches = ledger.breaches().sentences();
    return std::nullopt;
  }

  ExitCode conclude(const std::optional<cli::Refusal>& unread, int hopeless) {
    report_.url = server_.text();
    report_.sale = sale_.id;
    report_.plan = plan_;
    report_.pipeline = arguments_.pipeline;
    report_.tally = &tally_;
    report_.sending = &driver_.sending();
    report_.use = &use_;
    report_.is_colourful = cli::colours_wanted();
    const ExitCode printed =
        cli::print(arguments_.api.json ? report_json(report_) : report_text(report_));
    if (unread) {
      say("the sale could not be read back, so nothing is proved: " + unread->message);
      return unread->exit_code;
    }
    if (!report_.proof.adds_up()) {
      say("the sale does not add up: " + report_.proof.breaches.front());
      return ExitCode::does_not_add_up;
    }
    if (hopeless != 0) {
      say(server_.text() + " answers " + std::to_string(hopeless) + " to every claim");
      return hopeless == 404 ? ExitCode::failure : ExitCode::denied;
    }
    switch (report_.ending) {
      case Ending::finished:
      case Ending::hopeless:
        return printed;
      case Ending::interrupted:
        return ExitCode::interrupted;
      case Ending::nobody_answers:
        say("the server went away in the middle of the run");
        return ExitCode::not_ready;
    }
    return printed;
  }

  const BenchArguments& arguments_;
  const Plan plan_;
  cli::ApiClient& client_;
  const cli::ServerUrl server_;
  cli::StopSignals signals_;
  std::atomic<bool> stop_ = false;
  Driver driver_;
  ProcessorUse use_;
  Progress progress_;
  Tally tally_;
  TargetSale sale_;
  Report report_;
};

}  // namespace

ExitCode send_crowd(const BenchArguments& arguments) {
  const auto plan = plan_of(arguments);
  if (!plan) {
    say(plan.error().message);
    return ExitCode::usage;
  }
  const auto server = cli::parse_server_url(arguments.api.url);
  auto client = cli::client_of(arguments.api);
  if (!server || !client) return ExitCode::usage;
  const auto address = find_listener(*server);
  if (!address) {
    say(address.error().message);
    return ExitCode::not_ready;
  }
  raise_file_limit();
  return Run(arguments, *plan, *client, *server, *address).run();
}

}  // namespace doorbuster::bench
