#include "api/desk.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace doorbuster::api {
namespace {

constexpr std::size_t kPrefixLetters = 8;
HashKey random_key() {
  std::random_device random;
  const auto half = [&] { return std::uint64_t{random()} << 32 | random(); };
  return {half(), half()};
}

constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";

bool is_sane_request_id(std::string_view id) {
  if (id.empty() || id.size() > RequestId::kCapacity) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

Desk::Desk(store::StorePort& store_port, store::EventFeed& feed, store::ReplySink& reply_sink,
           ApiOptions api_options)
    : port(store_port),
      sink(reply_sink),
      options(std::move(api_options)),
      own_probe(options.probe == nullptr ? std::make_unique<ApiProbe>() : nullptr),
      probe(own_probe ? *own_probe : *options.probe),
      events(feed, options.wake),
      key_watch(options.admission),
      traces(random_key()),
      access(options.access_log),
      refusals(options.refusals != nullptr ? options.refusals->open()
                                           : std::make_shared<RefusalBook::Page>()),
      random_(std::random_device{}()) {
  for (std::size_t i = 0; i < kPrefixLetters; ++i) {
    id_prefix_ += kLetters[random_between(0, kLetters.size() - 1)];
  }
  id_prefix_ += '-';
}

std::uint32_t Desk::random_between(std::uint32_t least, std::uint32_t most) {
  return std::uniform_int_distribution<std::uint32_t>(least, most)(random_);
}

RequestId Desk::request_id(std::string_view given) {
  if (is_sane_request_id(given)) return RequestId(given);
  char text[kPrefixLetters + 1 + 20];
  char* end = std::copy(id_prefix_.begin(), id_prefix_.end(), text);
  end = std::to_chars(end, text + sizeof text, ++ids_).ptr;
  return RequestId({text, static_cast<std::size_t>(end - text)});
}

}  // namespace doorbuster::api
