#include "cli/bench/read_back.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include "cli/bench/driver.h"

namespace doorbuster::bench {
namespace {

using cli::ApiAnswer;
using cli::ApiClient;
using cli::JsonView;
using cli::Refusal;

constexpr std::chrono::milliseconds kPause{500};
constexpr std::int64_t kPatience = 10'000'000'000;  // ns; what hangs is not asked again and again

// What is asked of one sale.
struct Source {
  ApiClient& client;
  const std::string& sale;
  int tries;
};

std::optional<Refusal> get(const Source& source, std::string_view rest, ApiAnswer& answer) {
  const std::int64_t deadline = clock_now() + kPatience;
  for (int left = source.tries - 1;; --left) {
    auto refusal = source.client.get(cli::sale_path(source.sale, rest), answer);
    const bool may_pass = refusal && refusal->exit_code == cli::ExitCode::not_ready;
    if (!may_pass || left <= 0 || clock_now() > deadline) return refusal;
    std::this_thread::sleep_for(kPause);
  }
}

ListedClaim claim_in(const JsonView& json) {
  ListedClaim claim;
  claim.id = json.text("id");
  claim.buyer = json.text("buyer");
  const auto state = claim_state_of(json.text("status"));
  if (state) {
    claim.state = *state;
  } else {
    claim.id = {};  // no claim
  }
  json.for_each_in("units", [&](const JsonView& unit) {
    const std::int64_t number =
        unit.node().kind == api::JsonKind::integer ? unit.node().integer : 0;
    const bool counts = number > 0 && number <= std::numeric_limits<std::uint32_t>::max();
    claim.units.push_back(counts ? static_cast<std::uint32_t>(number) : 0);
  });
  return claim;
}

std::optional<Refusal> read_figures(const Source& source, SaleFigures& figures) {
  ApiAnswer answer;
  if (auto refusal = get(source, "", answer)) return refusal;
  figures.per_buyer_limit = answer.root().number("per_buyer_limit");
  if (auto refusal = get(source, "/stats", answer)) return refusal;
  const JsonView stats = answer.root();
  figures.stock = stats.number("stock");
  figures.available = stats.number("available");
  figures.held = stats.number("held");
  figures.confirmed = stats.number("confirmed");
  figures.burned = stats.number("burned");
  figures.sequence = stats.number("sequence");
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> read_back(ApiClient& client, const std::string& sale, int tries,
                                 Audit& audit, SaleFigures& figures,
                                 const std::function<void(std::uint64_t)>& progress) {
  const Source source{client, sale, tries};
  SaleFigures before;
  if (auto refusal = read_figures(source, before)) return refusal;
  std::string after;
  ApiAnswer page;
  do {
    const std::string from = after.empty() ? "" : "&after=" + cli::percent_encoded(after);
    if (auto refusal = get(source, "/claims?limit=1000" + from, page)) {
      return refusal;
    }
    page.root().for_each_in("data", [&](const JsonView& json) { audit.listed(claim_in(json)); });
    const std::string_view next = page.root().text("next");
    if (!next.empty() && next == after) {
      Refusal circle;
      circle.message = "the server's pages of claims go round in a circle";
      return circle;
    }
    after = next;
    progress(audit.claims_listed());
  } while (!after.empty());
  if (auto refusal = read_figures(source, figures)) return refusal;
  audit.finish(before, figures);
  return std::nullopt;
}

}  // namespace doorbuster::bench
