#include "cli/sale_commands.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/api_client.h"
#include "cli/confirmation.h"
#include "cli/console.h"
#include "cli/grouped.h"
#include "cli/sale_body.h"
#include "cli/sale_text.h"

namespace doorbuster::cli {
namespace {

Look look_of_terminal() { return {environment_language(), colours_wanted()}; }

ClientRequest request_with(std::string method, std::string target, const std::string& type,
                           std::string body) {
  ClientRequest request{std::move(method), std::move(target), {}, std::move(body)};
  request.fields = "Content-Type: " + type + "\r\n";
  return request;
}

// `what` was sent, and may have been done although nobody said so.
ExitCode tell_doubt(Refusal refusal, const std::string& advice) {
  if (refusal.may_be_done) refusal.message += "; whether it was done is not known: " + advice;
  return tell(refusal);
}

ExitCode print_answer(const ApiAnswer& answer) { return print(answer.root().compact() + "\n"); }

std::string opening_of(const JsonView& sale) {
  std::string text(sale.truth("cancelled") ? "cancelled" : sale.text("status"));
  if (text == "scheduled") text += ", opens " + shown_time(sale.text("opens_at"));
  return harmless(text);
}

const char* verb_of(SaleAct act) {
  switch (act) {
    case SaleAct::pause:
      return "pause";
    case SaleAct::resume:
      return "resume";
    case SaleAct::close:
      return "close";
    case SaleAct::cancel:
      return "cancel";
    case SaleAct::delete_:
      return "delete";
  }
  return "";
}

// Empty for what can be undone.
std::string warning_of(SaleAct act, const std::string& id) {
  switch (act) {
    case SaleAct::pause:
    case SaleAct::resume:
      return {};
    case SaleAct::close:
      return "closing '" + id + "' is final";
    case SaleAct::cancel:
      return "cancelling '" + id + "' is final, releases every hold and owes every winner a refund";
    case SaleAct::delete_:
      return "deleting '" + id + "' cannot be undone";
  }
  return {};
}

}  // namespace

ExitCode create_sale(const SaleCreateArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  ApiAnswer answer;
  const auto refusal = client->ask(request_with("POST", "/v1/sales", "application/json",
                                                definition_json(arguments.sale, arguments.terms)),
                                   answer);
  if (refusal) return tell_doubt(*refusal, "the same command again is safe");
  if (arguments.api.json) return print_answer(answer);
  const JsonView sale = answer.root();
  const char* verb = answer.status == 201 ? "created " : "exists already: ";
  return print(verb + arguments.sale + ", " + grouped(sale.number("stock")) + " units, " +
               opening_of(sale) + "\n");
}

ExitCode set_sale(const SaleSetArguments& arguments) {
  if (is_empty(arguments.terms)) {
    say("nothing to set: name what is to change, such as --stock +100");
    return ExitCode::usage;
  }
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  ApiAnswer before;
  if (const auto refusal = client->get(sale_path(arguments.sale), before)) return tell(*refusal);
  // By its own id: `goods` may name a newer round by now, whose ETag is the same.
  const std::string path = sale_path(before.root().text("id"));
  const auto patch = patch_json(arguments.terms, before.root().number("stock"));
  if (!patch) {
    say(patch.error().message);
    return ExitCode::failure;
  }
  ClientRequest request = request_with("PATCH", path, "application/merge-patch+json", *patch);
  request.fields += "If-Match: " + before.etag + "\r\n";
  ApiAnswer answer;
  if (auto refusal = client->ask(request, answer)) {
    constexpr int kPreconditionFailed = 412;
    if (refusal->status == kPreconditionFailed) {
      refusal->message = "somebody has changed '" + arguments.sale +
                         "' meanwhile, so nothing was set: look at it with 'doorbuster sale show " +
                         arguments.sale + "', then say it again";
    }
    return tell_doubt(*refusal, "look with 'doorbuster sale show " + arguments.sale + "'");
  }
  if (arguments.api.json) return print_answer(answer);
  const JsonView sale = answer.root();
  return print("set " + arguments.sale + ", " + grouped(sale.number("stock")) + " units, " +
               opening_of(sale) + ", version " + std::to_string(sale.number("version")) + "\n");
}

ExitCode list_sales(const SaleListArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  const Look look = look_of_terminal();
  std::vector<std::vector<Cell>> rows;
  std::string json = R"({"data":[)";
  std::string after;
  ApiAnswer page;
  do {
    const std::string from = after.empty() ? "" : "&after=" + percent_encoded(after);
    if (const auto refusal = client->get("/v1/sales?limit=1000" + from, page)) {
      return tell(*refusal);
    }
    page.root().for_each_in("data", [&](const JsonView& sale) {
      if (arguments.api.json) {
        if (json.back() != '[') json += ',';
        json += sale.compact();
      } else {
        rows.push_back(sale_row(sale, look));
      }
    });
    const std::string_view next = page.root().text("next");
    if (next == after) break;
    after = next;
  } while (!after.empty());
  if (arguments.api.json) return print(json + "]}\n");
  if (rows.empty()) {
    say("there are no sales yet: 'doorbuster sale create ID --stock N' makes one");
    return ExitCode::ok;
  }
  return print(table(kSaleColumns, rows, look.colours));
}

ExitCode show_sale(const SaleShowArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  ApiAnswer sale;
  if (const auto refusal = client->get(sale_path(arguments.sale), sale)) return tell(*refusal);
  ApiAnswer stats;
  const std::string path = sale_path(sale.root().text("id"), "/stats");
  if (const auto refusal = client->get(path, stats)) return tell(*refusal);
  if (!arguments.api.json) return print(sale_page(sale.root(), stats.root(), look_of_terminal()));
  std::string json = sale.root().compact();
  json.pop_back();  // the closing brace
  return print(json + R"(,"stats":)" + stats.root().compact() + "}\n");
}

ExitCode act_on_sale(const SaleActArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  const std::string warning = warning_of(arguments.act, arguments.sale);
  if (!warning.empty() && !arguments.yes) {
    if (const auto ended = ask_to_type(arguments.sale, warning)) return *ended;
  }
  const bool deletes = arguments.act == SaleAct::delete_;
  ClientRequest request;
  request.method = deletes ? "DELETE" : "POST";
  request.target = sale_path(arguments.sale);
  if (!deletes) request.target.append("/").append(verb_of(arguments.act));
  ApiAnswer answer;
  if (const auto refusal = client->ask(request, answer)) {
    return tell_doubt(*refusal, "the same command again is safe");
  }
  if (deletes) {
    const std::string json = R"({"id":")" + arguments.sale + R"(","deleted":true})" + "\n";
    return print(arguments.api.json ? json : "deleted " + arguments.sale + "\n");
  }
  if (arguments.api.json) return print_answer(answer);
  return print(arguments.sale + " is " + opening_of(answer.root()) + "\n");
}

}  // namespace doorbuster::cli
