#include "cli/serve.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/admin_handler.h"
#include "cli/console.h"
#include "cli/demo_sale.h"
#include "cli/disk_watch.h"
#include "cli/file_limit.h"
#include "cli/grouped.h"
#include "cli/io_thread.h"
#include "cli/key_book.h"
#include "cli/key_follower.h"
#include "cli/listen_address.h"
#include "cli/log_watch.h"
#include "cli/random_bytes.h"
#include "cli/redis_engine.h"
#include "cli/reload.h"
#include "cli/server_log.h"
#include "cli/server_metrics.h"
#include "cli/server_settings.h"
#include "cli/stop_signals.h"
#include "cli/table.h"
#include "store/embedded/embedded_store.h"
#include "store/embedded/file_system.h"

namespace doorbuster::cli {
namespace {

// Where it is to listen; read_configuration() has seen that it may.
struct Listeners {
  http::Endpoint http;
  http::Endpoint admin;
};

http::Limits limits_of(const ServeArguments& arguments) {
  using std::chrono::seconds;
  http::Limits limits;
  limits.head_bytes = arguments.http_max_head_bytes;
  limits.connections = arguments.http_max_connections;
  limits.pipelined = arguments.http_max_pipelined;
  limits.head_time = seconds(arguments.http_head_timeout_seconds);
  limits.body_time = seconds(arguments.http_body_timeout_seconds);
  limits.idle_time = seconds(arguments.http_idle_timeout_seconds);
  limits.drain_time = seconds(arguments.http_drain_timeout_seconds);
  return limits;
}

// The texts in the settings are good: the table of settings has seen to that.
api::ApiOptions options_of(const ServeArguments& arguments) {
  api::ApiOptions options;
  options.admission.dev = arguments.dev;
  options.version = version();
  for (const std::string& text : arguments.trusted_proxies) {
    options.admission.trusted_proxies.push_back(*http::IpNetwork::parse(text));
  }
  for (const std::string& origin : arguments.http_cors_origins) options.cors.add(origin);
  return options;
}

ServerLog::Options log_options_of(const ServeArguments& arguments) {
  ServerLog::Options options;
  options.format = *parse_log_format(arguments.log_format);
  options.level = *parse_log_level(arguments.log_level);
  options.access = *api::parse_access_mode(arguments.log_access);
  std::array<std::uint8_t, sizeof options.buyer_hash_key> random{};
  fill_random(random);
  std::memcpy(options.buyer_hash_key.data(), random.data(), random.size());
  return options;
}

Result<api::WebSite> web_of(const ServeArguments& arguments) {
  if (arguments.web_dir.empty()) return api::WebSite(api::embedded_web_files());
  return api::WebSite::from_folder(arguments.web_dir);
}

std::string key_file_of(const ServeArguments& arguments) {
  return arguments.keys_file.empty() ? key_file_in(arguments.data_dir) : arguments.keys_file;
}

// R11: nothing may be acknowledged any more, and nothing may be waited for.
void end_at_once(ServerLog& log, const Error& error) {
  log.tell_at_once(LogLevel::error, "journal_failed",
                   "the journal failed, stopping at once: " + error.message);
  std::_Exit(static_cast<int>(ExitCode::failure));
}

bool is_on_redis(const ServeArguments& arguments) { return arguments.engine == "redis"; }

// Where sales and claims are, in words for who looks at a terminal.
std::string place_of_data(const ServeArguments& arguments) {
  return is_on_redis(arguments) ? arguments.redis_url : arguments.data_dir;
}

Result<std::unique_ptr<store::ClaimStore>> open_store(embedded::FileSystem& files,
                                                      const Clock& clock, ServerLog& log,
                                                      const ServeArguments& arguments,
                                                      ServerMetrics& metrics) {
  if (is_on_redis(arguments)) return open_redis_engine(arguments, metrics.gateway());
  embedded::StoreOptions options;
  options.data_dir = arguments.data_dir;
  options.own_thread = arguments.io_threads > 1;
  options.segment_bytes = arguments.journal_segment_bytes;
  options.max_waiting = arguments.journal_max_waiting;
  options.restart_grace = std::chrono::seconds(arguments.restart_grace_seconds);
  options.snapshots.retain_bytes = arguments.journal_retain_bytes;
  options.snapshots.retain_seconds = std::chrono::seconds(arguments.journal_retain_seconds);
  options.probe = &metrics.store();
  options.random = fill_random;
  options.on_failure = [&log](const Error& error) { end_at_once(log, error); };
  options.on_clock = [&log](const std::string& sentence) {
    log.tell(LogLevel::warning, "clock", "clock: " + sentence);
  };
  return embedded::open_embedded_store(files, clock, options);
}

// The I/O threads beside the first, which is main's.
//
// Thread: main; drain() from any, after start(). Owns: the threads; the destructor drains and
// joins.
class FurtherThreads {
 public:
  explicit FurtherThreads(ServerMetrics& metrics) : metrics_(metrics) {}
  FurtherThreads(const FurtherThreads&) = delete;
  FurtherThreads& operator=(const FurtherThreads&) = delete;
  ~FurtherThreads() {
    drain();
    join();
  }

  // Starts one more, listening on `endpoint` beside the others.
  Status start(store::ClaimStore& store, const api::ApiOptions& options, http::Limits limits,
               const http::Endpoint& endpoint) {
    std::promise<Result<IoThread*>> listening;
    auto result = listening.get_future();
    threads_.emplace_back([this, &store, options, limits, endpoint, &listening] {
      IoThread io(store, options, limits, metrics_);
      const auto bound = io.listen(endpoint, true);
      const bool serving = bound.ok();
      listening.set_value(serving ? Result<IoThread*>(&io) : Result<IoThread*>(bound.error()));
      if (!serving) return;
      io.run();
      drained_.wait();  // whoever drains may still be at work on `io`
    });
    const auto io = result.get();
    if (!io) return io.error();
    serving_.push_back(*io);
    return ok_status();
  }

  // The first call counts.
  void drain() {
    if (std::exchange(draining_, true)) return;
    for (IoThread* io : serving_) io->drain();
    drained_promise_.set_value();
  }
  // From the thread of drain().
  void change_limits(http::Limits limits) {
    for (IoThread* io : serving_) io->change_limits(limits);
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    serving_.clear();
  }

 private:
  ServerMetrics& metrics_;
  std::vector<std::thread> threads_;
  std::vector<IoThread*> serving_;  // each on its thread's stack, until that ends
  bool draining_ = false;
  std::promise<void> drained_promise_;
  std::shared_future<void> drained_ = drained_promise_.get_future().share();
};

// Where the server really listens.
struct Bound {
  http::Endpoint http;
  http::Endpoint admin;
};

// It listens also while it waits for the wall clock, so that it can say what it waits for.
void print_ready(const ServeArguments& arguments, const Listeners& asked, const Bound& bound,
                 std::optional<std::uint32_t> demo_units, bool ready) {
  std::string out =
      (ready ? "ready   http://" : "waiting http://") + bound.http.text() + "    console /console/";
  if (demo_units) out += "    demo sale \"demo\": " + grouped(*demo_units) + " units";
  out += "    data " + place_of_data(arguments) + "\n";
  if (demo_units && arguments.dev) {
    out += "try     curl -X POST " + bound.http.text() +
           "/v1/sales/demo/claims -H 'X-Buyer-Id: alice'\n";
    const bool is_usual = bound.http.text() == BenchArguments().api.url.substr(7);  // "http://"
    out += "crowd   ./run bench --buyers 200000";
    out += is_usual ? "\n" : " --url http://" + bound.http.text() + "\n";
  }
  // Who let the system choose a port has to be told which.
  if (asked.admin.port == 0) out += "admin   http://" + bound.admin.text() + "\n";
  std::fputs(out.c_str(), stdout);
  std::fflush(stdout);
}

// Who reads no stdout is told here; at a terminal both would stand side by side.
void tell_ready(ServerLog& log, const ServeArguments& arguments, const Bound& bound, bool ready) {
  if (!log.is_json()) return;
  log.tell(LogLevel::info, "listening",
           (ready ? "ready: http://" : "waiting: http://") + bound.http.text() + ", admin http://" +
               bound.admin.text() + ", data " + place_of_data(arguments) + ", version " +
               std::string(version()));
}

// With several threads a port is shared on purpose (SO_REUSEPORT), which would also share it with
// another server by mistake: so it is first asked for alone.
Status check_free(const http::Endpoint& endpoint, http::Handler& nobody) {
  if (endpoint.port == 0) return ok_status();
  http::Server probe(http::Limits{});
  const auto bound = probe.listen(endpoint, nobody, false);
  if (!bound) return bound.error();
  return ok_status();
}

// What a server that runs is told by, and tells by.
struct Outside {
  StopSignals& signals;
  ServerLog& log;
  const DiskWatch* disk;  // null: the engine keeps nothing here
  std::function<void()> look_at_keys;
};

// What follows a reload, but for what serves.
void follow_settings(ServerLog& log, const ServeArguments& arguments) {
  log.set_level(*parse_log_level(arguments.log_level));
  log.set_mode(*api::parse_access_mode(arguments.log_access));
}

ExitCode serve_store(const ServeArguments& arguments, const Listeners& listeners,
                     const api::ApiOptions& options, store::ClaimStore& store,
                     ServerMetrics& metrics, const Outside& outside) {
  ServerLog& log = outside.log;
  const bool shared = arguments.io_threads > 1;
  api::AdminHandler admin(store, options.admission.keys);
  const http::Limits limits = limits_of(arguments);
  IoThread first(store, options, limits, metrics);
  FurtherThreads further(metrics);
  const Scraped scraped{store, options.admission.keys, log, outside.disk, options.engine};
  api::MetricsDesk metrics_desk([&] { return metrics.text(scraped); },
                                [&](std::function<void()> work) { first.post(std::move(work)); });
  admin.serve_metrics(metrics_desk);

  if (shared) {
    if (const Status free = check_free(listeners.http, admin); !free.ok()) {
      say(free.error().message);
      return ExitCode::failure;
    }
  }
  const auto endpoint = first.listen(listeners.http, shared);
  const auto admin_endpoint = endpoint ? first.listen_admin(listeners.admin, admin)
                                       : Result<http::Endpoint>(endpoint.error());
  if (!admin_endpoint) {
    say(admin_endpoint.error().message);
    return ExitCode::failure;
  }
  for (std::uint64_t i = 1; i < arguments.io_threads; ++i) {
    if (const Status started = further.start(store, options, limits, *endpoint); !started.ok()) {
      say(started.error().message);
      return ExitCode::failure;
    }
  }
  const auto told = std::make_shared<std::promise<void>>();
  const auto stop = [&, told] {
    first.drain();
    further.drain();
    log.tell(LogLevel::info, "stopping",
             "finishing what is under way; a second signal stops at once");
    told->set_value();  // the last: from here on all of these may end
  };
  outside.signals.watch(stop, [&, running = arguments]() mutable {
    const auto said = reload(running, read_configuration(running.given));
    first.change_limits(limits_of(running));
    further.change_limits(limits_of(running));
    follow_settings(log, running);
    outside.look_at_keys();
    for (const std::string& sentence : said) {
      log.tell(LogLevel::info, "reload", "SIGHUP: " + sentence);
    }
  });

  const Bound bound{*endpoint, *admin_endpoint};
  DemoSale demo([&](const Result<std::uint32_t>& units) {
    if (!units) {
      log.tell(LogLevel::warning, "demo", "no demo sale: " + units.error().message);
    }
    print_ready(arguments, listeners, bound, units ? std::optional(*units) : std::nullopt,
                store.condition().ready);
  });
  tell_ready(log, arguments, bound, store.condition().ready);
  if (arguments.demo) {
    demo.create(first.port());
  } else {
    print_ready(arguments, listeners, bound, std::nullopt, store.condition().ready);
  }
  first.run();
  told->get_future().wait();  // the signals' thread has let go of them and of the log
  further.join();
  return ExitCode::ok;
}

}  // namespace

ExitCode serve(const ServeArguments& arguments) {
  const auto http = parse_endpoint(arguments.http_listen);
  const auto admin = parse_endpoint(arguments.admin_listen);
  const Listeners listeners{*http, *admin};
  api::ApiOptions options = options_of(arguments);
  auto web = web_of(arguments);
  if (!web) {
    say("web.dir: " + web.error().message);
    return ExitCode::failure;
  }
  options.web = std::move(*web);
  StopSignals signals(Hangup::reloads);
  raise_file_limit();
  const SystemClock clock;
  ServerLog log(clock, log_options_of(arguments));
  api::RefusalBook refusals;
  options.access_log = &log;
  options.refusals = &refusals;
  if (arguments.dev && !(arguments.keys_file.empty() && arguments.trusted_proxies.empty())) {
    log.tell(
        LogLevel::warning, "keys",
        "with --dev no key and no proxy is looked at: every caller on this machine is trusted");
  }
  api::LiveKeys keys;
  const auto files = embedded::make_system_file_system();
  ServerMetrics metrics;
  auto store = open_store(*files, clock, log, arguments, metrics);
  if (!store) {
    say(store.error().message);
    return ExitCode::failure;
  }
  options.engine = arguments.engine;
  std::optional<DiskWatch> disk;
  if (!is_on_redis(arguments)) disk.emplace(*files, arguments.data_dir);
  options.last_backup = [&disk] { return disk ? disk->seen().last_backup : std::nullopt; };
  api::Sessions sessions(fill_random);
  KeyFollower follower(key_file_of(arguments), keys, clock, [&log](const std::string& sentence) {
    log.tell(LogLevel::info, "keys", sentence);
  });
  if (!arguments.dev) {
    options.admission.keys = &keys;
    options.admission.clock = &clock;
    options.admission.sessions = &sessions;
    if (const Status begun = follower.begin(); !begun.ok()) {
      say(begun.error().message);
      return ExitCode::failure;
    }
  }
  LogWatch watch(log, refusals, **store);
  return serve_store(arguments, listeners, options, **store, metrics,
                     {signals, log, disk ? &*disk : nullptr, [&follower, dev = arguments.dev] {
                        if (!dev) follower.look_soon();
                      }});
}

}  // namespace doorbuster::cli
