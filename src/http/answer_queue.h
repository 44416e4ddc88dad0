// The answers of one connection, in the order of its requests, as the bytes to send; knows no
// socket. The answer whose turn it is goes straight into the output; one that is known earlier is
// kept.
//
// Thread: the I/O thread of its session.
// Owns: the bytes not yet sent.
// Invariants: exchanges are numbered 0, 1, 2 ... in the order of the requests, and begin in the
// output in that order; what is told about an exchange that is over changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/reply_writer.h"
#include "http/responder.h"

namespace doorbuster::http {

class AnswerQueue {
 public:
  // What becomes of the connection when all output is sent.
  enum class End {
    open,      // nothing: it goes on
    complete,  // the last answer is whole: close
    cut,       // an answer is missing or not whole: close
    reset,  // the same, and only a reset can show it (a stream delimited by the connection's end)
  };

  // Begins the exchange of the next request.
  std::uint64_t open(Asked asked);

  // `date` is a Date field, as of date_field().
  void answer(std::uint64_t exchange, const Reply& reply, std::string_view date);
  void begin_stream(std::uint64_t exchange, const Reply& head, std::string_view date);
  // False: the exchange is over.
  bool append(std::uint64_t exchange, std::string_view bytes);
  void when_drained(std::uint64_t exchange, std::function<void()> more);
  void finish(std::uint64_t exchange);
  // No answer, or no end of a stream: the connection ends when it is this exchange's turn.
  void abandon(std::uint64_t exchange);

  // `100 Continue` after the answers that are due before it, unless withdrawn by then.
  void invite_body();
  void withdraw_invitation() { invited_ = false; }

  // The last answer, or what is there now if none is awaited, is the connection's last.
  void end_after_last();
  // The output is what it is: nothing more is taken.
  void drop_all();

  std::size_t unanswered() const { return static_cast<std::size_t>(next_ - first_); }
  bool empty() const { return next_ == first_; }
  End end() const { return end_; }

  std::string_view unsent() const { return std::string_view(out_).substr(sent_); }
  void sent(std::size_t size);
  // Bytes kept for this exchange or before it.
  std::size_t unsent_bytes(std::uint64_t exchange) const;
  // All of them, those of answers whose turn has not come too.
  std::size_t held_bytes() const { return out_.size() - sent_ + kept_; }
  // What when_drained() was told of the stream whose turn it is; empty if there is nothing.
  std::function<void()> take_more();

  // Gives back memory that a quiet connection has no use for.
  std::size_t spare_capacity() const { return out_.capacity() - out_.size(); }
  void trim();

 private:
  enum class State { awaited, streaming, whole, abandoned };
  struct Exchange {
    State state = State::awaited;
    Asked asked;
    bool chunked = false;
    bool swallow = false;  // the answer to HEAD has no body
    End if_abandoned = End::cut;
    std::string kept;  // what is known before its turn
    std::function<void()> more;
  };

  Exchange& at(std::uint64_t exchange) { return ring_[exchange & (ring_.size() - 1)]; }
  const Exchange& at(std::uint64_t exchange) const { return ring_[exchange & (ring_.size() - 1)]; }
  // The exchange if it is not over and in that state, or null.
  Exchange* find(std::uint64_t exchange, State state);
  std::string& place(std::uint64_t exchange) {
    return exchange == first_ ? out_ : at(exchange).kept;
  }
  void append_body(std::uint64_t exchange, Exchange& mine, std::string_view bytes);
  void settle(std::uint64_t exchange);
  void grow();

  std::vector<Exchange> ring_;  // a power of two
  std::uint64_t first_ = 0;     // whose turn it is
  std::uint64_t next_ = 0;
  std::size_t kept_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  bool invited_ = false;
  End end_ = End::open;
};

}  // namespace doorbuster::http
