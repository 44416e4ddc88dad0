#include "store/redis/link.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "store/redis/server_error.h"

namespace doorbuster::redis {
namespace {

constexpr std::string_view kClientName = "doorbuster";
constexpr std::string_view kRefuses = "the server refuses ";
constexpr std::string_view kWants = "the server wants ";

// Why a connection is of no use after this answer to AUTH; it may be to none of it, as that there
// are too many clients.
std::string flaw_of_auth(const Address& address, const std::string& error) {
  if (error.find("AUTH") == std::string::npos && !error.starts_with("WRONGPASS")) {
    return "the server says: " + error;
  }
  const std::string who = address.user.empty() ? "the password" : "the user and the password";
  return std::string(kRefuses) + who + ": " + error;
}

// The same of CLIENT SETNAME; empty: of use all the same, since the name is a courtesy.
std::string flaw_of_name(const std::string& error) {
  const ServerErrorKind kind = read_server_error(error).kind;
  if (kind == ServerErrorKind::no_permission || error.starts_with("ERR unknown")) return {};
  return (kind == ServerErrorKind::no_auth ? std::string(kWants) + "a password: "
                                           : "the server says: ") +
         error;
}

}  // namespace

bool is_refusal(std::string_view reason) {
  return reason.find(kRefuses) != std::string_view::npos ||
         reason.find(kWants) != std::string_view::npos;
}

Link::Link(Address address, LinkLimits limits) : address_(std::move(address)), limits_(limits) {}

Status Link::submit(const Arguments& arguments, Moment deadline, OnAnswer on_answer, bool asking) {
  if (waiting_.size() + under_way_.size() >= limits_.commands) {
    return Error{ErrorCode::overloaded, "too many commands wait for Redis"};
  }
  const std::size_t before = waiting_bytes_.size();
  if (asking) append_command(waiting_bytes_, {"ASKING"});
  append_command(waiting_bytes_, arguments);
  if (waiting_bytes_.size() > limits_.waiting_bytes) {
    waiting_bytes_.resize(before);
    return Error{ErrorCode::overloaded, "too much waits to be sent to Redis"};
  }
  earliest_ = idle() ? deadline : std::min(earliest_, deadline);
  waiting_.push_back({deadline, std::move(on_answer), waiting_bytes_.size() - before, asking});
  return ok_status();
}

void Link::opened() {
  CHECK(state_ == State::down);
  DCHECK(under_way_.empty());
  state_ = State::greeting;
  reason_.clear();
  reader_ = std::make_unique<ReplyReader>(limits_.replies);
  greet();
}

// All of it at once: the server answers in order, and what follows waits for the last answer.
void Link::greet() {
  greeting_bytes_.clear();
  greetings_.clear();
  if (!address_.password.empty()) {
    if (address_.user.empty()) {
      append_command(greeting_bytes_, {"AUTH", address_.password});
    } else {
      append_command(greeting_bytes_, {"AUTH", address_.user, address_.password});
    }
    greetings_.push_back(Greeting::auth);
  }
  if (address_.db != 0) {
    append_command(greeting_bytes_, {"SELECT", std::to_string(address_.db)});
    greetings_.push_back(Greeting::select);
  }
  append_command(greeting_bytes_, {"CLIENT", "SETNAME", kClientName});
  greetings_.push_back(Greeting::set_name);
}

bool Link::has_output() const {
  switch (state_) {
    case State::greeting:
      return !greeting_bytes_.empty();
    case State::up:
      return !waiting_bytes_.empty();
    case State::down:
    case State::broken:
      return false;
  }
  return false;
}

void Link::take_output(std::string& out) {
  out.clear();
  if (state_ == State::greeting) {
    out.swap(greeting_bytes_);
  } else if (state_ == State::up) {
    out.swap(waiting_bytes_);
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(under_way_));
    waiting_.clear();
  }
}

void Link::received(std::string_view bytes) {
  if (state_ != State::greeting && state_ != State::up) return;
  reader_->feed(bytes);
  // An answer may close the connection, and with that change the state.
  while (state_ == State::greeting || state_ == State::up) {
    auto reply = reader_->next();
    if (!reply) return break_off("the server sends " + reply.error().message);
    if (!reply->has_value()) return;
    take(std::move(**reply));
  }
}

void Link::take(Reply reply) {
  if (!greetings_.empty()) return take_greeting(reply);
  if (under_way_.empty()) return break_off("the server sends a reply to no command");
  if (std::exchange(under_way_.front().asking, false)) return;  // ASKING's own
  answer_first(std::move(reply));
}

void Link::take_greeting(const Reply& reply) {
  // Told that it is one too many, as after being shut out for the number of connections.
  if (!greeting_bytes_.empty()) {
    return break_off(reply.is_error() ? "the server says: " + reply.text
                                      : "the server speaks before it is spoken to");
  }
  const Greeting greeting = greetings_.front();
  greetings_.pop_front();
  if (reply.is_error()) {
    switch (greeting) {
      case Greeting::auth:
        return break_off(flaw_of_auth(address_, reply.text));
      case Greeting::select:
        return break_off(std::string(kRefuses) + "the database: " + reply.text);
      case Greeting::set_name:
        if (auto flaw = flaw_of_name(reply.text); !flaw.empty()) {
          return break_off(std::move(flaw));
        }
        break;
    }
  }
  if (greetings_.empty()) state_ = State::up;
}

void Link::answer_first(Reply reply) {
  const auto on_answer = std::move(under_way_.front().on_answer);
  under_way_.pop_front();
  on_answer({Fate::answered, std::move(reply), {}});
}

void Link::break_off(std::string reason) {
  state_ = State::broken;
  reason_ = std::move(reason);
}

void Link::closed(const std::string& reason) {
  state_ = State::down;
  reader_.reset();
  greeting_bytes_.clear();
  greetings_.clear();
  const auto unknown = std::exchange(under_way_, {});
  const auto not_sent = std::exchange(waiting_, {});
  waiting_bytes_.clear();
  earliest_ = Moment::max();
  for (const Waiting& command : unknown) command.on_answer({Fate::unknown, {}, reason});
  for (const Waiting& command : not_sent) command.on_answer({Fate::not_sent, {}, reason});
}

void Link::tick(Moment now) {
  if (now < earliest_deadline() || state_ == State::broken) return;
  earliest_ = Moment::max();
  for (const Waiting& command : under_way_) {
    if (command.deadline <= now) return break_off("the server did not answer in time");
    earliest_ = std::min(earliest_, command.deadline);
  }
  end_late_waiting(now);
}

void Link::end_late_waiting(Moment now) {
  std::deque<Waiting> kept;
  std::deque<Waiting> late;
  std::string kept_bytes;
  std::size_t at = 0;
  for (Waiting& command : waiting_) {
    const bool is_late = command.deadline <= now;
    if (!is_late) {
      kept_bytes.append(waiting_bytes_, at, command.bytes);
      earliest_ = std::min(earliest_, command.deadline);
    }
    at += command.bytes;
    (is_late ? late : kept).push_back(std::move(command));
  }
  DCHECK(at == waiting_bytes_.size());
  waiting_ = std::move(kept);
  waiting_bytes_ = std::move(kept_bytes);
  const std::string reason = state_ == State::up ? "the connection takes no more bytes"
                                                 : "there was no connection in time";
  for (const Waiting& command : late) command.on_answer({Fate::not_sent, {}, reason});
}

}  // namespace doorbuster::redis
