#include "store/redis/trimmer.h"

#include "store/redis/catalog_keys.h"
#include "store/redis/feed_index.h"

namespace doorbuster::redis {

Status Trimmer::look(const std::vector<std::string>& slugs, const std::vector<ChainPoint>& relayed,
                     const Reply& dropped) {
  if (!dropped.is_array() || dropped.items.size() != slugs.size()) {
    return Error{ErrorCode::data_damaged, std::string(kDroppedKey) + " is no hash"};
  }
  Status status = ok_status();
  for (std::size_t i = 0; i < slugs.size(); ++i) {
    const Result<sale::Sequence> last = read_dropped(dropped.items[i]);
    if (!last) {
      status = last.error();
      continue;
    }
    const auto trimmed = trimmed_.find(slugs[i]);
    const bool is_trimmed = trimmed != trimmed_.end() && *last <= trimmed->second;
    if (last->value > 0 && !is_trimmed && *last <= relayed[i].sequence) {
      trim(slugs[i], relayed[i], *last);
    }
  }
  return status;
}

void Trimmer::trim(const std::string& slug, const ChainPoint& relayed, sale::Sequence last) {
  const FunctionCall call = trim_call(slug, relayed, last);
  caller_.send(key_tag(slug), call.arguments(), [this, slug, last](const Result<Reply>& reply) {
    const Result<FunctionAnswer> answer = reply ? read_settle_reply(*reply) : reply.error();
    if (answer && answer->verdict == CallVerdict::decided) trimmed_[slug] = last;
  });
}

}  // namespace doorbuster::redis
