#include "store/embedded/ages.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kMarkDigits = 8;

bool is_of(const FormerAge& age, sale::ClaimPlace place) {
  if (place.sale.value >= age.sales) return false;
  const auto claims = age.claims.find(place.sale.value);
  return claims == age.claims.end() || place.claim.value < claims->second;
}

}  // namespace

ClaimIds::ClaimIds(const StoreIdentity& identity) : former_(identity.former) {
  for (const FormerAge& age : former_) codecs_.emplace_back(age.claim_id_key);
  codecs_.emplace_back(identity.claim_id_key);
}

std::size_t ClaimIds::age_of(sale::ClaimPlace place) const {
  std::size_t age = 0;
  while (age < former_.size() && !is_of(former_[age], place)) ++age;
  return age;
}

sale::ClaimId ClaimIds::encode(sale::ClaimPlace place) const {
  return codecs_[age_of(place)].encode(place);
}

std::optional<sale::ClaimPlace> ClaimIds::decode(sale::ClaimId id) const {
  for (std::size_t age = codecs_.size(); age-- > 0;) {
    const auto place = codecs_[age].decode(id);
    if (place && age_of(*place) == age) return place;
  }
  return std::nullopt;
}

Cursors::Cursors(const StoreIdentity& identity) {
  const auto add = [&](const Incarnation& incarnation, std::uint64_t last_position) {
    std::string hex = to_hex(incarnation);
    std::string mark = ages_.empty() ? std::string() : "-" + hex.substr(0, kMarkDigits);
    ages_.push_back({std::move(hex), std::move(mark), last_position});
  };
  for (const FormerAge& age : identity.former) add(age.incarnation, age.last_position);
  add(identity.incarnation, std::numeric_limits<std::uint64_t>::max());
}

const Cursors::Age& Cursors::age_of(std::uint64_t position) const {
  return *std::ranges::find_if(ages_,
                               [&](const Age& age) { return position <= age.last_position; });
}

std::string Cursors::print(std::uint64_t position) const {
  return std::to_string(position) + age_of(position).mark;
}

std::optional<std::uint64_t> Cursors::parse(std::string_view text) const {
  std::uint64_t position = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  const std::string_view mark(stop, text.data() + text.size());
  if (error != std::errc{} || mark != age_of(position).mark) return std::nullopt;
  return position;
}

std::string_view Cursors::incarnation_of(std::uint64_t position) const {
  return age_of(position).incarnation;
}

}  // namespace doorbuster::embedded
