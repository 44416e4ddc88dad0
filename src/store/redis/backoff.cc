#include "store/redis/backoff.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace doorbuster::redis {

using std::chrono::milliseconds;

Backoff::Backoff(milliseconds first, milliseconds most, std::uint32_t seed)
    : first_(first), most_(most), present_(first), random_(seed) {
  CHECK(first > milliseconds(0) && first <= most);
}

milliseconds Backoff::next() {
  const milliseconds whole = std::exchange(
      present_, present_ > most_ / 2 ? most_ : std::min<milliseconds>(present_ * 2, most_));
  std::uniform_int_distribution<milliseconds::rep> part(whole.count() - whole.count() / 2,
                                                        whole.count());
  return milliseconds(part(random_));
}

}  // namespace doorbuster::redis
