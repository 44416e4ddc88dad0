// What is asked of Redis by key, wherever in a cluster the key is, and what may be concluded from
// the answer.
//
// Thread: any; values.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/link.h"

namespace doorbuster::redis {

// One command. All its keys are in one slot, that of `key`.
struct Call {
  std::string_view key;
  Arguments arguments;
  // Carrying it out twice is the same as once: it may be sent again when its fate is unknown.
  bool repeatable = false;
};

// Behind the calls of a group, on the connection that each was answered on, WAIT is sent, for so
// many replicas and for so long. Groups that are sent together share it, and so do those that are
// sent while another WAIT holds up the connection; then it is for the most that any of them wants.
struct Barrier {
  std::uint32_t replicas = 0;            // 0: no WAIT
  std::chrono::milliseconds timeout{0};  // more than 0 where replicas are waited for
};

// What became of a call.
//
// answered: the master of the key has carried it out, or has refused it for a reason of its own
//   (an error reply of a kind that is not a matter of where and when).
//   Nothing that a function answers by itself may begin as such an error does (MOVED, ASK,
//   TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN, READONLY): it would be sent again.
// not_sent: no server has carried it out, and none will. It reached no server, or each that it
//   reached sent it elsewhere or could not serve it, until its patience was over.
// unknown: it was sent, and the connection was lost or the server too slow. It may have been
//   carried out, may yet be, or never will; only the state of its keys can tell.
struct CallAnswer {
  Answer answer;
  // How many replicas had all that this call wrote when WAIT ended, counted on the connection that
  // the call was answered on. Nothing: no WAIT was asked for, the call is not answered, or it is
  // not known, for `unacknowledged`. Nothing, or fewer than asked for: the call stands on the
  // master, and may be lost with it or may not.
  std::optional<std::uint32_t> acknowledged;
  std::string unacknowledged;  // in words; empty unless a WAIT of an answered call went wrong
};

// As many as the calls of the group, in their order.
using OnAnswers = std::function<void(std::vector<CallAnswer>)>;

}  // namespace doorbuster::redis
