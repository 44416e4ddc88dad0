// Has the streams of the sales give up what the index of the feed has no need of any more
// (docs/redis.md). Any number of gateways may do so at a time.
//
// Thread: the caller's, for everything. Owns: what it has trimmed, a number for each sale whose
// first events have left the index.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/function_calls.h"
#include "store/redis/safe_caller.h"

namespace doorbuster::redis {

class Trimmer {
 public:
  // The caller is closed before the trimmer ends.
  explicit Trimmer(SafeCaller& caller) : caller_(caller) {}

  // `dropped`: an answer of HMGET on kDroppedKey about these sales; `relayed`: where each is in the
  // index. What cannot be trimmed now is when it is looked at again.
  Status look(const std::vector<std::string>& slugs, const std::vector<ChainPoint>& relayed,
              const Reply& dropped);

 private:
  void trim(const std::string& slug, const ChainPoint& relayed, sale::Sequence last);

  SafeCaller& caller_;
  std::map<std::string, sale::Sequence, std::less<>> trimmed_;
};

}  // namespace doorbuster::redis
