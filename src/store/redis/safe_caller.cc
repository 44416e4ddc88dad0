#include "store/redis/safe_caller.h"

#include <string>
#include <utility>

#include "store/redis/server_error.h"

namespace doorbuster::redis {
namespace {

Error unavailable(std::string why) { return {ErrorCode::storage_unavailable, std::move(why)}; }

// Nothing may be assumed about the effect of the call.
Error unconfirmed(const std::string& why) {
  return {ErrorCode::unconfirmed, "not known whether it is decided for good: " + why};
}

}  // namespace

SafeCaller::SafeCaller(std::unique_ptr<RedisClient> client, CallerOptions options)
    : options_(std::move(options)), client_(std::move(client)) {}

SafeCaller::~SafeCaller() { close(); }

void SafeCaller::close() {
  closing_ = true;
  client_.reset();  // answers what is under way, to nobody
}

void SafeCaller::send(std::string_view tag, const Arguments& arguments, const OnReply& on_reply) {
  if (closing_) return;
  const Result<std::uint32_t> wanted = options_.replicas ? options_.replicas(tag) : 0U;
  if (!wanted) return on_reply(wanted.error());
  const std::uint32_t replicas = *wanted;
  const std::string touch = std::string(tag) + ":touch";
  std::vector<Call> calls = {{touch, arguments}};
  // WAIT counts what its own connection wrote, and the call may have seen what others did.
  if (replicas > 0) calls.push_back({touch, {"SET", touch, ""}, true});
  const Status taken = client_->submit(calls, {replicas, options_.replica_time}, options_.patience,
                                       [this, replicas, on_reply](std::vector<CallAnswer> answers) {
                                         if (!closing_) on_reply(reply_of(answers, replicas));
                                       });
  if (!taken.ok()) on_reply(taken.error());
}

Result<Reply> SafeCaller::reply_of(std::vector<CallAnswer>& answers, std::uint32_t replicas) const {
  Answer& first = answers.front().answer;
  if (first.fate == Fate::not_sent) return unavailable(first.reason);
  if (first.fate == Fate::unknown) return unconfirmed(first.reason);
  if (first.reply.is_error()) {
    const std::string& text = first.reply.text;
    const ServerErrorKind kind = read_server_error(text).kind;
    if (kind == ServerErrorKind::no_function && options_.on_missing_function) {
      options_.on_missing_function();
    }
    // Of what the server refuses by itself nothing was carried out; a function that fails may have
    // written.
    return kind == ServerErrorKind::other ? unconfirmed(text) : unavailable(text);
  }
  const CallAnswer& last = answers.back();
  if (replicas > 0 && (last.answer.fate != Fate::answered || last.answer.reply.is_error() ||
                       last.acknowledged.value_or(0) < replicas)) {
    return unconfirmed("too few replicas have it");
  }
  return std::move(first.reply);
}

}  // namespace doorbuster::redis
