#include "store/redis/survey.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "store/redis/topology.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

// Lives in the callbacks that it waits for. The client is there in each of them, if only in its
// destructor.
class Survey : public std::enable_shared_from_this<Survey> {
 public:
  Survey(RedisClient& client, Deployment deployment, milliseconds patience, OnSurvey on_survey)
      : client_(client), patience_(patience), on_survey_(std::move(on_survey)) {
    facts_.deployment = deployment;
    auto nodes = client.condition();
    std::stable_partition(nodes.begin(), nodes.end(),
                          [](const auto& known) { return known.is_up; });
    for (const NodeCondition& known : nodes) candidates_.push_back(known.node);
  }

  // Asks one after the other who there is, until one says it.
  Status ask_for_places();

 private:
  void add_shard(ShardPlaces place);
  void take_places(const Node& asked, const Answer& answer);
  Result<std::vector<ShardPlaces>> read_places(const Node& asked, const std::string& text) const;
  void ask_all();
  void ask_about(NodeFacts& node);
  void ask(NodeFacts& node, const Arguments& arguments, void (*take)(NodeFacts&, const Reply&));
  void end_one();

  RedisClient& client_;
  const milliseconds patience_;
  OnSurvey on_survey_;
  std::vector<Node> candidates_;
  std::size_t next_candidate_ = 0;
  DurabilityFacts facts_;
  std::size_t open_ = 0;  // questions
};

Status Survey::ask_for_places() {
  const Node asked = candidates_.at(next_candidate_++);
  const Arguments question = facts_.deployment == Deployment::cluster
                                 ? Arguments{"CLUSTER", "NODES"}
                                 : Arguments{"INFO", "replication"};
  return client_.submit_to(asked, question, patience_,
                           [self = shared_from_this(), asked](const Answer& answer) {
                             self->take_places(asked, answer);
                           });
}

Result<std::vector<ShardPlaces>> Survey::read_places(const Node& asked,
                                                     const std::string& text) const {
  if (facts_.deployment == Deployment::cluster) return read_cluster_nodes(text, asked);
  auto places = read_info_replication(text, asked);
  if (!places) return places.error();
  return std::vector<ShardPlaces>{std::move(*places)};
}

void Survey::add_shard(ShardPlaces place) {
  ShardFacts& shard = facts_.shards.emplace_back();
  shard.master.node = std::move(place.master);
  shard.slots = std::move(place.slots);
  for (ReplicaPlace& replica : place.replicas) {
    shard.replicas.emplace_back().node = std::move(replica.node);
    shard.replicas.back().may_be_elected = replica.may_be_elected;
  }
}

void Survey::take_places(const Node& asked, const Answer& answer) {
  Error flaw{ErrorCode::io_failed, answer.reason};
  if (answer.fate == Fate::answered && answer.reply.is_error()) {
    flaw.message = asked.text() + " does not say which nodes there are: " + answer.reply.text;
  } else if (answer.fate == Fate::answered) {
    auto places = read_places(asked, answer.reply.text);
    if (places.ok()) {
      for (ShardPlaces& place : *places) add_shard(std::move(place));
      return ask_all();
    }
    flaw = places.error();
  }
  if (next_candidate_ < candidates_.size() && ask_for_places().ok()) return;
  on_survey_(std::move(flaw));
}

// Nothing is added to the facts any more: the answers go into their parts.
void Survey::ask_all() {
  ++open_;  // this one
  for (ShardFacts& shard : facts_.shards) {
    ask_about(shard.master);
    for (NodeFacts& replica : shard.replicas) ask_about(replica);
  }
  end_one();
}

void Survey::ask_about(NodeFacts& node) {
  ask(node, {"INFO", "server"}, [](NodeFacts& facts, const Reply& reply) {
    const auto version = info_field(reply.text, "redis_version");
    if (version) facts.version = *version;
  });
  Arguments settings{"CONFIG", "GET"};
  settings.insert(settings.end(), kDurabilitySettings.begin(), kDurabilitySettings.end());
  ask(node, settings, [](NodeFacts& facts, const Reply& reply) {
    auto& known = facts.settings.emplace();
    for (std::size_t n = 0; n + 1 < reply.items.size(); n += 2) {
      known[reply.items[n].text] = reply.items[n + 1].text;
    }
  });
  ask(node, {"FUNCTION", "STATS"}, [](NodeFacts&, const Reply&) {});
}

void Survey::ask(NodeFacts& node, const Arguments& arguments,
                 void (*take)(NodeFacts&, const Reply&)) {
  const bool is_of_functions = arguments[0] == "FUNCTION";
  ++open_;
  const auto asked = client_.submit_to(
      node.node, arguments, patience_,
      [self = shared_from_this(), &node, is_of_functions, take](const Answer& answer) {
        if (answer.fate != Fate::answered) {
          node.silence = answer.reason;
        } else if (!answer.reply.is_error()) {
          take(node, answer.reply);
        } else if (!is_of_functions) {
          node.silence = answer.reply.text;
        } else if (answer.reply.text.starts_with("ERR unknown")) {
          // Whoever may not ask may still call.
          node.lacks_functions = true;
        }
        self->end_one();
      });
  if (asked.ok()) return;
  node.silence = asked.error().message;
  end_one();
}

void Survey::end_one() {
  if (--open_ == 0) on_survey_(std::move(facts_));
}

}  // namespace

Status survey(RedisClient& client, Deployment deployment, milliseconds patience,
              OnSurvey on_survey) {
  return std::make_shared<Survey>(client, deployment, patience, std::move(on_survey))
      ->ask_for_places();
}

}  // namespace doorbuster::redis
