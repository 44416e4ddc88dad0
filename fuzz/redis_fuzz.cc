// Any bytes as what a Redis server sends: the same replies whole and in pieces, each of which can
// be read as what a cluster says of itself, and every command of a link answered once.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "store/redis/link.h"
#include "store/redis/server_error.h"
#include "store/redis/slot_map.h"

namespace {

using namespace doorbuster::redis;  // NOLINT(google-build-using-namespace)

constexpr ReplyLimits kLimits{.bytes = 4'096, .bulk_bytes = 512, .items = 64};
constexpr std::size_t kCommands = 8;

std::size_t count_items(const Reply& reply, std::size_t depth) {
  CHECK(depth <= 8);
  std::size_t items = reply.items.size();
  for (const Reply& item : reply.items) items += count_items(item, depth + 1);
  return items;
}

void judge(const Reply& reply) {
  CHECK(reply.text.size() <= kLimits.bulk_bytes);
  CHECK(count_items(reply, 0) <= kLimits.items);
  if (reply.is_error()) {
    const ServerError error = read_server_error(reply.text);
    CHECK(!error.to || error.to->slot < kSlots);
  }
  if (const auto map = SlotMap::read(reply, {"asked", 1}); map.ok()) CHECK(map->served() <= kSlots);
}

// How many whole replies there are.
std::size_t read_in_pieces(std::string_view bytes, std::size_t piece) {
  ReplyReader reader(kLimits);
  std::size_t replies = 0;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    for (;;) {
      const auto reply = reader.next();
      if (!reply.ok()) return replies;
      if (!reply->has_value()) break;
      judge(**reply);
      ++replies;
    }
  }
  return replies;
}

void answer_commands(std::string_view bytes, std::size_t piece) {
  Link link(*parse_address("redis://:pw@h/1"),
            {.commands = 16, .waiting_bytes = 4'096, .replies = kLimits});
  std::vector<int> answers(kCommands, 0);
  std::string output;
  link.opened();
  link.take_output(output);
  for (std::size_t n = 0; n < kCommands; ++n) {
    CHECK(
        link.submit(
                {"PING"}, Moment::max(), [&answers, n](const Answer&) { ++answers[n]; }, n % 3 == 0)
            .ok());
  }
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    link.received(bytes.substr(at, piece));
    link.take_output(output);
  }
  link.closed("the end");
  CHECK(std::all_of(answers.begin(), answers.end(), [](int times) { return times == 1; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] % 16 + 1U;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  CHECK(read_in_pieces(bytes, bytes.size() + 1) == read_in_pieces(bytes, piece));
  answer_commands(bytes, piece);
  return 0;
}
