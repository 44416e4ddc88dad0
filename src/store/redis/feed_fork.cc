#include "store/redis/feed_fork.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "store/redis/catalog_keys.h"
#include "store/redis/feed_index.h"

namespace doorbuster::redis {
namespace {

constexpr std::size_t kLookedBack = 256;  // entries of the index at a time
constexpr std::uint64_t kAllEvents = std::uint64_t{1} << 53;

// From the end of the index back, a part of it after the other; of each part the newest first.
class ForkSearch : public std::enable_shared_from_this<ForkSearch> {
 public:
  ForkSearch(SafeCaller& caller, std::string slug, OnFork on_fork)
      : caller_(caller), slug_(std::move(slug)), on_fork_(std::move(on_fork)) {}

  void start() {
    ask({}, [this](const FunctionAnswer& answer) {
      end_ = answer.at.sequence;
      look_back();
    });
  }

 private:
  void ask(const ChainPoint& known, std::function<void(const FunctionAnswer&)> go_on) {
    const FunctionCall call = place_call(slug_, known, kAllEvents);
    caller_.send(key_tag(slug_), call.arguments(),
                 [self = shared_from_this(), go_on = std::move(go_on)](const Result<Reply>& reply) {
                   const Result<FunctionAnswer> answer =
                       reply ? read_place_reply(*reply) : reply.error();
                   if (!answer) return self->on_fork_(answer.error());
                   go_on(*answer);
                 });
  }

  void look_back() {
    const std::string count = std::to_string(kLookedBack);
    caller_.send(kCatalogTag, {"XREVRANGE", kFeedKey, before_, "-", "COUNT", count},
                 [self = shared_from_this()](const Result<Reply>& reply) {
                   if (!reply) return self->on_fork_(reply.error());
                   self->take(*reply);
                 });
  }

  void take(Reply reply) {
    std::reverse(reply.items.begin(), reply.items.end());
    auto stretches = read_stretches(reply);
    if (!stretches) return on_fork_(stretches.error());
    is_oldest_ = stretches->size() < kLookedBack;
    if (!stretches->empty()) before_ = "(" + std::to_string(stretches->front().position) + "-0";
    for (const Stretch& stretch : *stretches) {
      // What is behind the end of the history it cannot hold.
      if (stretch.slug == slug_ && stretch.last.sequence <= end_) ends_.push_back(stretch.last);
    }
    try_next();
  }

  void try_next() {
    if (ends_.empty()) return is_oldest_ ? on_fork_(ChainPoint{}) : look_back();
    const ChainPoint end = std::move(ends_.back());
    ends_.pop_back();
    ask(end, [this, end](const FunctionAnswer& answer) {
      if (answer.verdict == CallVerdict::decided) return on_fork_(end);
      try_next();
    });
  }

  SafeCaller& caller_;
  const std::string slug_;
  const OnFork on_fork_;
  sale::Sequence end_;           // of the history
  std::string before_ = "+";     // what is looked at next
  bool is_oldest_ = false;       // nothing is before it
  std::deque<ChainPoint> ends_;  // of stretches that are to be tried, the newest last
};

}  // namespace

void find_fork(SafeCaller& caller, const std::string& slug, OnFork on_fork) {
  std::make_shared<ForkSearch>(caller, slug, std::move(on_fork))->start();
}

}  // namespace doorbuster::redis
