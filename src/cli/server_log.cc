#include "cli/server_log.h"

#include <pthread.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <utility>

#include "base/hexadecimal.h"
#include "cli/log_writer.h"

namespace doorbuster::cli {
namespace {

// Some 2 MB, taken at the start.
constexpr std::size_t kQueuedLines = 4096;
constexpr std::chrono::milliseconds kLongestEnd{10'000};

std::string rendered(bool json, const LogLine& line) {
  std::string out;
  json ? append_json_line(out, line) : append_text_line(out, line);
  return out;
}

class Sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit Sink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

}  // namespace

// Spdlog's queue and thread, which take lines that are whole already.
class ServerLog::Backend {
 public:
  Backend(const Clock& clock, bool json, int descriptor)
      : clock_(clock),
        json_(json),
        writer_(descriptor),
        pool_(std::make_shared<spdlog::details::thread_pool>(
            kQueuedLines, 1, [] { ::pthread_setname_np(::pthread_self(), "db-log"); })),
        queue_(*pool_),
        logger_(std::make_shared<spdlog::async_logger>(
            "", std::make_shared<Sink>([this](std::string_view line) { write(line); }), pool_,
            spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_level(spdlog::level::trace);
    // It would write to stderr itself, and might wait there.
    logger_->set_error_handler(
        [this](const std::string&) { failed_.fetch_add(1, std::memory_order_relaxed); });
  }
  ~Backend() {
    writer_.stop(kLongestEnd);
    pool_.reset();  // waits for its thread
  }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  void put(const std::string& line) {
    logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  }

  std::uint64_t dropped() const {
    return queue_.overrun_counter() + writer_.lost() + failed_.load(std::memory_order_relaxed);
  }

 private:
  // Thread: spdlog's.
  void write(std::string_view line) {
    if (!writer_.write(line)) return;
    const std::uint64_t dropped = this->dropped();
    if (dropped == told_) return;
    const std::uint64_t count = dropped - told_;
    const std::array<LogMember, 1> members = {{{"count", count}}};
    const std::string report = rendered(
        json_, {clock_.wall(), LogLevel::warning, "log_dropped",
                std::to_string(count) + " log lines were dropped: nobody read the log", members});
    if (writer_.write(report)) told_ = dropped;
  }

  const Clock& clock_;
  const bool json_;
  LogWriter writer_;
  std::uint64_t told_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  spdlog::details::thread_pool& queue_;  // the same, also while its end waits for its thread
  std::shared_ptr<spdlog::async_logger> logger_;
};

ServerLog::ServerLog(const Clock& clock, const Options& options)
    : AccessLog(options.buyer_hash_key),
      clock_(clock),
      json_(options.format == LogFormat::automatic ? ::isatty(options.descriptor) != 1
                                                   : options.format == LogFormat::json),
      descriptor_(options.descriptor),
      level_(options.level),
      backend_(std::make_unique<Backend>(clock, json_, options.descriptor)) {
  set_mode(options.access);
}

ServerLog::~ServerLog() = default;

void ServerLog::tell(LogLevel level, std::string_view event, std::string_view message,
                     std::span<const LogMember> members) {
  if (!is_told(level)) return;
  backend_->put(rendered(json_, {clock_.wall(), level, event, message, members}));
}

void ServerLog::tell_at_once(LogLevel level, std::string_view event, std::string_view message) {
  LogWriter::write_at_once(descriptor_, rendered(json_, {clock_.wall(), level, event, message}));
}

void ServerLog::on_answer(const api::AccessNote& note) {
  if (!is_told(LogLevel::info)) return;
  const bool is_known = note.method != http::Method::other;  // else it is a stranger's word
  std::string route(is_known ? name_of(note.method) : "another method");
  if (note.route != nullptr) route.append(" ").append(note.route->path);
  const std::string trace = note.trace.trace_id();
  const std::string span = note.trace.span_id();
  const std::string claim = note.claim ? sale::to_string(*note.claim) : std::string();
  const std::string buyer = note.buyer ? hexadecimal(note.buyer->value()) : std::string();
  std::array<LogMember, 9> members{};
  std::size_t count = 0;
  const auto add = [&](std::string_view name, LogValue value) { members[count++] = {name, value}; };
  add("request_id", note.request_id.view());
  add("trace_id", trace);
  add("span_id", span);
  if (!note.sale.empty()) add("sale", note.sale.view());
  if (!claim.empty()) add("claim", claim);
  if (!buyer.empty()) add("buyer_hash", buyer);
  add("route", route);
  add("status", static_cast<std::uint64_t>(note.status));
  add("duration_ms", note.took);
  tell(LogLevel::info, "request", route + ": " + std::to_string(note.status),
       std::span(members).first(count));
}

std::uint64_t ServerLog::dropped() const { return backend_->dropped(); }

}  // namespace doorbuster::cli
