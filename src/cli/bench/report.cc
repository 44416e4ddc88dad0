#include "cli/bench/report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "api/text.h"
#include "cli/grouped.h"
#include "cli/table.h"

namespace doorbuster::bench {
namespace {

using cli::Cell;
using cli::Column;
using cli::grouped;
using cli::harmless;
using cli::Ink;
using cli::inked;

constexpr double kBusy = 0.9;
constexpr std::chrono::milliseconds kLate{10};  // p99 of what should have gone out at once
constexpr std::size_t kLabel = 14;              // places

std::string percent(double share) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.0f %%", share * 100);
  return text.data();
}

std::string line(std::string_view label, const std::string& text) {
  std::string out = "  " + std::string(label);
  out.append(kLabel > label.size() ? kLabel - label.size() : 1, ' ');
  return out + text + "\n";
}

// "12,345   sold-out 12,000, not-open 345"
std::string counted(const WordCount& words) {
  std::string text = grouped(words.total());
  const char* before = "   ";
  auto entries = words.entries();
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.count > b.count; });
  for (const auto& entry : entries) {
    text.append(before).append(harmless(entry.word)).append(" ").append(grouped(entry.count));
    before = ", ";
  }
  return text;
}

std::string sold_line(const Report& report) {
  const Tally& tally = *report.tally;
  std::string text = grouped(tally.granted);
  if (report.proof.was_read) text += " of " + grouped(report.proof.figures.stock);
  if (tally.first_sold_out > report.opening && tally.granted > 0) {
    text += "   gone " +
            shown_duration(std::chrono::nanoseconds(tally.first_sold_out - report.opening)) +
            " after the opening";
  }
  return text;
}

std::string latency_table(const Tally& tally, bool colours) {
  const std::vector<Column> columns = {{"latency"},   {"count", true}, {"p50", true},
                                       {"p99", true}, {"p99.9", true}, {"longest", true}};
  std::vector<std::vector<Cell>> rows;
  const auto add = [&](const char* what, const Histogram& histogram) {
    if (histogram.count() == 0) return;
    std::vector<Cell> row = {{what}, {grouped(histogram.count())}};
    for (const double share : {0.5, 0.99, 0.999}) {
      row.push_back({shown_duration(histogram.quantile(share))});
    }
    row.push_back({shown_duration(histogram.longest())});
    rows.push_back(std::move(row));
  };
  add("wins", tally.wins);
  add("told again", tally.repeats);
  add("refusals", tally.refusals);
  add("turned away", tally.busy);
  add("ends of holds", tally.ends);
  std::string text;
  const std::string all = table(columns, rows, colours);
  for (std::size_t from = 0; from < all.size();) {
    const std::size_t end = all.find('\n', from) + 1;
    text += "  " + all.substr(from, end - from);
    from = end;
  }
  return text;
}

std::string throughput_line(const Report& report) {
  const Tally& tally = *report.tally;
  std::string text = grouped(tally.sent) + " requests over " +
                     grouped(report.sending->connections) + " connections, " +
                     grouped(tally.busiest_second()) + " answers in the busiest second";
  return text;
}

std::string busy_text(Busy busy) {
  std::string text = percent(busy.ran) + " busy";
  if (busy.waited > 0.05) text += " and " + percent(busy.waited) + " waiting for a processor";
  return text;
}

std::string sides(const ProcessorUse& use) {
  std::string text = "\n" + std::string(kLabel + 2, ' ') + "at the peak this program was " +
                     busy_text(use.client_at_peak());
  if (use.knows_server()) {
    text += ",\n" + std::string(kLabel + 2, ' ') + "the server's busiest thread " +
            busy_text(use.server_at_peak());
  }
  return text;
}

Limit limit_of(const Report& report) {
  return bench::limit_of(*report.sending, report.use->client_at_peak(),
                         report.use->server_at_peak());
}

std::string limit_line(const Report& report) {
  const Sending& sending = *report.sending;
  const std::string both = sides(*report.use);
  switch (limit_of(report)) {
    case Limit::client:
      return "the client: " + shown_duration(sending.late.quantile(0.99)) +
             " late at p99, the server could have done more;" + both;
    case Limit::server:
      return "the server;" + both;
    case Limit::connections:
      return "the connections: " + grouped(sending.waited) + " requests waited for a free one;" +
             both;
    case Limit::machine:
      return "the machine, which had no processor to spare;" + both;
    case Limit::nothing:
      return "none was reached;" + both;
  }
  return {};
}

std::string proof_text(const Proof& proof, bool colours) {
  if (!proof.was_read) {
    return line("proof", inked("none: the sale could not be read back", Ink::yellow, colours));
  }
  if (proof.adds_up()) {
    const SaleFigures& figures = proof.figures;
    std::string text = inked("adds up", Ink::green, colours) + ": " + grouped(figures.available) +
                       " available + " + grouped(figures.held) + " held + " +
                       grouped(figures.confirmed) + " confirmed = stock of " +
                       grouped(figures.stock) + ";\n";
    text += std::string(kLabel + 2, ' ') + "nobody over the limit of " +
            grouped(figures.per_buyer_limit) + "; all " + grouped(proof.acknowledged) +
            " acknowledged claims found, each with its buyer and unit";
    if (!proof.stood_still) {
      text += "\n" + std::string(kLabel + 2, ' ') +
              "(the sale went on while it was read, so its list was not summed up)";
    }
    return line("proof", text);
  }
  std::string text = line("proof", inked("DOES NOT ADD UP", Ink::bold, colours));
  for (const std::string& sentence : proof.breaches) text += line("", harmless(sentence));
  return text;
}

std::string who_came(const Report& report) {
  const Plan& plan = report.plan;
  const auto duration = shown_duration(plan.duration);
  std::string text = grouped(plan.buyers) + (plan.buyers == 1 ? " buyer" : " buyers");
  if (plan.arrivals != plan.buyers) text += " with " + grouped(plan.arrivals) + " requests";
  text += " within " + duration + " (" + std::string(name_of(plan.mix)) + ", " +
          std::string(name_of(plan.arrival)) + ") on \"" + harmless(report.sale) + "\"";
  switch (report.ending) {
    case Ending::finished:
      break;
    case Ending::interrupted:
      text += "; interrupted";
      break;
    case Ending::nobody_answers:
      text += "; ended early: the server went away";
      break;
    case Ending::hopeless:
      text += "; ended early: every answer would have been the same";
      break;
  }
  return text;
}

void append_count(std::string& out, std::string_view name, std::uint64_t value) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  out += std::to_string(value);
}

void append_words(std::string& out, std::string_view name, const WordCount& words) {
  out.append(",\"").append(name).append("\":{");
  for (const auto& entry : words.entries()) {
    if (out.back() != '{') out += ',';
    api::append_json_string(out, harmless(entry.word));
    out.append(":").append(std::to_string(entry.count));
  }
  out += '}';
}

void append_latency(std::string& out, std::string_view name, const Histogram& histogram) {
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":{");
  const auto microseconds = [](Histogram::Nanoseconds time) {
    return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(time).count());
  };
  append_count(out, "count", histogram.count());
  append_count(out, "p50", microseconds(histogram.quantile(0.5)));
  append_count(out, "p90", microseconds(histogram.quantile(0.9)));
  append_count(out, "p99", microseconds(histogram.quantile(0.99)));
  append_count(out, "p99_9", microseconds(histogram.quantile(0.999)));
  append_count(out, "longest", microseconds(histogram.longest()));
  out += '}';
}

void append_decimal(std::string& out, std::string_view name, double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.3f", value);
  if (out.back() != '{') out += ',';
  out.append("\"").append(name).append("\":").append(text.data());
}

std::string_view name_of(Ending ending) {
  switch (ending) {
    case Ending::finished:
      return "finished";
    case Ending::interrupted:
      return "interrupted";
    case Ending::nobody_answers:
      return "nobody-answers";
    case Ending::hopeless:
      return "hopeless";
  }
  return {};
}

std::string_view name_of(Limit limit) {
  switch (limit) {
    case Limit::nothing:
      return "nothing";
    case Limit::client:
      return "client";
    case Limit::server:
      return "server";
    case Limit::connections:
      return "connections";
    case Limit::machine:
      return "machine";
  }
  return {};
}

std::string use_json(std::int64_t cpu_ns, Busy peak, std::uint64_t requests) {
  std::string out = "{";
  append_decimal(out, "cpu_seconds", static_cast<double>(cpu_ns) / 1e9);
  const double each =
      static_cast<double>(cpu_ns) / 1e3 / static_cast<double>(std::max<std::uint64_t>(requests, 1));
  append_decimal(out, "cpu_us_per_request", each);
  append_decimal(out, "busy_at_peak", peak.ran);
  append_decimal(out, "waiting_at_peak", peak.waited);
  return out + "}";
}

std::string proof_json(const Proof& proof) {
  if (!proof.was_read) return "null";
  std::string out = "{";
  out += R"("adds_up":)";
  out += proof.adds_up() ? "true" : "false";
  append_count(out, "stock", proof.figures.stock);
  append_count(out, "available", proof.figures.available);
  append_count(out, "held", proof.figures.held);
  append_count(out, "confirmed", proof.figures.confirmed);
  append_count(out, "per_buyer_limit", proof.figures.per_buyer_limit);
  append_count(out, "listed", proof.listed);
  append_count(out, "acknowledged", proof.acknowledged);
  append_count(out, "found", proof.found);
  out += R"(,"stood_still":)";
  out += proof.stood_still ? "true" : "false";
  out += R"(,"breaches":[)";
  for (const std::string& sentence : proof.breaches) {
    if (out.back() != '[') out += ',';
    api::append_json_string(out, harmless(sentence));
  }
  return out + "]}";
}

std::string requests_json(const Report& report) {
  const Tally& tally = *report.tally;
  std::string out = "{";
  append_count(out, "sent", tally.sent);
  append_count(out, "answered", tally.answered);
  append_count(out, "asked_again", tally.asked_again);
  append_count(out, "lost", tally.lost);
  append_count(out, "never_sent", tally.never_sent);
  append_count(out, "malformed", report.sending->malformed);
  append_count(out, "waited_for_connection", report.sending->waited);
  return out + "}";
}

std::string latency_json(const Report& report) {
  const Tally& tally = *report.tally;
  std::string out = "{";
  append_latency(out, "wins", tally.wins);
  append_latency(out, "told_again", tally.repeats);
  append_latency(out, "refusals", tally.refusals);
  append_latency(out, "turned_away", tally.busy);
  append_latency(out, "ends_of_holds", tally.ends);
  append_latency(out, "sent_late", report.sending->late);
  return out + "}";
}

}  // namespace

std::string_view name_of(cli::ArrivalShape shape) {
  switch (shape) {
    case cli::ArrivalShape::constant:
      return "constant";
    case cli::ArrivalShape::step:
      return "step";
    case cli::ArrivalShape::flash:
      return "flash";
  }
  return {};
}

std::string_view name_of(cli::BenchMix mix) {
  switch (mix) {
    case cli::BenchMix::sale:
      return "sale";
    case cli::BenchMix::winners:
      return "winners";
    case cli::BenchMix::duplicates:
      return "duplicates";
    case cli::BenchMix::losers:
      return "losers";
    case cli::BenchMix::holds:
      return "holds";
  }
  return {};
}

Limit limit_of(const Sending& sending, Busy client, Busy server) {
  const bool is_late = sending.late.quantile(0.99) > kLate;
  const auto is_full = [](Busy side) { return side.total() > kBusy; };
  const auto unless_starved = [](Busy side, Limit limit) {
    return side.waited > side.ran ? Limit::machine : limit;
  };
  const bool client_first = is_late && client.total() >= server.total();
  if (is_full(client) && client_first) return unless_starved(client, Limit::client);
  if (is_full(server)) return unless_starved(server, Limit::server);
  if (is_full(client) || is_late) return unless_starved(client, Limit::client);
  const bool many_waited = sending.waited > sending.late.count() / 10;
  return many_waited ? Limit::connections : Limit::nothing;
}

std::string shown_duration(std::chrono::nanoseconds duration) {
  const auto ns = static_cast<double>(duration.count());
  std::array<char, 40> text{};
  if (ns < 1e6) {
    std::snprintf(text.data(), text.size(), "%.0f us", ns / 1e3);
  } else if (ns < 1e9) {
    std::snprintf(text.data(), text.size(), ns < 1e7 ? "%.1f ms" : "%.0f ms", ns / 1e6);
  } else {
    std::snprintf(text.data(), text.size(), ns < 1e10 ? "%.2f s" : "%.1f s", ns / 1e9);
  }
  return text.data();
}

std::string report_text(const Report& report) {
  const Tally& tally = *report.tally;
  const bool colours = report.is_colourful;
  std::string out = inked(who_came(report), Ink::bold, colours) + "\n\n";
  out += line("sold", sold_line(report));
  if (tally.known > 0)
    out += line("told again", grouped(tally.known) + "   the same claim as before");
  if (tally.ends.count() > 0) {
    out += line("holds", grouped(tally.confirmed) + " confirmed, " + grouped(tally.released) +
                             " given back");
  }
  out += line("refused", counted(tally.refused));
  if (tally.turned_away.total() > 0) {
    out += line("turned away", counted(tally.turned_away) + "   nothing was decided");
  }
  if (tally.never_sent > 0) {
    out += line("never sent", grouped(tally.never_sent) + "   no connection became free for them");
  }
  out += line("lost",
              grouped(tally.lost) +
                  (tally.lost > 0 ? "   answers that never came, and were asked for again" : ""));
  out += line("errors", counted(tally.errors));
  out += "\n" + latency_table(tally, colours) + "\n";
  out += line("throughput", throughput_line(report));
  out += proof_text(report.proof, colours);
  out += line("limit", limit_line(report));
  return out;
}

std::string report_json(const Report& report) {
  const Tally& tally = *report.tally;
  std::string out = R"({"sale":)";
  api::append_json_string(out, report.sale);
  out += R"(,"url":)";
  api::append_json_string(out, report.url);
  out.append(R"(,"mix":")").append(name_of(report.plan.mix));
  out.append(R"(","arrival":")").append(name_of(report.plan.arrival));
  out.append(R"(","ended":")").append(name_of(report.ending)).append("\"");
  append_count(out, "buyers", report.plan.buyers);
  append_count(out, "arrivals", report.plan.arrivals);
  append_decimal(out, "duration_seconds", static_cast<double>(report.plan.duration.count()) / 1e9);
  append_decimal(out, "took_seconds", static_cast<double>(report.took) / 1e9);
  append_count(out, "connections", report.sending->connections);
  append_count(out, "pipeline", report.pipeline);
  out += R"(,"requests":)" + requests_json(report);
  append_count(out, "granted", tally.granted);
  append_count(out, "told_again", tally.known);
  append_count(out, "confirmed", tally.confirmed);
  append_count(out, "released", tally.released);
  append_words(out, "refused", tally.refused);
  append_words(out, "turned_away", tally.turned_away);
  append_words(out, "errors", tally.errors);
  append_count(out, "busiest_second", tally.busiest_second());
  out += R"(,"latency_us":)" + latency_json(report);
  const ProcessorUse& use = *report.use;
  out += R"(,"client":)" + use_json(use.client_ns(), use.client_at_peak(), tally.sent);
  out += R"(,"server":)";
  out += use.knows_server() ? use_json(use.server_ns(), use.server_at_peak(), tally.sent) : "null";
  out.append(R"(,"limit":")").append(name_of(limit_of(report))).append("\"");
  out += R"(,"proof":)" + proof_json(report.proof) + "}\n";
  return out;
}

}  // namespace doorbuster::bench
