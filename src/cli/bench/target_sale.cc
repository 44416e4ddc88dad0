#include "cli/bench/target_sale.h"

#include <algorithm>
#include <chrono>

#include "base/time.h"
#include "cli/sale_body.h"

namespace doorbuster::bench {
namespace {

using namespace std::chrono_literals;
using cli::ApiAnswer;
using cli::ApiClient;
using cli::Refusal;

constexpr auto kUntilOpening = 3s;
constexpr std::chrono::minutes kLongestWait{10};

std::optional<Refusal> publish(ApiClient& client, const std::string& id, const Plan& plan) {
  cli::SaleTerms terms;
  terms.stock = std::to_string(plan.stock);
  terms.title = "A crowd of doorbuster bench";
  terms.hold_seconds = plan.hold_seconds;
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  // Only a flash crowd stands before closed doors.
  if (plan.arrival == cli::ArrivalShape::flash) terms.opens_at = to_rfc3339(now + kUntilOpening);
  cli::ClientRequest request;
  request.method = "POST";
  request.target = "/v1/sales";
  request.fields = "Content-Type: application/json\r\n";
  request.body = cli::definition_json(id, terms);
  ApiAnswer answer;
  return client.ask(request, answer);
}

Refusal refuse(std::string message) {
  Refusal refusal;
  refusal.message = std::move(message);
  return refusal;
}

}  // namespace

std::optional<Refusal> find_sale(ApiClient& client, const std::string& id, const std::string& tag,
                                 const Plan& plan, TargetSale& sale) {
  sale.is_ours = id.empty();
  sale.id = sale.is_ours ? "bench-" + tag : id;
  if (sale.is_ours) {
    if (auto refusal = publish(client, sale.id, plan)) return refusal;
  }
  ApiAnswer answer;
  if (auto refusal = client.get(cli::sale_path(sale.id), answer)) {
    if (refusal->status == 404) {
      refusal->message =
          "there is no sale '" + sale.id + "': 'doorbuster sale list' names those there are";
    }
    return refusal;
  }
  sale.id = answer.root().text("id");  // `goods` names the newest round
  sale.stock = answer.root().number("stock");
  sale.hold_seconds = answer.root().number("hold_seconds");
  if (sale.id.empty() || sale.stock == 0) {
    return refuse("what the server says of '" + id + "' is no sale");
  }
  if (auto refusal = client.get(cli::sale_path(sale.id, "/status"), answer)) return refusal;
  const std::string_view status = answer.root().text("status");
  const auto opens = parse_rfc3339(answer.root().text("opens_at"));
  const auto now = parse_rfc3339(answer.root().text("now"));
  if (status != "scheduled" || !opens || !now) return std::nullopt;
  // By the server's clock, which decides.
  const auto wait = std::max(std::chrono::milliseconds(0), *opens - *now);
  if (wait > kLongestWait) {
    return refuse("'" + sale.id + "' opens at " + to_rfc3339(*opens) +
                  ": begin no more than ten minutes before");
  }
  sale.opens_in = std::chrono::nanoseconds(wait).count();
  return std::nullopt;
}

}  // namespace doorbuster::bench
