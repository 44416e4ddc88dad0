#include "cli/explain.h"

#include <vector>

#include "cli/api_client.h"
#include "cli/console.h"
#include "cli/sale_text.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kSaleType = "doorbuster.sale.";
constexpr std::string_view kClaimType = "doorbuster.claim.";

std::string counted_units(std::uint64_t quantity) {
  return std::to_string(quantity) + (quantity == 1 ? " unit" : " units");
}

std::string sentence_of_sale(std::string_view what, const JsonView& data) {
  if (what == "created") {
    return "the sale is published: " + counted_units(data.number("stock")) + ", at most " +
           std::to_string(data.number("per_buyer_limit")) + " a buyer";
  }
  if (what == "updated") {
    return "the sale is changed: " + counted_units(data.number("stock")) + ", at most " +
           std::to_string(data.number("per_buyer_limit")) + " a buyer";
  }
  if (what == "opened") return "the sale opens";
  if (what == "resumed") return "the sale goes on";
  if (what == "cancelled") return "the sale is cancelled: what is held ends, what is paid is owed";
  return "the sale is " + harmless(what);
}

std::string sentence_of_claim(std::string_view what, const JsonView& data) {
  const std::string claim = "claim " + harmless(data.text("id"));
  if (what == "held") {
    const std::string took = claim + ": takes " + counted_units(data.number("quantity")) + " (" +
                             shown_units(data) + ")";
    if (data.text("status") == "confirmed") return took + ", for good";
    return took + ", held until " + shown_time(data.text("expires_at"));
  }
  if (what == "confirmed") {
    const std::string reference = harmless(data.text("reference"));
    return claim + ": confirmed" + (reference.empty() ? "" : " as " + reference);
  }
  if (what == "released") {
    const std::string_view by = data.text("released_by");
    const std::string units = ", " + counted_units(data.number("quantity")) + " free again";
    if (by == "expired") return claim + ": not confirmed in time" + units;
    return claim + ": given back by the " + harmless(by) + units;
  }
  if (what == "extended") return claim + ": held until " + shown_time(data.text("expires_at"));
  if (what == "reacquired") {
    return claim + ": paid late as " + harmless(data.text("reference")) + ", and given " +
           shown_units(data) + " all the same";
  }
  if (what == "refund_required") {
    std::string references;
    data.for_each_in("refunds_required", [&](const JsonView& reference) {
      const std::string quoted = harmless(reference.compact());
      references += " " + quoted.substr(1, quoted.size() - 2);
    });
    return claim + ": paid too late; a refund is owed for" + references;
  }
  return claim + ": " + harmless(what);
}

// One line: when, the sale's sequence, what.
void append_line(std::string& out, const JsonView& event, const std::string& sentence,
                 bool colours) {
  const std::string sequence = harmless(event.text("sequence"));
  out += inked(shown_time(event.text("time")), Ink::dim, colours);
  out.append("  #").append(sequence);
  if (sequence.size() < 8) out.append(8 - sequence.size(), ' ');
  out.append("  ").append(sentence).append("\n");
}

// What the buyer has now, in a sentence.
std::string standing(const JsonView& page, std::string_view buyer) {
  std::uint64_t held = 0;
  std::uint64_t confirmed = 0;
  page.for_each_in("data", [&](const JsonView& claim) {
    const std::uint64_t quantity = claim.number("quantity");
    if (claim.text("status") == "held") held += quantity;
    if (claim.text("status") == "confirmed") confirmed += quantity;
  });
  std::string out = "so " + harmless(buyer) + " has ";
  if (held == 0 && confirmed == 0) return out + "nothing. Refusals are no events, and not kept.\n";
  if (confirmed > 0) out += counted_units(confirmed) + " for good";
  if (confirmed > 0 && held > 0) out += " and ";
  if (held > 0) out += counted_units(held) + " held";
  return out + ".\n";
}

class Explanation {
 public:
  Explanation(const ExplainArguments& arguments, ApiClient& client)
      : arguments_(arguments), client_(client), colours_(colours_wanted()) {}

  ExitCode run() {
    ApiAnswer page;
    std::string after = "0";
    for (bool more = true; more;) {
      if (const auto refusal =
              client_.get("/v1/events?limit=1000&sale=" + percent_encoded(arguments_.sale) +
                              "&after=" + percent_encoded(after),
                          page)) {
        return tell(*refusal);
      }
      page.root().for_each_in("data", [&](const JsonView& event) { take(event); });
      more = page.root().truth("has_more");
      after = page.root().text("next");
    }
    if (const auto refusal =
            client_.get(sale_path(arguments_.sale,
                                  "/claims?limit=1000&buyer=" + percent_encoded(arguments_.buyer)),
                        page)) {
      return tell(*refusal);
    }
    if (arguments_.api.json) {
      const auto claims = page.root().member("data");
      return print(R"({"events":[)" + text_ + R"(],"claims":)" +
                   (claims ? claims->compact() : "[]") + "}\n");
    }
    return print(text_ + standing(page.root(), arguments_.buyer));
  }

 private:
  void take(const JsonView& event) {
    if (is_first_ && event.text("sequence") != "1") {
      say("what happened to this sale before #" + harmless(event.text("sequence")) +
          " is not kept any more");
    }
    is_first_ = false;
    const std::string sentence = sentence_of(event, arguments_.buyer);
    if (sentence.empty()) return;
    if (arguments_.api.json) {
      text_.append(text_.empty() ? "" : ",").append(event.compact());
    } else {
      append_line(text_, event, sentence, colours_);
    }
  }

  const ExplainArguments& arguments_;
  ApiClient& client_;
  std::string text_;  // lines, or events as JSON
  bool is_first_ = true;
  bool colours_;
};

}  // namespace

std::string sentence_of(const JsonView& event, std::string_view buyer) {
  std::string_view what = event.text("type");
  const auto data = event.member("data");
  if (!data) return {};
  if (what.starts_with(kSaleType)) return sentence_of_sale(what.substr(kSaleType.size()), *data);
  if (!what.starts_with(kClaimType) || data->text("buyer") != buyer) return {};
  return sentence_of_claim(what.substr(kClaimType.size()), *data);
}

ExitCode explain(const ExplainArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  return Explanation(arguments, *client).run();
}

}  // namespace doorbuster::cli
