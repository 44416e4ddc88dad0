#include "store/redis/connection.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <random>
#include <utility>

#include "base/check.h"
#include "store/redis/backoff.h"
#include "store/redis/wire.h"

namespace doorbuster::redis {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

Error unusable_file(const std::string& file, const error_code& error) {
  return {ErrorCode::invalid_argument, file + " cannot be used for TLS: " + error.message()};
}

Status load_own_certificate(asio::ssl::context& context, const TlsOptions& options) {
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "of the certificate and its key for TLS one is given, and the other is not"};
  }
  if (options.certificate_file.empty()) return ok_status();
  error_code error;
  context.use_certificate_chain_file(options.certificate_file, error);
  if (error) return unusable_file(options.certificate_file, error);
  context.use_private_key_file(options.key_file, asio::ssl::context::pem, error);
  if (error) return unusable_file(options.key_file, error);
  return ok_status();
}

}  // namespace

Result<SharedTls> load_tls(bool is_wanted, const TlsOptions& options) {
  if (!is_wanted) return SharedTls();
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(options.verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
  error_code error;
  if (!options.ca_file.empty()) {
    context->load_verify_file(options.ca_file, error);
    if (error) return unusable_file(options.ca_file, error);
  } else if (options.verify) {
    context->set_default_verify_paths(error);
    if (error) return unusable_file("what the system trusts", error);
  }
  if (auto loaded = load_own_certificate(*context, options); !loaded) return loaded.error();
  return context;
}

// Lives on in its handlers after the connection is destroyed, and does nothing there.
class Connection::Driver final : public std::enable_shared_from_this<Driver>, public WireUser {
 public:
  Driver(asio::io_context& io, ConnectionOptions options, SharedTls tls, OnChange on_change)
      : io_(io),
        options_(std::move(options)),
        tls_(std::move(tls)),
        on_change_(std::move(on_change)),
        timer_(io),
        backoff_(options_.first_wait, options_.longest_wait, std::random_device{}()),
        link_(options_.address, options_.limits) {}

  void start();
  void stop();
  Status submit(const Arguments& arguments, milliseconds patience, OnAnswer on_answer, bool asking);
  void close(std::function<void()> on_closed);
  bool is_up() const { return link_.state() == Link::State::up; }

 private:
  void on_wire_open() override;
  void on_wire_bytes(std::string_view bytes) override;
  void on_wire_written() override { settle(); }
  void on_wire_lost(const std::string& reason) override { lose(reason); }

  void settle();
  void write();
  void settle_later();
  void lose(const std::string& reason);
  void lose_broken() { lose(options_.address.node.text() + ": " + link_.reason()); }
  void tell(bool is_up, const std::string& reason);
  void end_if_drained();
  void arm();
  void on_timer();

  asio::io_context& io_;
  const ConnectionOptions options_;
  const SharedTls tls_;  // null: plain
  OnChange on_change_;
  asio::steady_timer timer_;
  Moment armed_ = Moment::max();
  Moment attempt_ends_ = Moment::max();  // while there is an attempt
  Moment next_attempt_ = Moment::max();  // while there is none
  Backoff backoff_;
  Link link_;
  std::shared_ptr<Wire> wire_;       // null between attempts
  std::optional<std::string> told_;  // the reason last told; empty: that it is up
  std::function<void()> on_closed_;
  bool closing_ = false;
  bool stopped_ = false;
  bool settles_later_ = false;
};

void Connection::Driver::start() {
  attempt_ends_ = steady_clock::now() + options_.attempt_time;
  next_attempt_ = Moment::max();
  wire_ = std::make_shared<Wire>(io_, options_.address.node, tls_.get(), options_.tls, *this);
  wire_->open();
  arm();
}

// Nothing is told any more, but for the commands.
void Connection::Driver::stop() {
  if (std::exchange(stopped_, true)) return;
  closing_ = true;
  on_change_ = nullptr;
  on_closed_ = nullptr;
  timer_.cancel();
  if (wire_) std::exchange(wire_, nullptr)->abandon();
  link_.closed("the connection was closed on this side");
}

Status Connection::Driver::submit(const Arguments& arguments, milliseconds patience,
                                  OnAnswer on_answer, bool asking) {
  if (closing_) return Error{ErrorCode::not_found, "the connection to Redis is closed"};
  auto taken =
      link_.submit(arguments, steady_clock::now() + patience, std::move(on_answer), asking);
  if (taken.ok()) settle_later();
  return taken;
}

// At the end of what is ready now: what else is submitted until then goes out with it.
void Connection::Driver::settle_later() {
  if (std::exchange(settles_later_, true)) return;
  asio::post(io_, [self = shared_from_this()] {
    self->settles_later_ = false;
    if (!self->stopped_) self->settle();
  });
}

void Connection::Driver::on_wire_open() {
  link_.opened();
  settle();
}

void Connection::Driver::on_wire_bytes(std::string_view bytes) {
  const bool was_up = is_up();
  link_.received(bytes);
  if (stopped_) return;
  if (!was_up && is_up()) {
    attempt_ends_ = Moment::max();
    backoff_.reset();
    tell(true, {});
    if (stopped_) return;
  }
  if (link_.state() == Link::State::broken) return lose_broken();
  if (link_.has_output() || closing_) settle_later();
}

void Connection::Driver::settle() {
  write();
  arm();
  end_if_drained();
}

void Connection::Driver::write() {
  if (!wire_ || wire_->is_writing() || !link_.has_output()) return;
  link_.take_output(wire_->buffer());
  wire_->write();
}

// Whatever was under way is answered; then the next attempt is due, unless this was the last.
void Connection::Driver::lose(const std::string& reason) {
  if (wire_) std::exchange(wire_, nullptr)->abandon();
  attempt_ends_ = Moment::max();
  next_attempt_ = steady_clock::now() + backoff_.next();
  link_.closed(reason);
  if (!stopped_) tell(false, reason);
  if (stopped_) return;
  arm();
  end_if_drained();
}

void Connection::Driver::tell(bool is_up, const std::string& reason) {
  CHECK(is_up == reason.empty());
  if (closing_ || told_ == reason) return;
  told_ = reason;
  // A copy: it may destroy the connection, and with it the original.
  const auto on_change = on_change_;
  if (on_change) on_change(is_up, reason);
}

void Connection::Driver::close(std::function<void()> on_closed) {
  if (closing_) return;
  closing_ = true;
  on_closed_ = std::move(on_closed);
  settle_later();
}

void Connection::Driver::end_if_drained() {
  if (!closing_ || stopped_ || !link_.idle()) return;
  stopped_ = true;
  timer_.cancel();
  on_change_ = nullptr;
  if (wire_) std::exchange(wire_, nullptr)->finish();
  link_.closed("closed");
  const auto on_closed = std::exchange(on_closed_, nullptr);
  if (on_closed) on_closed();
}

// One timer for whatever is due first. Set anew only if that is sooner: when it rings too early, it
// is set again.
void Connection::Driver::arm() {
  const Moment due = std::min({attempt_ends_, next_attempt_, link_.earliest_deadline()});
  if (due >= armed_ || stopped_) return;
  armed_ = due;
  timer_.expires_at(due);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && !self->stopped_) self->on_timer();
  });
}

void Connection::Driver::on_timer() {
  armed_ = Moment::max();
  const Moment now = steady_clock::now();
  link_.tick(now);
  if (stopped_) return;
  if (link_.state() == Link::State::broken) return lose_broken();
  if (now >= attempt_ends_ && wire_) {
    return lose("cannot " + wire_->doing() + " within " +
                std::to_string(options_.attempt_time.count()) + " ms");
  }
  if (now >= next_attempt_) start();
  settle();
}

Connection::Connection(std::shared_ptr<Driver> driver) : driver_(std::move(driver)) {}

Connection::~Connection() { driver_->stop(); }

Result<std::unique_ptr<Connection>> Connection::open(asio::io_context& io,
                                                     ConnectionOptions options,
                                                     OnChange on_change) {
  auto tls = load_tls(options.address.tls, options.tls);
  if (!tls) return tls.error();
  return open(io, std::move(options), std::move(*tls), std::move(on_change));
}

std::unique_ptr<Connection> Connection::open(asio::io_context& io, ConnectionOptions options,
                                             SharedTls tls, OnChange on_change) {
  auto driver =
      std::make_shared<Driver>(io, std::move(options), std::move(tls), std::move(on_change));
  driver->start();
  return std::unique_ptr<Connection>(new Connection(std::move(driver)));
}

Status Connection::submit(const Arguments& arguments, milliseconds patience, OnAnswer on_answer,
                          bool asking) {
  return driver_->submit(arguments, patience, std::move(on_answer), asking);
}

bool Connection::is_up() const { return driver_->is_up(); }

void Connection::close(std::function<void()> on_closed) { driver_->close(std::move(on_closed)); }

}  // namespace doorbuster::redis
