#include "cli/bench/report.h"

#include <algorithm>
#include <array>
#include <cstdio>

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

Limit limit_of(const Report& report) {
  return limit_of(*report.sending, report.use->client_at_peak(), report.use->server_at_peak());
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
  if (report.sending->malformed > 0) {
    out += line("malformed", grouped(report.sending->malformed) + "   what came was no answer");
  }
  out += line("errors", counted(tally.errors));
  out += "\n" + latency_table(tally, colours) + "\n";
  out += line("throughput", throughput_line(report));
  out += proof_text(report.proof, colours);
  out += line("limit", limit_line(report));
  return out;
}

}  // namespace doorbuster::bench
