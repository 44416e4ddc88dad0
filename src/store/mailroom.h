// Between the I/O threads, each with a port, and the one thread of an engine: commands go one way
// and replies the other, a batch at a time and with one wake-up for each.
//
// Thread: connect() from any; a port is its own thread's; the rest is for the engine's. Owns: what
// is on its way. Outlives its ports. Invariants: a reply goes to the port that its command came
// from, on that port's thread; of a port that is gone it is dropped; a port has no more than
// `most_outstanding` commands without a reply.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/ticket.h"

namespace doorbuster::store {

struct Letter {
  Ticket ticket;
  Command command;
};

class Mailroom {
 public:
  // What a command can be answered with on the port's own thread; nothing: the engine has to.
  using AnswerAside = std::function<std::optional<Reply>(const Command&)>;

  // `wake_engine` is called from a port's thread when there are letters, with nothing locked.
  // `answer_aside`, if any, is asked there too, where none of the port's commands is on its way:
  // it must not overtake one.
  Mailroom(std::size_t most_outstanding, std::function<void()> wake_engine,
           AnswerAside answer_aside = nullptr);
  Mailroom(const Mailroom&) = delete;
  Mailroom& operator=(const Mailroom&) = delete;

  // See ClaimStore::connect().
  std::unique_ptr<StorePort> connect(std::function<void()> wake_port);

  // Appends what has come, in the order of each port, to `letters`.
  void take(std::vector<Letter>& letters);
  // Sends the replies to their ports, in their order, and leaves none in `replies`.
  void deliver(std::vector<Released>& replies);

 private:
  class Port;
  // Replies on their way to one port.
  struct Outbox {
    std::mutex mutex;
    std::vector<Released> replies;
    std::function<void()> wake;  // null: the port has gone
  };

  void post(std::vector<Letter>& letters);
  static void send(Outbox& outbox, std::vector<Released>& replies);

  const std::size_t most_outstanding_;
  const std::function<void()> wake_engine_;
  const AnswerAside answer_aside_;
  std::mutex mutex_;
  std::vector<Letter> letters_;
  std::vector<std::shared_ptr<Outbox>> outboxes_;
  // Of deliver(): empty between its calls, and of the size that it takes.
  std::vector<std::vector<Released>> by_port_;
};

}  // namespace doorbuster::store
