#include <algorithm>
#include <array>
#include <cstdio>

#include "api/text.h"
#include "cli/bench/report.h"
#include "cli/table.h"

namespace doorbuster::bench {
namespace {

using cli::harmless;

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
  append_latency(out, "from_sending", report.sending->service);
  return out + "}";
}

}  // namespace

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
