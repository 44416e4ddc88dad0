#include "store/redis/sold_out.h"

#include <utility>

namespace doorbuster::redis {

bool SoldOut::refused(std::string_view slug, const ChainPoint& at, std::size_t claims) {
  Entry& entry = sales_.try_emplace(std::string(slug)).first->second;
  entry.refused += claims;
  if (entry.is_reading || entry.refused < entry.worth) return false;
  if (entry.is_whole && entry.sale.at == at) return false;
  entry.is_reading = true;
  return true;
}

void SoldOut::learn(std::string_view slug, const ReadAnswer& answer) {
  Entry& entry = sales_.try_emplace(std::string(slug)).first->second;
  entry.is_reading = false;
  const std::uint64_t claims = answer.sale.view.claims;
  entry.worth = claims;
  if (entry.refused < entry.worth || claims > kMostNames) return;
  drop_names(entry);
  make_room(claims);
  entry.is_reading = true;
  entry.refused = 0;
  entry.began = ++readings_;
  entry.sale.at = answer.at;
  entry.sale.limit = answer.sale.view.definition->per_buyer_limit;
  read_on(std::string(slug), entry.began, "0");
}

void SoldOut::give_up(std::string_view slug) {
  const auto found = sales_.find(slug);
  if (found != sales_.end()) found->second.is_reading = false;
}

const SoldOut::Sale* SoldOut::find(std::string_view slug) const {
  const auto found = sales_.find(slug);
  return found == sales_.end() || !found->second.is_whole ? nullptr : &found->second.sale;
}

// Names may come more than once, and with each the lines of his claims, which are of no use here.
void SoldOut::read_on(const std::string& slug, std::uint64_t reading, const std::string& cursor) {
  const std::string key = key_tag(slug) + ":buyers";
  caller_.send(key_tag(slug), {"HSCAN", key, cursor, "COUNT", "500"},
               [this, slug, reading](const Result<Reply>& reply) {
                 Entry& entry = sales_.find(slug)->second;
                 if (entry.began != reading || !entry.is_reading) return;
                 if (reply && reply->items.size() == 2 && names_ <= kMostNames) {
                   return take(slug, entry, *reply);
                 }
                 drop_names(entry);
               });
}

void SoldOut::take(const std::string& slug, Entry& entry, const Reply& reply) {
  const std::vector<Reply>& pairs = reply.items[1].items;
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    names_ += entry.sale.buyers.insert(pairs[i].text).second ? 1 : 0;
  }
  const std::string& next = reply.items[0].text;
  if (next != "0") return read_on(slug, entry.began, next);
  entry.is_reading = false;
  entry.is_whole = true;
}

void SoldOut::make_room(std::size_t names) {
  while (names_ + names > kMostNames) {
    Entry* oldest = nullptr;
    for (auto& [slug, entry] : sales_) {
      if (entry.sale.buyers.empty()) continue;
      if (oldest == nullptr || entry.began < oldest->began) oldest = &entry;
    }
    if (oldest == nullptr) return;
    drop_names(*oldest);
  }
}

void SoldOut::drop_names(Entry& entry) {
  names_ -= entry.sale.buyers.size();
  entry.sale.buyers.clear();
  entry.is_whole = false;
  entry.is_reading = false;
}

}  // namespace doorbuster::redis
