#include "cli/server_metrics.h"

#include "api/problem.h"
#include "cli/arguments.h"
#include "cli/server_log.h"
#include "metrics/process.h"

namespace doorbuster::cli {
namespace {

using metrics::Exposition;
using metrics::Family;
using metrics::Type;

constexpr Family kBuild = {"doorbuster_build_info", Type::gauge,
                           "1; its labels say which program this is."};
constexpr Family kReady = {"doorbuster_ready", Type::gauge, "1 while /readyz says ready, else 0."};
constexpr Family kPart = {"doorbuster_part_ok", Type::gauge,
                          "1 while /readyz?verbose finds nothing wrong with this part, else 0."};
constexpr Family kClockAlarm = {"doorbuster_clock_alarm", Type::gauge,
                                "1 while a step of the wall clock is not followed, else 0."};
constexpr Family kClockOffset = {"doorbuster_clock_offset_seconds", Type::gauge,
                                 "Wall clock minus the server's time, while there is an alarm."};

constexpr Family kLogDropped = {"doorbuster_log_messages_dropped_total", Type::counter,
                                "Lines of the log that nobody will read."};

constexpr Family kRequests = {"doorbuster_http_requests_total", Type::counter,
                              "Answers of the API by route, method and status."};
constexpr Family kDuration = {"doorbuster_http_request_duration_seconds", Type::histogram,
                              "From the turn of the loop that read a request to the end of the one "
                              "that answered it; of a stream, to its head."};
constexpr Family kInFlight = {"doorbuster_http_requests_in_flight", Type::gauge,
                              "Requests that wait for the store, readers of events aside."};
constexpr Family kShed = {
    "doorbuster_http_shed_total", Type::counter,
    "What was turned away for want of room, by why: connections that were one "
    "too many, and requests answered with 503."};
constexpr Family kAuthFailures = {"doorbuster_auth_failures_total", Type::counter,
                                  "Requests that were not let in, by what was wrong."};
constexpr Family kReaders = {"doorbuster_feed_readers", Type::gauge,
                             "Readers of GET /v1/events who are connected, by form."};
constexpr Family kConnections = {"doorbuster_http_connections", Type::gauge, "Open connections."};
constexpr Family kAccepted = {"doorbuster_http_connections_accepted_total", Type::counter,
                              "Connections that were served."};
constexpr Family kPauses = {"doorbuster_http_accept_pauses_total", Type::counter,
                            "How often no descriptor was left to accept a connection."};

constexpr Family kCommit = {"doorbuster_claim_commit_duration_seconds", Type::histogram,
                            "From when the store got a claim that it granted to when that was "
                            "durable."};
constexpr Family kStep = {"doorbuster_engine_step_duration_seconds", Type::histogram,
                          "Wall time of the engine's steps; with one I/O thread, of its turns with "
                          "work for the engine."};
constexpr Family kWaiting = {"doorbuster_engine_waiting_commands", Type::gauge,
                             "Commands that wait for their decision or for the disk."};
constexpr Family kExpiryLag = {"doorbuster_hold_expiry_lag_seconds", Type::gauge,
                               "By how much the end of a hold, or of a sale's phase, is overdue."};
constexpr Family kViolations = {"doorbuster_invariant_violations_total", Type::counter,
                                "States that must not be, by the check that found them."};

constexpr Family kRewound = {"doorbuster_sales_rewound", Type::gauge,
                             "Sales of which Redis has lost what was told."};

constexpr Family kAppended = {"doorbuster_journal_append_bytes_total", Type::counter,
                              "Bytes of the groups that were made durable."};
constexpr Family kSync = {"doorbuster_journal_sync_duration_seconds", Type::histogram,
                          "How long the syncs of groups took."};
constexpr Family kGroup = {"doorbuster_journal_sync_batch_entries", Type::histogram,
                           "Events in a group, which one sync makes durable."};
constexpr Family kSyncErrors = {"doorbuster_journal_sync_errors_total", Type::counter,
                                "Syncs that failed; the first ends the process."};
constexpr Family kWriteErrors = {"doorbuster_journal_write_errors_total", Type::counter,
                                 "Writes of groups that failed; the first ends the process."};
constexpr Family kSegmentErrors = {"doorbuster_journal_segment_errors_total", Type::counter,
                                   "Segments that could not be made ahead, as on a full disk."};

void append_condition(Exposition& out, const Scraped& scraped) {
  store::StoreCondition condition = scraped.store.condition();
  if (scraped.keys != nullptr) condition.lines.emplace_back("keys", scraped.keys->condition());
  out.only(kReady, std::uint64_t{condition.ready});
  out.begin(kPart);
  for (const auto& [part, state] : condition.lines) {
    out.sample({{"part", part}}, std::uint64_t{state == "ok"});
  }
  out.only(kClockAlarm, std::uint64_t{condition.clock_alarm});
  out.only(kClockOffset, static_cast<double>(condition.wall_ahead.count()) / 1000);
}

void append_answers(Exposition& out, const api::ApiFigures& figures) {
  const auto routes = api::api_routes();
  out.begin(kRequests);
  for (std::size_t route = 0; route <= routes.size(); ++route) {
    const std::string_view path = route < routes.size() ? routes[route].path : "none";
    for (std::size_t method = 0; method < api::kMethods; ++method) {
      for (std::size_t place = 0; place < api::kStatusPlaces; ++place) {
        const std::uint64_t times = figures.requests[route][method][place];
        if (times == 0) continue;
        const bool known = place < api::kStatuses.size();
        out.sample({{"route", path},
                    {"method", api::method_label(static_cast<http::Method>(method))},
                    {"code", known ? std::to_string(api::kStatuses[place]) : "other"}},
                   times);
      }
    }
  }
  out.begin(kDuration);
  for (std::size_t route = 0; route < routes.size(); ++route) {
    out.histogram(
        {{"route", routes[route].path}, {"method", api::method_label(routes[route].method)}},
        figures.durations[route]);
  }
}

void append_refusals(Exposition& out, const api::ApiFigures& figures) {
  out.begin(kAuthFailures);
  for (std::size_t i = 0; i < figures.remarks.size(); ++i) {
    const std::string_view reason = api::auth_failure_name(static_cast<api::Remark>(i));
    if (!reason.empty()) out.sample({{"reason", reason}}, figures.remarks[i]);
  }
}

}  // namespace

std::string ServerMetrics::text(const Scraped& scraped) const {
  Exposition out;
  out.begin(kBuild);
  out.sample({{"version", version()}, {"engine", scraped.engine}}, std::uint64_t{1});
  append_condition(out, scraped);
  append_requests(out);
  append_connections(out);
  if (scraped.disk != nullptr) {
    append_sales(out, store_.sales.read());
    append_engine(out);
    append_journal(out);
    append_disk(out, scraped.disk->seen());
  } else {
    append_gateway(out);
  }
  out.only(kLogDropped, scraped.log.dropped());
  metrics::append_process(out);
  return out.take();
}

metrics::HistogramReading ServerMetrics::claim_answers() const {
  metrics::HistogramReading sum = api::AnswerTimes::nothing();
  api_.for_each([&](const api::ApiProbe& probe) { probe.add_claim_answers(sum); });
  return sum;
}

void ServerMetrics::append_requests(Exposition& out) const {
  api::ApiFigures figures;
  api_.for_each([&](const api::ApiProbe& probe) { probe.add_to(figures); });
  append_answers(out, figures);
  out.only(kInFlight, figures.in_flight);
  append_refusals(out, figures);
  out.begin(kReaders);
  out.sample({{"form", "json"}}, figures.page_readers);
  out.sample({{"form", "sse"}}, figures.stream_readers);
  out.begin(kShed);
  out.sample({{"reason", "connections"}}, listeners_.sum([](const http::ListenerProbe& probe) {
    return probe.refused.value() + probe.dropped.value();
  }));
  for (std::size_t i = 0; i < figures.problems.size(); ++i) {
    const api::ProblemText& problem = api::text_of(static_cast<api::ProblemCode>(i));
    if (problem.status == 503) out.sample({{"reason", problem.name}}, figures.problems[i]);
  }
}

void ServerMetrics::append_connections(Exposition& out) const {
  const auto append = [&](const Family& family, auto value) {
    out.begin(family);
    out.sample({{"listener", "http"}}, listeners_.sum(value));
    out.sample({{"listener", "admin"}}, value(admin_));
  };
  using Probe = http::ListenerProbe;
  append(kConnections, [](const Probe& probe) { return probe.connections.value(); });
  append(kAccepted, [](const Probe& probe) { return probe.accepted.value(); });
  append(kPauses, [](const Probe& probe) { return probe.pauses.value(); });
}

void ServerMetrics::append_engine(Exposition& out) const {
  const embedded::EngineProbe& engine = store_.engine;
  out.begin(kCommit);
  out.histogram({{"engine", "embedded"}}, engine.commit_time.read());
  out.only(kStep, engine.step_time.read());
  out.only(kWaiting, engine.waiting_commands.value());
  const std::chrono::duration<double> lag = overdue(engine, std::chrono::steady_clock::now());
  out.only(kExpiryLag, lag.count());
  out.begin(kViolations);
  out.sample({{"check", "conservation"}}, engine.conservation_breaches.value());
}

void ServerMetrics::append_gateway(Exposition& out) const {
  append_claims(out, gateway_.claims());
  out.begin(kCommit);
  out.histogram({{"engine", "redis"}}, gateway_.commit_time.read());
  out.only(kWaiting, gateway_.waiting_commands.value());
  out.only(kRewound, gateway_.rewound_sales.value());
}

void ServerMetrics::append_journal(Exposition& out) const {
  const embedded::JournalProbe& journal = store_.journal;
  out.only(kAppended, journal.appended_bytes.value());
  out.only(kSync, journal.sync_time.read());
  out.only(kGroup, journal.events_of_group.read());
  out.only(kSyncErrors, journal.sync_errors.value());
  out.only(kWriteErrors, journal.write_errors.value());
  out.only(kSegmentErrors, journal.segment_errors.value());
}

}  // namespace doorbuster::cli
