// The protocol of one connection to a Redis server: greeting, commands one behind the other, and
// the answer of each. Pure: bytes and the time are handed in, bytes are taken out; what moves them
// is connection.h.
//
// A command that waits may be taken back (not_sent); one whose bytes were taken out is under way,
// and the server may have carried it out, whatever becomes of the connection (unknown).
//
// Thread: one at a time; answers are given from within received(), closed() and tick(), and may
// submit() and close what they like, but not destroy the link.
// Owns: the commands that are not answered, with their callbacks.
// Invariants: each submitted command is answered exactly once, in the order of submission but for
// those whose time ran out while they waited; answers are matched to commands by their order alone,
// so after a reply too many, too late or malformed nothing more is read from that connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/redis/address.h"
#include "store/redis/reply.h"

namespace doorbuster::redis {

using Moment = std::chrono::steady_clock::time_point;

enum class Fate : std::uint8_t {
  answered,  // `reply` is what the server said, an error of its own included
  not_sent,  // the server has not seen it
  unknown,   // it may have been carried out, or may yet be
};

struct Answer {
  Fate fate = Fate::answered;
  Reply reply;
  std::string reason;  // in words, unless answered
};

using OnAnswer = std::function<void(Answer)>;

// The reason that a connection was lost for is one that a person has to see to: the server does not
// take this user, this password or this database.
bool is_refusal(std::string_view reason);

struct LinkLimits {
  std::size_t commands = 16'384;                     // waiting and under way
  std::size_t waiting_bytes = std::size_t{8} << 20;  // of those that wait
  ReplyLimits replies;
};

class Link {
 public:
  enum class State : std::uint8_t {
    down,      // there is no connection; commands wait for the next one
    greeting,  // name and password are under way; commands wait
    up,
    broken,  // of no use any more: close the connection and say closed()
  };

  // Greets as `address` says: AUTH if it has a password, SELECT if its database is not 0, and the
  // name of this product.
  Link(Address address, LinkLimits limits);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  State state() const { return state_; }
  // Of a link that is broken: why, in words that name no secret.
  const std::string& reason() const { return reason_; }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t under_way() const { return under_way_.size(); }
  bool idle() const { return waiting_.empty() && under_way_.empty(); }

  // Has the server carry out a command, as soon as there is a connection. `arguments` are copied;
  // no command may be one that is answered by other than one reply (SUBSCRIBE, MONITOR). With
  // `asking` ASKING goes before it, as an ASK redirection wants. After `deadline` it is answered
  // not_sent if it still waits; if it is under way the link breaks, and all others under way are
  // unknown with it. overloaded, and no answer: the queue is full.
  Status submit(const Arguments& arguments, Moment deadline, OnAnswer on_answer,
                bool asking = false);

  // There is a connection. The link is down (checked).
  void opened();
  // The connection has brought these bytes. Nothing happens when the link is down or broken.
  void received(std::string_view bytes);
  // The connection is gone, or could not be made: answers everything, those that wait too, and is
  // down. What these answers submit waits for the next connection.
  void closed(const std::string& reason);
  // Ends what is late at `now`.
  void tick(Moment now);
  // Nothing is late before; Moment::max() when nothing is submitted. It may be too early.
  Moment earliest_deadline() const { return idle() ? Moment::max() : earliest_; }

  bool has_output() const;
  // What is to be written to the connection next: `out`'s bytes are replaced, its room is kept. All
  // of it counts as under way.
  void take_output(std::string& out);

 private:
  enum class Greeting : std::uint8_t { auth, select, set_name };
  struct Waiting {
    Moment deadline;
    OnAnswer on_answer;
    std::size_t bytes = 0;
    bool asking = false;
  };

  void greet();
  void take(Reply reply);
  void take_greeting(const Reply& reply);
  void answer_first(Reply reply);
  void end_late_waiting(Moment now);
  void break_off(std::string reason);

  const Address address_;
  const LinkLimits limits_;
  State state_ = State::down;
  std::string reason_;
  std::unique_ptr<ReplyReader> reader_;  // of this connection
  std::string greeting_bytes_;
  std::deque<Greeting> greetings_;  // not answered yet
  std::deque<Waiting> under_way_;
  std::deque<Waiting> waiting_;
  std::string waiting_bytes_;  // of the commands that wait, one behind the other
  Moment earliest_ = Moment::max();
};

}  // namespace doorbuster::redis
