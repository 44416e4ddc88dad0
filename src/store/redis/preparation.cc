#include "store/redis/preparation.h"

#include <memory>
#include <utility>

#include "store/redis/function_library.h"
#include "store/redis/server_error.h"
#include "store/redis/survey.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

// The libraries of all masters, after the survey. Lives in the callbacks that it waits for.
class Libraries : public std::enable_shared_from_this<Libraries> {
 public:
  Libraries(RedisClient& client, milliseconds patience, Durability durability,
            OnPrepared on_prepared)
      : client_(client),
        patience_(patience),
        prepared_{std::move(durability), std::nullopt},
        on_prepared_(std::move(on_prepared)) {}

  void see_to_all() {
    ++open_;  // this one
    for (const ShardDurability& shard : prepared_.durability.shards) see_to(shard.master);
    end_one();
  }

 private:
  void see_to(const Node& master);
  void take_list(const Node& master, const Answer& answer);
  // `go_on` with the server's answer; without one that is the flaw.
  void ask(const Node& master, const Arguments& arguments,
           void (Libraries::*go_on)(const Node& master, const Answer& answer));
  void take_load(const Node& master, const Answer& answer);
  void miss(ErrorCode code, std::string why) { prepared_.flaw = Error{code, std::move(why)}; }
  void end_one();

  RedisClient& client_;
  const milliseconds patience_;
  Preparation prepared_;
  OnPrepared on_prepared_;
  std::size_t open_ = 0;  // masters that are not seen to yet
};

void Libraries::see_to(const Node& master) {
  ++open_;
  ask(master, list_library_command(), &Libraries::take_list);
}

void Libraries::ask(const Node& master, const Arguments& arguments,
                    void (Libraries::*go_on)(const Node&, const Answer&)) {
  const auto take = [self = shared_from_this(), master, go_on](const Answer& answer) {
    if (answer.fate == Fate::answered) return (*self.*go_on)(master, answer);
    self->miss(ErrorCode::storage_unavailable, master.text() + ": " + answer.reason);
    self->end_one();
  };
  const Status asked = client_.submit_to(master, arguments, patience_, take);
  if (asked.ok()) return;
  miss(asked.error().code, asked.error().message);
  end_one();
}

void Libraries::take_list(const Node& master, const Answer& answer) {
  if (answer.reply.is_error() &&
      read_server_error(answer.reply.text).kind == ServerErrorKind::no_permission) {
    return end_one();
  }
  const Result<LibraryPresence> presence = read_library_list(answer.reply);
  if (!presence) {
    miss(ErrorCode::storage_unavailable, master.text() + ": " + presence.error().message);
    return end_one();
  }
  switch (*presence) {
    case LibraryPresence::same:
      return end_one();
    case LibraryPresence::newer:
      miss(ErrorCode::unsupported,
           master.text() + " has the functions of a later version of this program");
      return end_one();
    case LibraryPresence::absent:
    case LibraryPresence::older:
    case LibraryPresence::altered:
      return ask(master, load_library_command(), &Libraries::take_load);
  }
}

void Libraries::take_load(const Node& master, const Answer& answer) {
  if (answer.reply.is_error()) {
    miss(ErrorCode::storage_unavailable,
         master.text() + " does not take the functions: " + answer.reply.text);
  }
  end_one();
}

void Libraries::end_one() {
  if (--open_ == 0) on_prepared_(std::move(prepared_));
}

}  // namespace

Status prepare(RedisClient& client, Deployment deployment, milliseconds patience,
               OnPrepared on_prepared) {
  return survey(client, deployment, patience,
                [&client, patience,
                 on_prepared = std::move(on_prepared)](const Result<DurabilityFacts>& facts) {
                  if (!facts) return on_prepared(facts.error());
                  auto durability = assess(*facts);
                  if (!durability) return on_prepared(durability.error());
                  std::make_shared<Libraries>(client, patience, std::move(*durability), on_prepared)
                      ->see_to_all();
                });
}

}  // namespace doorbuster::redis
