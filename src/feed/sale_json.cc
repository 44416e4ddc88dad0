#include "feed/sale_json.h"

#include <utility>

#include "base/json_text.h"

namespace doorbuster::feed {
namespace {

std::string_view to_string(sale::LatePayment late_payment) {
  switch (late_payment) {
    case sale::LatePayment::reject:
      return "reject";
    case sale::LatePayment::reacquire:
      return "reacquire";
  }
  return {};
}

}  // namespace

void append_title(std::string& out, const sale::SaleDefinition& definition) {
  const auto& title = definition.title;
  if (title.size() == 1 && title.front().first.empty()) {
    append_json_string(out, title.front().second);
    return;
  }
  out += '{';
  for (const auto& [language, text] : title) {
    if (out.back() != '{') out += ',';
    append_json_string(out, language);
    out += ':';
    append_json_string(out, text);
  }
  out += '}';
}

void append_definition(std::string& out, const sale::SaleDefinition& definition) {
  out += R"("id":)";
  append_json_string(out, definition.slug);
  out += R"(,"title":)";
  append_title(out, definition);
  append_member(out, "stock", definition.stock);
  append_member(out, "per_buyer_limit", definition.per_buyer_limit);
  append_member(out, "hold_seconds", definition.hold_seconds);
  out += R"(,"opens_at":)";
  append_json_time(out, definition.opens_at);
  out += R"(,"closes_at":)";
  append_json_time(out, definition.closes_at);
  out += R"(,"late_payment":")";
  out += to_string(definition.late_payment);
  out += '"';
  append_member(out, "claim_attempts", definition.claim_attempts);
  append_member(out, "max_extension_seconds", definition.max_extension_seconds);
  append_member(out, "archive_after_seconds", definition.archive_after_seconds);
  out += R"(,"metadata":)";
  out += definition.metadata;
}

std::size_t most_of_units(const sale::UnitRuns& units) {
  return 2 + (Pen::kNumber + 1) * std::size_t{units.count()};
}

void put_units(Pen& out, const sale::UnitRuns& units) {
  bool first = true;
  const auto put_run = [&](sale::UnitRun run) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      if (!std::exchange(first, false)) out.put(',');
      out.number(run.first + i);
    }
  };
  out.put('[');
  put_run(units.first);
  for (const sale::UnitRun run : units.more) put_run(run);
  out.put(']');
}

}  // namespace doorbuster::feed
