#include "http/responder.h"

#include <utility>

#include "http/session.h"

namespace doorbuster::http {

Stream::Stream(std::shared_ptr<Session> session, std::uint64_t exchange)
    : session_(std::move(session)), exchange_(exchange) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    if (session_) session_->abandon(exchange_);
    session_ = std::move(other.session_);
    exchange_ = other.exchange_;
  }
  return *this;
}

Stream::~Stream() {
  if (session_) session_->abandon(exchange_);
}

bool Stream::write(std::string_view bytes) {
  return session_ != nullptr && session_->write(exchange_, bytes);
}

void Stream::when_drained(std::function<void()> more) {
  if (session_) session_->when_drained(exchange_, std::move(more));
}

void Stream::close_with_input() {
  if (session_) session_->close_with_input();
}

bool Stream::is_open() const { return session_ != nullptr && session_->is_open(); }

void Stream::finish() {
  if (const auto session = std::exchange(session_, nullptr)) session->finish(exchange_);
}

Responder::Responder(std::shared_ptr<Session> session, std::uint64_t exchange)
    : session_(std::move(session)), exchange_(exchange) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    if (session_) session_->abandon(exchange_);
    session_ = std::move(other.session_);
    exchange_ = other.exchange_;
  }
  return *this;
}

Responder::~Responder() {
  if (session_) session_->abandon(exchange_);
}

void Responder::send(const Reply& reply) {
  if (const auto session = std::exchange(session_, nullptr)) session->send(exchange_, reply);
}

Stream Responder::stream(const Reply& head) {
  auto session = std::exchange(session_, nullptr);
  if (session) session->begin_stream(exchange_, head);
  return {std::move(session), exchange_};
}

bool Responder::is_open() const { return session_ != nullptr && session_->is_open(); }

}  // namespace doorbuster::http
