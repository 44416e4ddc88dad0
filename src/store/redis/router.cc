#include "store/redis/router.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

// "$4096\r\n" and "\r\n", and more.
constexpr std::size_t kBytesAroundAnArgument = 16;
// Redirections of a call: so many are followed at once, and so many at all.
constexpr unsigned kFollowedAtOnce = 4;
constexpr unsigned kMostRedirections = 16;
// Of the wait before a call is sent again.
constexpr int kMostDoublings = 4;

// Of a server, whose keys have no slots.
SlotMap map_of_one(const Node& node) {
  SlotMap map;
  for (std::uint16_t slot = 0; slot < kSlots; ++slot) map.move(slot, node);
  return map;
}

Error overfull() { return {ErrorCode::overloaded, "too many calls wait for Redis"}; }

}  // namespace

struct Router::Group {
  OnAnswers on_answers;
  Barrier barrier;
  std::vector<CallAnswer> answers;
  std::size_t open = 0;  // calls without their answer
};

struct Router::Pending {
  std::shared_ptr<Group> group;
  std::size_t index = 0;
  std::vector<std::string> arguments;
  std::size_t bytes = 0;
  std::uint16_t slot = 0;
  std::optional<Node> only;  // asked of this node, whatever it says
  bool repeatable = false;
  Moment deadline;
  Moment not_before = Moment::min();
  std::optional<Node> ask;  // where an ASK led; once
  unsigned redirections = 0;
  int waits = 0;             // that were doubled
  bool may_be_done = false;  // once it was under way when the connection was lost
  std::string reason = "there was no time to send it";  // why it is not answered yet
};

// Calls on one link that share a WAIT.
struct Router::Wave {
  Barrier barrier;         // the most that is wanted by any
  std::size_t calls = 0;   // without those that went elsewhere
  std::string replicas{};  // as WAIT has them
  std::string timeout_ms{};
  std::vector<std::pair<std::unique_ptr<Pending>, Reply>> answered{};
};

Router::Router(RouterOptions options)
    : options_(std::move(options)),
      map_backoff_(options_.first_map_wait, options_.longest_map_wait, options_.seed) {
  CHECK(!options_.seeds.empty() && options_.links_per_node > 0);
  if (options_.deployment == Deployment::server) {
    map_ = map_of_one(options_.seeds[0]);
    open(options_.seeds[0]);
    return;
  }
  map_wanted_ = true;
  for (const Node& seed : options_.seeds) open(seed);
}

Router::~Router() = default;

Status Router::submit(const std::vector<Call>& calls, const Barrier& barrier, Moment deadline,
                      OnAnswers on_answers) {
  if (barrier.replicas > 0 && barrier.timeout <= milliseconds(0)) {
    return Error{ErrorCode::invalid_argument, "replicas are waited for, but for no time"};
  }
  Calls pending;
  for (const Call& call : calls) {
    auto& made = pending.emplace_back(std::make_unique<Pending>());
    made->arguments.assign(call.arguments.begin(), call.arguments.end());
    made->slot = key_slot(call.key);
    made->repeatable = call.repeatable;
    made->deadline = deadline;
  }
  return take(std::move(pending), barrier, std::move(on_answers));
}

Status Router::submit_to(const Node& node, const Arguments& arguments, Moment deadline,
                         OnAnswers on_answers) {
  Calls pending;
  auto& made = pending.emplace_back(std::make_unique<Pending>());
  made->arguments.assign(arguments.begin(), arguments.end());
  made->only = node;
  made->deadline = deadline;
  return take(std::move(pending), {}, std::move(on_answers));
}

Status Router::take(Calls calls, const Barrier& barrier, OnAnswers on_answers) {
  if (calls.empty()) return Error{ErrorCode::invalid_argument, "a group without calls"};
  if (stopping_ || unanswered_ + calls.size() > options_.calls) return overfull();
  auto group = std::make_shared<Group>();
  group->on_answers = std::move(on_answers);
  group->barrier = barrier;
  group->answers.resize(calls.size());
  group->open = calls.size();
  std::size_t bytes = 0;
  for (std::size_t n = 0; n < calls.size(); ++n) {
    if (calls[n]->arguments.empty()) {
      return Error{ErrorCode::invalid_argument, "a call without a command"};
    }
    for (const std::string& argument : calls[n]->arguments) {
      calls[n]->bytes += argument.size() + kBytesAroundAnArgument;
    }
    bytes += calls[n]->bytes;
    calls[n]->group = group;
    calls[n]->index = n;
  }
  if (bytes > options_.bytes - bytes_) return overfull();
  bytes_ += bytes;
  unanswered_ += calls.size();
  std::move(calls.begin(), calls.end(), std::back_inserter(fresh_));
  return ok_status();
}

void Router::link_up(LinkId id) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  found->second.state = NodeLink::State::up;
  world_changed_ = true;
}

void Router::link_down(LinkId id, const std::string& reason) {
  const auto found = links_.find(id);
  if (found == links_.end()) return;
  found->second.state = NodeLink::State::down;
  found->second.reason = reason;
  drop_next_wave(found->second, reason);
  world_changed_ = true;
  want_map();
}

void Router::settle(Moment now) {
  if (stopping_) return;
  const bool changed = std::exchange(world_changed_, false);
  if (std::exchange(map_is_new_, false)) {
    for (auto& [id, link] : links_) link.of_use = false;
  }
  Calls calls;
  if (changed || now >= held_due_) {
    calls = std::exchange(held_, {});
    held_due_ = Moment::max();
  }
  std::move(fresh_.begin(), fresh_.end(), std::back_inserter(calls));
  fresh_.clear();
  place(std::move(calls), now);
  send_waits(now);
  // Last, when it is known which of them something is sent on.
  if (changed) close_links_of_no_use();
  refresh_map(now);
}

Moment Router::next_due() const {
  if (stopping_) return Moment::max();
  if (world_changed_ || !fresh_.empty()) return Moment::min();
  const bool asks = map_wanted_ && !map_under_way_ && next_to_ask() != links_.end();
  return asks ? std::min(held_due_, next_map_) : held_due_;
}

std::optional<Action> Router::next_action() {
  if (actions_.empty()) return std::nullopt;
  Action next = std::move(actions_.front());
  actions_.pop_front();
  return next;
}

// Sends what has a link, and holds the rest. What a group has for a node goes on one link.
void Router::place(Calls calls, Moment now) {
  std::vector<std::pair<NodeLink*, std::unique_ptr<Pending>>> ready;  // of one group
  const auto send_all = [&] {
    for (auto& [link, call] : std::exchange(ready, {})) send(*link, std::move(call), now);
  };
  for (auto& call : calls) {
    if (!ready.empty() && ready[0].second->group != call->group) send_all();
    if (now >= call->deadline) {
      give_up(*call);
      continue;
    }
    NodeLink* const link = now < call->not_before ? nullptr : link_for(*call, now);
    if (link == nullptr) {
      hold(std::move(call), now);
    } else {
      ready.emplace_back(link, std::move(call));
    }
  }
  send_all();
}

void Router::hold(std::unique_ptr<Pending> call, Moment now) {
  held_due_ = std::min(held_due_, call->deadline);
  if (now < call->not_before) held_due_ = std::min(held_due_, call->not_before);
  held_.push_back(std::move(call));
}

// Null: it has to wait, and knows why.
Router::NodeLink* Router::link_for(Pending& call, Moment now) {
  const Shard* const shard = call.only || call.ask ? nullptr : map_.find(call.slot);
  if (!call.only && !call.ask && shard == nullptr) {
    call.reason = "no node is known to serve slot " + std::to_string(call.slot);
    if (!map_flaw_.empty()) call.reason += "; " + map_flaw_;
    want_map();
    return nullptr;
  }
  const Node& node = call.only ? *call.only : call.ask ? *call.ask : shard->master;
  std::string reason;
  NodeLink* const link = idlest_up(node, reason);
  if (link != nullptr) return link;
  call.reason = "there is no connection to " + node.text() + " yet";
  if (reason.empty()) return nullptr;
  call.reason = std::move(reason);
  if (call.only) return nullptr;
  want_map();
  if (call.ask) {
    // Where it led is not there; its master may know better by now.
    call.ask.reset();
    call.not_before = now + options_.retry_wait;
  } else {
    // One of these will be the master, if any.
    for (const Node& replica : shard->replicas) open(replica);
  }
  return nullptr;
}

// Opens the node's links if there are none. Null: none is up, for `reason` if all are down.
Router::NodeLink* Router::idlest_up(const Node& node, std::string& reason) {
  open(node);
  NodeLink* idlest = nullptr;
  bool connecting = false;
  for (auto& [id, link] : links_) {
    if (link.node != node) continue;
    link.of_use = true;
    switch (link.state) {
      case NodeLink::State::up:
        if (idlest == nullptr || link.under_way < idlest->under_way) idlest = &link;
        break;
      case NodeLink::State::down:
        reason = link.reason;
        break;
      case NodeLink::State::connecting:
        connecting = true;
        break;
    }
  }
  if (connecting) reason.clear();
  return idlest;
}

void Router::open(const Node& node) {
  const auto has_node = [&](const auto& link) { return link.second.node == node; };
  if (std::any_of(links_.begin(), links_.end(), has_node)) return;
  for (unsigned n = 0; n < options_.links_per_node; ++n) {
    NodeLink& link = links_[++last_link_];
    link.id = last_link_;
    link.node = node;
    actions_.push_back(OpenLink{link.id, node});
  }
}

void Router::send(NodeLink& link, std::unique_ptr<Pending> call, Moment now) {
  const Barrier& barrier = call->group->barrier;
  std::shared_ptr<Wave> wave;
  if (barrier.replicas > 0) {
    if (!link.next_wave) link.next_wave = std::make_shared<Wave>();
    wave = link.next_wave;
    ++wave->calls;
    wave->barrier.replicas = std::max(wave->barrier.replicas, barrier.replicas);
    wave->barrier.timeout = std::max(wave->barrier.timeout, barrier.timeout);
  }
  const bool asking = call->ask.has_value();
  call->ask.reset();
  const Arguments arguments(call->arguments.begin(), call->arguments.end());
  const Ticket ticket = send_command(link, arguments, now, asking);
  sent_[ticket] = {Sent::What::call, link.id, std::move(call), std::move(wave)};
}

// One at a time on a link: the calls behind a WAIT are held up by it anyway, and one after the
// other would hold them up for each.
void Router::send_waits(Moment now) {
  for (auto& [id, link] : links_) {
    if (!link.next_wave || link.wait_time > milliseconds(0)) continue;
    const auto wave = std::exchange(link.next_wave, nullptr);
    if (wave->calls == 0) continue;
    link.wait_time = wave->barrier.timeout;
    wave->replicas = std::to_string(wave->barrier.replicas);
    wave->timeout_ms = std::to_string(wave->barrier.timeout.count());
    const Ticket ticket =
        send_command(link, {"WAIT", wave->replicas, wave->timeout_ms}, now, false);
    sent_[ticket] = {Sent::What::wait, id, nullptr, wave};
  }
}

Ticket Router::send_command(NodeLink& link, Arguments arguments, Moment now, bool asking) {
  ++link.under_way;
  actions_.push_back(SendCommand{link.id, ++last_ticket_, std::move(arguments),
                                 now + options_.answer_time + link.wait_time, asking});
  return last_ticket_;
}

void Router::answered(Ticket ticket, Answer answer, Moment now) {
  const auto found = sent_.find(ticket);
  CHECK(found != sent_.end());
  Sent sent = std::move(found->second);
  sent_.erase(found);
  NodeLink& link = links_.at(sent.link);
  --link.under_way;
  // It may be one that is closed as soon as it is idle.
  if (link.under_way == 0 && !link.of_use) world_changed_ = true;
  switch (sent.what) {
    case Sent::What::call:
      return take_call_answer(std::move(sent), std::move(answer), now);
    case Sent::What::wait:
      link.wait_time = milliseconds(0);
      return end_wave(*sent.wave, answer);
    case Sent::What::map:
      return take_map(link.node, answer, now);
  }
}

void Router::take_call_answer(Sent sent, Answer answer, Moment now) {
  Pending& call = *sent.call;
  if (sent.wave) --sent.wave->calls;
  if (answer.fate != Fate::answered) {
    const bool may_go_again = answer.fate == Fate::not_sent || call.repeatable;
    if (!may_go_again || stopping_) {
      if (call.may_be_done) answer.fate = Fate::unknown;
      return finish(call, {std::move(answer), {}, {}});
    }
    call.may_be_done = call.may_be_done || answer.fate == Fate::unknown;
    call.reason = std::move(answer.reason);
    const Moment next = after_a_while(call, now);
    return again(std::move(sent.call), next);
  }
  const Verdict verdict = judge(call, links_.at(sent.link).node, answer.reply);
  switch (verdict) {
    case Verdict::deliver:
      if (!sent.wave) return finish(call, {std::move(answer), {}, {}});
      ++sent.wave->calls;
      sent.wave->answered.emplace_back(std::move(sent.call), std::move(answer.reply));
      return;
    case Verdict::at_once:
    case Verdict::after_a_while: {
      const Moment next = verdict == Verdict::at_once ? now : after_a_while(call, now);
      return again(std::move(sent.call), next);
    }
  }
}

// Its WAIT will not be sent: on another connection it would count nothing of this one.
void Router::drop_next_wave(NodeLink& link, const std::string& reason) {
  const auto wave = std::exchange(link.next_wave, nullptr);
  if (wave) end_wave(*wave, {Fate::not_sent, {}, reason});
}

// By the answer to its WAIT. The calls in it were answered before, on the same connection.
void Router::end_wave(Wave& wave, const Answer& answer) {
  const bool counted = answer.fate == Fate::answered && answer.reply.is_integer();
  for (auto& [call, reply] : std::exchange(wave.answered, {})) {
    CallAnswer whole{{Fate::answered, std::move(reply), {}}, {}, {}};
    if (counted) {
      whole.acknowledged = static_cast<std::uint32_t>(answer.reply.integer);
    } else {
      whole.unacknowledged = answer.fate == Fate::answered ? answer.reply.text : answer.reason;
    }
    finish(*call, std::move(whole));
  }
}

// What a reply to a call means; none of the errors that are not delivered has carried it out.
Router::Verdict Router::judge(Pending& call, const Node& by, const Reply& reply) {
  if (!reply.is_error() || call.only) return Verdict::deliver;
  const ServerError error = read_server_error(reply.text);
  const bool is_cluster = options_.deployment == Deployment::cluster;
  switch (error.kind) {
    case ServerErrorKind::moved:
    case ServerErrorKind::ask:
      return is_cluster ? follow(call, by, error) : Verdict::deliver;
    case ServerErrorKind::try_again:
    case ServerErrorKind::cluster_down:
    case ServerErrorKind::loading:
    case ServerErrorKind::master_down:
    case ServerErrorKind::read_only:
      call.reason = by.text() + " says: " + error.text;
      if (error.kind != ServerErrorKind::try_again) want_map();
      return Verdict::after_a_while;
    case ServerErrorKind::cross_slot:
    case ServerErrorKind::out_of_memory:
    case ServerErrorKind::no_auth:
    case ServerErrorKind::wrong_password:
    case ServerErrorKind::no_permission:
    case ServerErrorKind::no_script:
    case ServerErrorKind::no_function:
    case ServerErrorKind::no_replicas:
    case ServerErrorKind::disk_failed:
    case ServerErrorKind::busy:
    case ServerErrorKind::unkillable:
    case ServerErrorKind::no_protocol:
    case ServerErrorKind::wrong_type:
    case ServerErrorKind::other:
      return Verdict::deliver;
  }
  return Verdict::deliver;
}

Router::Verdict Router::follow(Pending& call, const Node& by, const ServerError& error) {
  call.reason = by.text() + " says: " + error.text;
  if (++call.redirections >= kMostRedirections) call.deadline = Moment::min();
  if (error.kind == ServerErrorKind::moved) want_map();
  if (!error.to) return Verdict::after_a_while;
  Node to = error.to->node;
  if (to.host.empty()) to.host = by.host;
  if (error.kind == ServerErrorKind::ask) {
    call.ask = std::move(to);
  } else {
    map_.move(error.to->slot, std::move(to));
  }
  return call.redirections <= kFollowedAtOnce ? Verdict::at_once : Verdict::after_a_while;
}

Moment Router::after_a_while(Pending& call, Moment now) const {
  const auto wait = options_.retry_wait * (1 << call.waits);
  call.waits = std::min(call.waits + 1, kMostDoublings);
  return now + wait;
}

void Router::again(std::unique_ptr<Pending> call, Moment not_before) {
  if (stopping_) return give_up(*call);
  call->not_before = not_before;
  fresh_.push_back(std::move(call));
}

void Router::give_up(const Pending& call) {
  const Fate fate = call.may_be_done ? Fate::unknown : Fate::not_sent;
  finish(call, {{fate, {}, call.reason}, {}, {}});
}

void Router::finish(const Pending& call, CallAnswer answer) {
  Group& group = *call.group;
  group.answers[call.index] = std::move(answer);
  --unanswered_;
  bytes_ -= call.bytes;
  if (--group.open > 0) return;
  actions_.push_back(Deliver{std::move(group.on_answers), std::move(group.answers)});
}

void Router::want_map() {
  if (options_.deployment == Deployment::cluster) map_wanted_ = true;
}

void Router::refresh_map(Moment now) {
  if (!map_wanted_ || map_under_way_ || now < next_map_) return;
  const auto found = next_to_ask();
  if (found == links_.end()) {
    for (const Node& seed : options_.seeds) open(seed);
    return;
  }
  map_wanted_ = false;
  map_under_way_ = true;
  last_asked_ = found->first;
  const Ticket ticket = send_command(links_.at(found->first), {"CLUSTER", "SLOTS"}, now, false);
  sent_[ticket] = {Sent::What::map, found->first, nullptr, nullptr};
}

// The one behind the one that was asked last; the end: none is up.
std::map<LinkId, Router::NodeLink>::const_iterator Router::next_to_ask() const {
  const auto is_up = [](const auto& link) { return link.second.state == NodeLink::State::up; };
  const auto found = std::find_if(links_.upper_bound(last_asked_), links_.end(), is_up);
  return found != links_.end() ? found : std::find_if(links_.begin(), links_.end(), is_up);
}

void Router::take_map(const Node& by, const Answer& answer, Moment now) {
  map_under_way_ = false;
  next_map_ = now + map_backoff_.next();
  map_flaw_.clear();
  if (answer.fate != Fate::answered) {
    map_flaw_ = answer.reason;
  } else if (answer.reply.is_error()) {
    map_flaw_ = by.text() + " is not asked for its cluster: " + answer.reply.text;
  } else if (auto read = SlotMap::read(answer.reply, by); !read) {
    map_flaw_ = by.text() + ": " + read.error().message;
  } else if (read->served() == 0) {
    map_flaw_ = by.text() + " knows of no slots";
  } else {
    map_ = std::move(*read);
    map_is_new_ = true;
    for (const Shard& shard : map_.shards()) open(shard.master);
  }
  world_changed_ = true;  // if only in what to say of it
  // A better one will come, maybe.
  if (lacks_a_master()) {
    want_map();
  } else {
    map_backoff_.reset();
  }
}

// Slots are nobody's, or one of the masters cannot be reached.
bool Router::lacks_a_master() const {
  const auto is_down = [&](const Shard& shard) {
    return shard.slots > 0 && std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
             return link.second.node == shard.master && link.second.state == NodeLink::State::down;
           });
  };
  return map_.served() < kSlots || std::any_of(map_.shards().begin(), map_.shards().end(), is_down);
}

// Those of the masters and replicas of the map are, and what a call waits for.
void Router::close_links_of_no_use() {
  const auto is_known = [&](const Node& node) {
    return std::any_of(map_.shards().begin(), map_.shards().end(), [&](const Shard& shard) {
      return shard.master == node || std::count(shard.replicas.begin(), shard.replicas.end(), node);
    });
  };
  for (auto at = links_.begin(); at != links_.end();) {
    NodeLink& link = at->second;
    link.of_use = link.of_use || map_.shards().empty() || is_known(link.node);
    DCHECK(link.under_way > 0 || !link.next_wave);
    if (link.of_use || link.under_way > 0) {
      ++at;
      continue;
    }
    actions_.push_back(CloseLink{link.id});
    at = links_.erase(at);
  }
}

void Router::stop(const std::string& reason) {
  if (std::exchange(stopping_, true)) return;
  std::move(fresh_.begin(), fresh_.end(), std::back_inserter(held_));
  fresh_.clear();
  for (const auto& call : std::exchange(held_, {})) {
    call->reason = reason;
    give_up(*call);
  }
  for (auto& [id, link] : links_) drop_next_wave(link, reason);
}

bool Router::is_ready() const {
  if (map_.served() < kSlots) return false;
  const auto has_link = [&](const Shard& shard) {
    return shard.slots == 0 || std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
             return link.second.node == shard.master && link.second.state == NodeLink::State::up;
           });
  };
  return std::all_of(map_.shards().begin(), map_.shards().end(), has_link);
}

std::vector<NodeCondition> Router::condition() const {
  std::vector<NodeCondition> nodes;
  for (const auto& [id, link] : links_) {
    const Node& node = link.node;  // clang 14 lets no lambda have a part of a binding
    auto found = std::find_if(nodes.begin(), nodes.end(),
                              [&node](const NodeCondition& known) { return known.node == node; });
    if (found == nodes.end()) found = nodes.insert(found, {link.node, false, false, {}});
    found->is_up = found->is_up || link.state == NodeLink::State::up;
    if (link.state == NodeLink::State::down) found->reason = link.reason;
  }
  for (NodeCondition& known : nodes) {
    if (known.is_up) known.reason.clear();
    known.is_master = std::any_of(
        map_.shards().begin(), map_.shards().end(),
        [&](const Shard& shard) { return shard.master == known.node && shard.slots > 0; });
  }
  return nodes;
}

}  // namespace doorbuster::redis
