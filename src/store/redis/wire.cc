#include "store/redis/wire.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace doorbuster::redis {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::seconds kPatienceAtTheEnd(1);

}  // namespace

Wire::Wire(asio::io_context& io, Node node, asio::ssl::context* tls, const TlsOptions& tls_options,
           WireUser& user)
    : node_(std::move(node)),
      server_name_(tls_options.server_name.empty() ? node_.host : tls_options.server_name),
      verify_(tls_options.verify),
      user_(&user),
      resolver_(io),
      socket_(io),
      patience_(io) {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
}

void Wire::open() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->user_ != nullptr) self->resolve();
  });
}

void Wire::resolve() {
  error_code not_a_number;
  const auto address = asio::ip::make_address(node_.host, not_a_number);
  if (!not_a_number) {
    // Without the thread that a name is looked up on.
    return connect(tcp::resolver::results_type::create(tcp::endpoint(address, node_.port),
                                                       node_.host, std::to_string(node_.port)));
  }
  resolver_.async_resolve(
      node_.host, std::to_string(node_.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](error_code error, const tcp::resolver::results_type& places) {
        if (self->user_ == nullptr) return;
        if (error) return self->failed(error);
        self->connect(places);
      });
}

void Wire::connect(const tcp::resolver::results_type& places) {
  step_ = Step::connect;
  asio::async_connect(socket_, places,
                      [self = shared_from_this()](error_code error, const tcp::endpoint&) {
                        if (self->user_ == nullptr) return;
                        if (error) return self->failed(error);
                        error_code ignored;
                        self->socket_.set_option(tcp::no_delay(true), ignored);
                        self->socket_.set_option(asio::socket_base::keep_alive(true), ignored);
                        if (self->tls_) return self->begin_tls();
                        self->opened();
                      });
}

void Wire::begin_tls() {
  step_ = Step::tls_handshake;
  if (!expect_name()) return lost("cannot " + doing() + ": this name cannot be verified");
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this()](error_code error) {
                          if (self->user_ == nullptr) return;
                          if (error) return self->failed(error);
                          self->opened();
                        });
}

// OpenSSL itself compares the name, so that its verdict says what is wrong.
bool Wire::expect_name() {
  SSL* const ssl = tls_->native_handle();
  error_code not_a_number;
  asio::ip::make_address(server_name_, not_a_number);
  if (not_a_number && SSL_set_tlsext_host_name(ssl, server_name_.c_str()) != 1) return false;
  if (!verify_) return true;
  if (not_a_number) return SSL_set1_host(ssl, server_name_.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name_.c_str()) == 1;
}

void Wire::opened() {
  step_ = Step::done;
  read();
  user_->on_wire_open();
}

void Wire::read() {
  auto on_read = [self = shared_from_this()](error_code error, std::size_t size) {
    if (self->user_ == nullptr) return;
    if (error) return self->failed(error);
    self->user_->on_wire_bytes({self->input_.data(), size});
    if (self->user_ != nullptr) self->read();
  };
  if (tls_) {
    tls_->async_read_some(asio::buffer(input_), std::move(on_read));
  } else {
    socket_.async_read_some(asio::buffer(input_), std::move(on_read));
  }
}

void Wire::write() {
  CHECK(!writing_ && step_ == Step::done && user_ != nullptr);
  writing_ = true;
  auto on_written = [self = shared_from_this()](error_code error, std::size_t) {
    self->writing_ = false;
    if (self->user_ == nullptr) return;
    if (error) return self->failed(error);
    self->user_->on_wire_written();
  };
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(output_), std::move(on_written));
  } else {
    asio::async_write(socket_, asio::buffer(output_), std::move(on_written));
  }
}

std::string Wire::doing() const {
  switch (step_) {
    case Step::resolve:
      return "find the host " + node_.host;
    case Step::connect:
      return "connect to " + node_.text();
    case Step::tls_handshake:
      return "speak TLS with " + node_.text();
    case Step::done:
      return "speak with " + node_.text();
  }
  return {};
}

void Wire::failed(const error_code& error) {
  if (step_ == Step::done) {
    const bool at_end = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    return lost(at_end ? node_.text() + " has closed the connection"
                       : "the connection to " + node_.text() + " is lost: " + error.message());
  }
  if (step_ == Step::tls_handshake) {
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict != X509_V_OK) {
      return lost("the certificate of " + node_.text() + " is not accepted for " + server_name_ +
                  ": " + X509_verify_cert_error_string(verdict));
    }
  }
  lost("cannot " + doing() + ": " + error.message());
}

void Wire::lost(const std::string& reason) {
  WireUser* const user = std::exchange(user_, nullptr);
  close_socket();
  if (user != nullptr) user->on_wire_lost(reason);
}

void Wire::abandon() {
  user_ = nullptr;
  close_socket();
}

void Wire::finish() {
  user_ = nullptr;
  if (!tls_ || step_ != Step::done || writing_) return close_socket();
  patience_.expires_after(kPatienceAtTheEnd);
  patience_.async_wait([self = shared_from_this()](error_code) { self->close_socket(); });
  tls_->async_shutdown([self = shared_from_this()](error_code) { self->close_socket(); });
}

void Wire::close_socket() {
  error_code ignored;
  resolver_.cancel();
  patience_.cancel();
  if (socket_.is_open()) socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace doorbuster::redis
