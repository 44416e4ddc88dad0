// Decides for each call which node of a cluster gets it and on which link, and what an answer
// means: deliver it, follow it elsewhere, or try again after a while. Pure: what happened and the
// time are handed in, what is to be done is taken out by next_action(); client.h does it. One
// server is a cluster of one node that has all slots.
//
// Followed are MOVED (and remembered: a new map is asked for) and ASK (this once, with ASKING).
// Again after a while, within the patience of the call: TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN,
// READONLY, and what was not sent. Never again, unless the call is repeatable: what may have been
// carried out. A map is asked of one node at a time, of each that answers in turn, and of the seeds
// when none does.
//
// Thread: one at a time.
// Owns: the calls that are not answered; what a Send names stands until that is answered.
// Invariants: each group that was taken is delivered exactly once, with an answer for each call; a
// WAIT is sent behind its calls while the link that they were sent on has not been lost, and one at
// a time: what is sent meanwhile shares the next; on a link that is not up nothing is sent; calls,
// their bytes, and redirections of a call have bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "store/redis/backoff.h"
#include "store/redis/call.h"
#include "store/redis/server_error.h"
#include "store/redis/slot_map.h"

namespace doorbuster::redis {

enum class Deployment : std::uint8_t { server, cluster };

struct RouterOptions {
  Deployment deployment = Deployment::server;
  std::vector<Node> seeds;  // at least one; of a server the first alone counts
  // With more than one the calls of a key may overtake each other, but for those of a group; while
  // one connection is held up by a WAIT, the others are not.
  unsigned links_per_node = 1;
  // For an answer, beyond the WAITs that the connection is held up by. A server that takes longer
  // is given up, and everything under way on that connection is unknown.
  std::chrono::milliseconds answer_time{2'000};
  // Before a call is sent again: the first time, and up to sixteen times as long.
  std::chrono::milliseconds retry_wait{25};
  std::chrono::milliseconds first_map_wait{50};  // between two maps, the first time and at most
  std::chrono::milliseconds longest_map_wait{1'000};
  std::uint32_t seed = 1;                     // of chance in those waits
  std::size_t calls = 4'096;                  // not answered
  std::size_t bytes = std::size_t{32} << 20;  // of their arguments, and 16 for each
};

using LinkId = std::uint64_t;  // never given twice
using Ticket = std::uint64_t;

struct OpenLink {
  LinkId link = 0;
  Node node;
};
struct CloseLink {  // nothing is under way on it
  LinkId link = 0;
};
struct SendCommand {
  LinkId link = 0;
  Ticket ticket = 0;
  Arguments arguments;
  Moment deadline;
  bool asking = false;
};
struct Deliver {
  OnAnswers on_answers;
  std::vector<CallAnswer> answers;
};
using Action = std::variant<OpenLink, CloseLink, SendCommand, Deliver>;

// A node as this side sees it.
struct NodeCondition {
  Node node;
  bool is_master = false;  // of slots, as far as is known
  bool is_up = false;      // on one link at least
  std::string reason;      // why it is down, if that is known
};

class Router {
 public:
  explicit Router(RouterOptions options);  // CHECKs what RouterOptions says
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Takes a group of calls; they are sent in their order to each node, and behind them the WAIT if
  // one is wanted. After `deadline` no call is sent any more, also not again. overloaded, and
  // nothing is taken: too many calls are unanswered. invalid_argument: no call at all, a call
  // without arguments, or a barrier without time.
  Status submit(const std::vector<Call>& calls, const Barrier& barrier, Moment deadline,
                OnAnswers on_answers);
  // The same for one command to just this node, whatever it is; what it answers is delivered.
  Status submit_to(const Node& node, const Arguments& arguments, Moment deadline,
                   OnAnswers on_answers);

  void link_up(LinkId link);
  void link_down(LinkId link, const std::string& reason);
  void answered(Ticket ticket, Answer answer, Moment now);
  // Sends what can be sent now, and ends what cannot any more. To be called after the others, once
  // for many of them, and at next_due().
  void settle(Moment now);
  Moment next_due() const;
  // What to do next, in this order; nothing: all is done.
  std::optional<Action> next_action();

  // Ends everything that is not under way. What is under way ends with its answers, unknown ones
  // too; nothing is sent any more.
  void stop(const std::string& reason);

  // Of a server, and before the first map: one shard with all slots, or none.
  const SlotMap& map() const { return map_; }
  // Each slot is somebody's, and each of these masters has a link that is up.
  bool is_ready() const;
  std::vector<NodeCondition> condition() const;
  std::size_t unanswered() const { return unanswered_; }

 private:
  struct Group;
  struct Pending;
  struct Wave;
  struct Sent {
    enum class What : std::uint8_t { call, wait, map };

    What what = What::call;
    LinkId link = 0;
    std::unique_ptr<Pending> call;  // of a call
    std::shared_ptr<Wave> wave;     // of a wait, and of a call that one belongs to
  };
  struct NodeLink {
    enum class State : std::uint8_t { connecting, up, down };

    LinkId id = 0;
    Node node;
    State state = State::connecting;
    std::string reason;                      // why it is down
    std::size_t under_way = 0;               // commands
    std::chrono::milliseconds wait_time{0};  // of the WAIT under way; 0: there is none
    std::shared_ptr<Wave> next_wave;         // of the calls since
    bool of_use = true;                      // its node is in the map, or a call waits for it
  };
  using Calls = std::vector<std::unique_ptr<Pending>>;
  enum class Verdict : std::uint8_t { deliver, at_once, after_a_while };

  Status take(Calls calls, const Barrier& barrier, OnAnswers on_answers);
  void place(Calls calls, Moment now);
  void hold(std::unique_ptr<Pending> call, Moment now);
  NodeLink* link_for(Pending& call, Moment now);
  NodeLink* idlest_up(const Node& node, std::string& reason);
  void send(NodeLink& link, std::unique_ptr<Pending> call, Moment now);
  void send_waits(Moment now);
  Ticket send_command(NodeLink& link, Arguments arguments, Moment now, bool asking);
  void open(const Node& node);

  void take_call_answer(Sent sent, Answer answer, Moment now);
  void end_wave(Wave& wave, const Answer& answer);
  void drop_next_wave(NodeLink& link, const std::string& reason);
  Verdict judge(Pending& call, const Node& by, const Reply& reply);
  Verdict follow(Pending& call, const Node& by, const ServerError& error);
  void again(std::unique_ptr<Pending> call, Moment not_before);
  Moment after_a_while(Pending& call, Moment now) const;
  void finish(const Pending& call, CallAnswer answer);
  void give_up(const Pending& call);

  void want_map();
  void refresh_map(Moment now);
  std::map<LinkId, NodeLink>::const_iterator next_to_ask() const;
  void take_map(const Node& by, const Answer& answer, Moment now);
  bool lacks_a_master() const;
  void close_links_of_no_use();

  const RouterOptions options_;
  SlotMap map_;
  bool map_wanted_ = false;
  bool map_under_way_ = false;
  bool map_is_new_ = false;
  std::string map_flaw_;  // of the last answer, in words
  Moment next_map_ = Moment::min();
  Backoff map_backoff_;
  LinkId last_asked_ = 0;

  std::map<LinkId, NodeLink> links_;
  LinkId last_link_ = 0;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Sent> sent_;
  Calls fresh_;                // not looked at yet
  Calls held_;                 // for a link, a map, or a time
  bool world_changed_ = true;  // so that one of held_ may be placed
  bool stopping_ = false;
  Moment held_due_ = Moment::max();
  std::deque<Action> actions_;
  std::size_t unanswered_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace doorbuster::redis
