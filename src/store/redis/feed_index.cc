#include "store/redis/feed_index.h"

#include "store/redis/catalog_keys.h"
#include "store/redis/reply_parts.h"

namespace doorbuster::redis {
namespace {

Error damaged(std::string_view key) {
  return {ErrorCode::data_damaged, std::string(key) + " holds what no relay puts there"};
}

std::uint64_t read_position(PartReader& in) {
  std::string_view id = in.text();
  if (!id.ends_with("-0")) in.fail();
  if (!in.good()) return 0;
  id.remove_suffix(2);
  return in.digits(id, kLastSequence);
}

std::string_view read_field(PartReader& in, std::string_view name) {
  if (in.text() != name) in.fail();
  return in.text();
}

ChainPoint read_point(PartReader& in, std::string_view sequence, std::string_view hash) {
  ChainPoint point{{in.digits(sequence, kLastSequence)}, std::string(hash)};
  if (point.sequence.value == 0 || hash.size() != kHashDigits) in.fail();
  return point;
}

bool read_stretch(const Reply& reply, Stretch& stretch) {
  if (!reply.is_array()) return false;
  PartReader entry(reply.items);
  stretch.position = read_position(entry);
  PartReader in(entry.array());
  const std::string_view slug = read_field(in, "sale");
  stretch.before = {in.digits(read_field(in, "before"), kLastSequence)};
  const std::string_view last = read_field(in, "last");
  stretch.last = read_point(in, last, read_field(in, "hash"));
  if (!entry.good() || !entry.at_end() || !in.good() || !in.at_end()) return false;
  stretch.slug = slug;
  return !slug.empty() && sale::Slug::fits(slug) && stretch.before < stretch.last.sequence &&
         stretch.events() <= stretch.position;
}

}  // namespace

Result<std::vector<Stretch>> read_stretches(const Reply& reply) {
  if (!reply.is_array()) return damaged(kFeedKey);
  std::vector<Stretch> stretches(reply.items.size());
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    if (!read_stretch(reply.items[i], stretches[i])) return damaged(kFeedKey);
    if (i > 0 && stretches[i].behind() != stretches[i - 1].position) return damaged(kFeedKey);
  }
  return stretches;
}

Result<std::uint64_t> read_end(const Reply& reply) {
  const auto stretches = read_stretches(reply);
  if (!stretches) return stretches.error();
  return stretches->empty() ? 0 : stretches->back().position;
}

FunctionCall relay_call(std::string_view slug, const ChainPoint& relayed, sale::Sequence before,
                        const ChainPoint& to, const KeptFeed& kept) {
  FunctionCall call("doorbuster_relay",
                    {std::string(kFeedKey), std::string(kRelayedKey), std::string(kDroppedKey)},
                    relayed);
  call.add(before.value).add(to.sequence.value).add(to.hash).add(slug);
  call.add(kept.entries).add(kept.events);
  return call;
}

FunctionCall trim_call(std::string_view slug, const ChainPoint& relayed, sale::Sequence last) {
  FunctionCall call("doorbuster_trim", sale_keys(slug), relayed);
  call.add(last.value);
  return call;
}

Result<sale::Sequence> read_dropped(const Reply& reply) {
  if (reply.is_nil() || (reply.is_text() && reply.text == "whole")) return sale::Sequence{};
  PartReader in(reply.items);
  const sale::Sequence last{in.digits(reply.text, kLastSequence)};
  if (!reply.is_text() || !in.good()) return damaged(kDroppedKey);
  return last;
}

Result<RelayAnswer> read_relay_reply(const Reply& reply) {
  if (!reply.is_array()) return no_such_reply();
  PartReader in(reply.items);
  RelayAnswer answer;
  const std::string_view verdict = in.text();
  if (verdict == "ok") {
    answer.position = in.number(kLastSequence);
  } else if (verdict == "other") {
    answer.relayed = in.point();
  } else {
    in.fail();
  }
  if (!in.good() || !in.at_end()) return no_such_reply();
  return answer;
}

Result<ChainPoint> read_relayed(const Reply& reply) {
  if (reply.is_nil()) return ChainPoint{};
  const std::string_view text = reply.text;
  const std::size_t space = text.find(' ');
  if (!reply.is_text() || space == std::string_view::npos) return damaged(kRelayedKey);
  PartReader in(reply.items);
  ChainPoint point = read_point(in, text.substr(0, space), text.substr(space + 1));
  if (!in.good()) return damaged(kRelayedKey);
  return point;
}

}  // namespace doorbuster::redis
