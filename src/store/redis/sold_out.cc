#include "store/redis/sold_out.h"

#include <utility>

namespace doorbuster::redis {

void SoldOut::learn(std::string_view slug, const ReadAnswer& answer) {
  forget(slug);
  const auto entry = std::make_shared<Entry>();
  entry->sale.at = answer.at;
  entry->sale.limit = answer.sale.view.definition->per_buyer_limit;
  sales_[std::string(slug)] = entry;
  if (names_ + answer.sale.view.claims > kMostNames) return;
  read_on(std::string(slug), entry, "0");
}

const SoldOut::Sale* SoldOut::find(std::string_view slug) const {
  const auto found = sales_.find(slug);
  return found == sales_.end() || !found->second->is_whole ? nullptr : &found->second->sale;
}

bool SoldOut::was_learned(std::string_view slug, const ChainPoint& at) const {
  const auto found = sales_.find(slug);
  return found != sales_.end() && found->second->sale.at == at;
}

void SoldOut::forget(std::string_view slug) {
  const auto found = sales_.find(slug);
  if (found == sales_.end()) return;
  names_ -= found->second->sale.buyers.size();
  sales_.erase(found);
}

// Names may come more than once, and with each the lines of his claims, which are of no use here.
void SoldOut::read_on(const std::string& slug, const EntryPtr& entry, const std::string& cursor) {
  const std::string key = key_tag(slug) + ":buyers";
  caller_.send(key_tag(slug), {"HSCAN", key, cursor, "COUNT", "500"},
               [this, slug, entry](const Result<Reply>& reply) {
                 const auto found = sales_.find(slug);
                 if (found == sales_.end() || found->second != entry) return;
                 if (!reply || reply->items.size() != 2 || !reply->items[1].is_array() ||
                     names_ > kMostNames) {
                   return forget(slug);
                 }
                 const std::vector<Reply>& pairs = reply->items[1].items;
                 for (std::size_t i = 0; i < pairs.size(); i += 2) {
                   names_ += entry->sale.buyers.insert(pairs[i].text).second ? 1 : 0;
                 }
                 const std::string& next = reply->items[0].text;
                 entry->is_whole = next == "0";
                 if (!entry->is_whole) read_on(slug, entry, next);
               });
}

}  // namespace doorbuster::redis
