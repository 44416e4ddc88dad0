#include <openssl/sha.h>

#include <array>

#include "base/wire.h"
#include "sale/event_codec.h"
#include "store/redis/function_calls.h"
#include "store/redis/reply_parts.h"

namespace doorbuster::redis {
namespace {

template <typename Value>
struct Word {
  std::string_view word;
  Value value;
};

template <typename Value, std::size_t Count>
Value read_word(PartReader& in, std::string_view word,
                const std::array<Word<Value>, Count>& words) {
  for (const Word<Value>& one : words) {
    if (one.word == word) return one.value;
  }
  in.fail();
  return words[0].value;
}

constexpr std::array<Word<CallVerdict>, 7> kCallVerdicts = {{
    {"ok", CallVerdict::decided},
    {"again", CallVerdict::again},
    {"due", CallVerdict::due},
    {"rewound", CallVerdict::rewound},
    {"no-sale", CallVerdict::no_sale},
    {"no-claim", CallVerdict::no_claim},
    {"round", CallVerdict::other_round},
}};
constexpr std::array<Word<sale::SaleStatus>, 4> kSaleStatuses = {{
    {"scheduled", sale::SaleStatus::scheduled},
    {"open", sale::SaleStatus::open},
    {"paused", sale::SaleStatus::paused},
    {"closed", sale::SaleStatus::closed},
}};
struct ClaimEnd {
  sale::ClaimStatus status;
  sale::EndReason reason;
};
constexpr std::array<Word<ClaimEnd>, 5> kClaimStatuses = {{
    {"held", {sale::ClaimStatus::held, sale::EndReason::none}},
    {"confirmed", {sale::ClaimStatus::confirmed, sale::EndReason::none}},
    {"released:buyer", {sale::ClaimStatus::released, sale::EndReason::buyer}},
    {"released:merchant", {sale::ClaimStatus::released, sale::EndReason::merchant}},
    {"released:expired", {sale::ClaimStatus::released, sale::EndReason::expired}},
}};
constexpr std::array<Word<sale::ClaimChange>, 7> kClaimChanges = {{
    {"done", sale::ClaimChange::done},
    {"unchanged", sale::ClaimChange::unchanged},
    {"expired", sale::ClaimChange::expired},
    {"released", sale::ClaimChange::released},
    {"reference-mismatch", sale::ClaimChange::reference_mismatch},
    {"confirmed", sale::ClaimChange::confirmed},
    {"not-extendable", sale::ClaimChange::not_extendable},
}};
constexpr std::array<Word<sale::SaleChange>, 9> kSaleChanges = {{
    {"done", sale::SaleChange::done},
    {"unchanged", sale::SaleChange::unchanged},
    {"version-mismatch", sale::SaleChange::version_mismatch},
    {"closed", sale::SaleChange::closed},
    {"already-open", sale::SaleChange::already_open},
    {"stock-below-claimed", sale::SaleChange::stock_below_claimed},
    {"stock-out-of-range", sale::SaleChange::stock_out_of_range},
    {"closes-in-the-past", sale::SaleChange::closes_in_the_past},
    {"closes-before-opening", sale::SaleChange::closes_before_opening},
}};
constexpr std::array<Word<sale::CreateVerdict>, 4> kCreateVerdicts = {{
    {"created", sale::CreateVerdict::created},
    {"existing", sale::CreateVerdict::existing},
    {"already-exists", sale::CreateVerdict::already_exists},
    {"closes-in-the-past", sale::CreateVerdict::closes_in_the_past},
}};

sale::Refusal read_refusal(PartReader& in, std::string_view word) {
  for (std::size_t i = 0; i < sale::kRefusals; ++i) {
    const auto refusal = static_cast<sale::Refusal>(i);
    if (to_string(refusal) == word) return refusal;
  }
  in.fail();
  return sale::Refusal::sold_out;
}

// Calls `take` for each part of `text` between separators.
template <typename Take>
void split(std::string_view text, char separator, Take take) {
  for (;;) {
    const std::size_t end = text.find(separator);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// The inverse of escape() in record.lua.
std::string unescaped(PartReader& in, std::string_view text) {
  std::string bytes;
  if (text == "-") return bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text.size() - i < 3 || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      in.fail();
      return {};
    }
    bytes.push_back(static_cast<char>(value));
    i += 2;
  }
  return bytes;
}

sale::UnitRuns read_unit_runs(PartReader& in, std::string_view text) {
  sale::UnitRuns units;
  std::uint64_t count = 0;
  split(text, ',', [&](std::string_view part) {
    const std::size_t dash = part.find('-');
    const auto first = in.digits(part.substr(0, dash), sale::kMaxUnit);
    const auto last =
        dash == std::string_view::npos ? first : in.digits(part.substr(dash + 1), sale::kMaxUnit);
    if (first == 0 || last < first || last - first >= sale::kMaxQuantity) return in.fail();
    count += last - first + 1;
    const sale::UnitRun run{static_cast<sale::Unit>(first),
                            static_cast<std::uint32_t>(last - first + 1)};
    if (units.first.count == 0) {
      units.first = run;
    } else {
      units.more.push_back(run);
    }
  });
  if (count > sale::kMaxQuantity) in.fail();
  return units;
}

// A line of record.lua, of a sale that is `cancelled` or not.
StoredClaim read_line(PartReader& in, std::string_view line, bool cancelled) {
  StoredClaim claim;
  std::array<std::string_view, 11> parts = {"", "", "", "", "", "", "0", "0", "-", "-", "-"};
  std::size_t count = 0;
  split(line, ' ', [&](std::string_view part) {
    if (count < parts.size()) parts[count] = part;
    ++count;
  });
  if (count != 6 && count != parts.size()) {
    in.fail();
    return claim;
  }
  store::ClaimView& view = claim.view;
  view.units = read_unit_runs(in, parts[0]);
  if (!in.good()) return claim;
  view.quantity = static_cast<sale::Quantity>(view.units.count());
  const ClaimEnd end = read_word(in, parts[1], kClaimStatuses);
  view.status = end.status;
  view.end_reason = end.reason;
  if (cancelled && view.status == sale::ClaimStatus::held) {
    view.status = sale::ClaimStatus::released;
    view.end_reason = sale::EndReason::cancelled;
  }
  view.refund_owed = cancelled && view.status == sale::ClaimStatus::confirmed;
  claim.number = {static_cast<std::uint32_t>(in.digits(parts[2], kLastNumber))};
  view.sequence = {in.digits(parts[3], kLastSequence)};
  view.claimed_at = in.time_of(parts[4]);
  view.expires_at = parts[5] == "-" ? kNever : in.time_of(parts[5]);
  in.digits(parts[6], 1);  // what becomes of late money: for the functions alone
  view.extended = in.digits(parts[7], 1) == 1;
  claim.key = unescaped(in, parts[8]);
  view.reference = unescaped(in, parts[9]);
  if (parts[10] != "-") {
    split(parts[10], ',',
          [&](std::string_view refund) { view.refunds.push_back(unescaped(in, refund)); });
  }
  return claim;
}

StoredClaim read_owned_line(PartReader& in, bool cancelled) {
  const std::string_view buyer = in.text(sale::BuyerId::kCapacity);
  if (buyer.empty()) in.fail();
  StoredClaim claim = read_line(in, in.text(), cancelled);
  claim.view.buyer.assign(buyer);
  return claim;
}

void read_title(PartReader& in, std::string_view bytes, sale::SaleDefinition& sale) {
  WireReader title(std::as_bytes(std::span(bytes)));
  while (title.good() && !title.at_end()) {
    if (title.byte() != 2) return in.fail();
    const std::string_view language = title.text(bytes.size());
    sale.title.emplace_back(language, title.text(bytes.size()));
  }
  if (!title.good()) in.fail();
}

sale::SharedDefinition read_definition(PartReader& in) {
  auto sale = std::make_shared<sale::SaleDefinition>();
  sale->slug = in.text(sale::Slug::kCapacity);
  if (sale->slug.empty()) in.fail();
  read_title(in, in.text(), *sale);
  sale->stock = static_cast<std::uint32_t>(in.number(sale::kMaxStock));
  sale->per_buyer_limit = static_cast<sale::Quantity>(in.number(sale::kMaxQuantity));
  sale->hold_seconds = static_cast<std::uint32_t>(in.number(kLastNumber));
  sale->opens_at = in.time_if_given();
  sale->closes_at = in.time_if_given();
  sale->late_payment = static_cast<sale::LatePayment>(in.number(1));
  sale->claim_attempts = static_cast<sale::Quantity>(in.number(0xffff));
  sale->max_extension_seconds = static_cast<std::uint32_t>(in.number(kLastNumber));
  sale->archive_after_seconds = static_cast<std::uint32_t>(in.number(kLastNumber));
  sale->reveal = static_cast<sale::Reveal>(in.number(1));
  sale->metadata = in.text(sale::kMaxMetadataBytes);
  return sale;
}

// In the order of FIELDS in sale.lua, and then what view() in view.lua adds.
StoredSale read_view(const std::vector<Reply>& parts, PartReader& outer) {
  PartReader in(parts);
  StoredSale sale;
  store::SaleView& view = sale.view;
  view.definition = read_definition(in);
  view.status = read_word(in, in.text(), kSaleStatuses);
  in.text(kHashDigits);
  sale.ordinal = {static_cast<std::uint32_t>(in.number(kLastNumber))};
  view.version = static_cast<std::uint32_t>(in.number(kLastNumber));
  view.opened = in.flag();
  view.cancelled = in.flag();
  sale.deleted = in.flag();
  in.time();  // when it was closed
  view.created_at = in.time();
  in.time();  // of the last event
  view.sequence = {in.number(kLastSequence)};
  view.totals.stock = view.definition->stock;
  view.totals.held = in.number(sale::kMaxStock);
  view.totals.confirmed = in.number(sale::kMaxStock);
  const std::uint64_t taken = view.totals.held + view.totals.confirmed;
  if (taken > view.totals.stock) in.fail();
  view.totals.available = view.totals.stock - taken;
  view.claims = static_cast<std::uint32_t>(in.number(kLastNumber));
  in.number(sale::kMaxUnit + std::uint64_t{1});  // the next unit
  in.number(sale::kMaxUnit);                     // how many came back
  for (std::size_t reason = 1; reason < sale::kEndReasons; ++reason) {
    view.released[reason] = in.number(kLastNumber);
  }
  in.number(kLastSequence);  // how much of its stream may be gone
  view.now = in.time();
  view.next_return_at = in.time_or_never();
  if (view.totals.available > 0) {
    view.availability = sale::Availability::available;
  } else {
    view.availability =
        view.totals.held > 0 ? sale::Availability::all_held : sale::Availability::gone;
  }
  if (!in.good() || !in.at_end()) outer.fail();
  return sale;
}

void read_verdict(PartReader& in, FunctionAnswer& answer) {
  answer.verdict = read_word(in, in.text(), kCallVerdicts);
  switch (answer.verdict) {
    case CallVerdict::decided:
    case CallVerdict::again:
    case CallVerdict::due:
    case CallVerdict::rewound:
    case CallVerdict::no_claim:
      answer.at = in.point();
      return;
    case CallVerdict::no_sale:
      return;
    case CallVerdict::other_round:
      answer.newest_round = static_cast<std::uint32_t>(in.number(kLastNumber));
      return;
  }
}

// The head of a reply, and by `read_rest` what a decision has behind it.
template <typename Answer, typename ReadRest>
Result<Answer> read_answer(const Reply& reply, ReadRest read_rest) {
  if (reply.is_error()) return Error{ErrorCode::io_failed, reply.text};
  if (!reply.is_array()) return no_such_reply();
  PartReader in(reply.items);
  Answer answer;
  read_verdict(in, answer);
  if (in.good() && answer.verdict == CallVerdict::decided) read_rest(in, answer);
  if (!in.good() || !in.at_end()) return no_such_reply();
  return answer;
}

// "g count line": so many claims one after the other, each of the next unit; their answers.
void read_grants(PartReader& in, std::string_view text, bool cancelled, std::size_t most,
                 std::vector<ClaimAnswer>& answers) {
  const std::size_t space = text.find(' ');
  const std::uint64_t count = in.digits(text.substr(0, space), most);
  if (space == std::string_view::npos || count == 0) in.fail();
  if (!in.good()) return;
  ClaimAnswer answer;
  answer.verdict = sale::ClaimVerdict::granted;
  answer.claim = read_line(in, text.substr(space + 1), cancelled);
  answer.claim.key.clear();
  store::ClaimView& view = answer.claim.view;
  answer.sequence = view.sequence;
  if (count > 1 && view.quantity != 1) in.fail();
  if (!in.good()) return;
  for (std::uint64_t i = 1; i < count; ++i) {
    answers.push_back(answer);
    ++view.units.first.first;
    ++answer.claim.number.value;
    ++view.sequence.value;
    answer.sequence = view.sequence;
  }
  answers.push_back(std::move(answer));
}

// "e sequence line" of a claim that there is, or "r sequence refusal available held next-return
// live".
ClaimAnswer read_claim_answer(PartReader& in, std::string_view text, bool cancelled) {
  ClaimAnswer answer;
  if (!text.starts_with("e ") && !text.starts_with("r ")) {
    in.fail();
    return answer;
  }
  const bool exists = text.front() == 'e';
  text.remove_prefix(2);
  const std::size_t space = text.find(' ');
  answer.sequence = {in.digits(text.substr(0, space), kLastSequence)};
  if (space == std::string_view::npos) in.fail();
  if (!in.good()) return answer;
  text.remove_prefix(space + 1);
  if (exists) {
    answer.verdict = sale::ClaimVerdict::existing;
    answer.claim = read_line(in, text, cancelled);
    return answer;
  }
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  split(text, ' ', [&](std::string_view part) {
    if (count < parts.size()) parts[count] = part;
    ++count;
  });
  if (count != parts.size()) {
    in.fail();
    return answer;
  }
  answer.refusal = read_refusal(in, parts[0]);
  answer.available = in.digits(parts[1], sale::kMaxStock);
  answer.held = in.digits(parts[2], sale::kMaxStock);
  if (parts[3] != "-") answer.next_return_at = in.time_of(parts[3]);
  if (parts[4] != "-") {
    split(parts[4], ',', [&](std::string_view number) {
      answer.live.push_back({static_cast<std::uint32_t>(in.digits(number, kLastNumber))});
    });
  }
  return answer;
}

}  // namespace

Result<FunctionAnswer> read_settle_reply(const Reply& reply) {
  return read_answer<FunctionAnswer>(reply, [](PartReader&, FunctionAnswer&) {});
}

Result<FunctionAnswer> read_place_reply(const Reply& reply) { return read_settle_reply(reply); }

Result<ClaimsAnswer> read_claim_reply(const Reply& reply, std::size_t claims) {
  return read_answer<ClaimsAnswer>(reply, [&](PartReader& in, ClaimsAnswer& answer) {
    answer.now = in.time();
    answer.ordinal = {static_cast<std::uint32_t>(in.number(kLastNumber))};
    const bool cancelled = in.flag();
    answer.opens_at = in.time_if_given();
    answer.claim_attempts = static_cast<std::uint32_t>(in.number(0xffff));
    for (const Reply& outcome : in.array()) {
      const std::size_t left = claims - answer.claims.size();
      if (!outcome.is_text() || left == 0) in.fail();
      if (!in.good()) return;
      const std::string_view text = outcome.text;
      if (text.starts_with("g ")) {
        read_grants(in, text.substr(2), cancelled, left, answer.claims);
      } else {
        answer.claims.push_back(read_claim_answer(in, text, cancelled));
      }
    }
    if (answer.claims.size() != claims) in.fail();
  });
}

Result<ClaimChangeAnswer> read_claim_change_reply(const Reply& reply) {
  return read_answer<ClaimChangeAnswer>(reply, [](PartReader& in, ClaimChangeAnswer& answer) {
    answer.ordinal = {static_cast<std::uint32_t>(in.number(kLastNumber))};
    const bool cancelled = in.flag();
    answer.max_extension_seconds = static_cast<std::uint32_t>(in.number(kLastNumber));
    answer.change = read_word(in, in.text(), kClaimChanges);
    answer.claim = read_owned_line(in, cancelled);
  });
}

Result<CreateAnswer> read_publish_reply(const Reply& reply) {
  return read_answer<CreateAnswer>(reply, [](PartReader& in, CreateAnswer& answer) {
    answer.created = read_word(in, in.text(), kCreateVerdicts);
    if (answer.created == sale::CreateVerdict::closes_in_the_past) return;
    answer.sale = read_view(in.array(), in);
    if (!in.at_end()) answer.before = in.point();
  });
}

Result<SaleChangeAnswer> read_sale_change_reply(const Reply& reply) {
  return read_answer<SaleChangeAnswer>(reply, [](PartReader& in, SaleChangeAnswer& answer) {
    answer.change = read_word(in, in.text(), kSaleChanges);
    answer.sale = read_view(in.array(), in);
  });
}

Result<ReadAnswer> read_read_reply(const Reply& reply) {
  return read_answer<ReadAnswer>(reply, [](PartReader& in, ReadAnswer& answer) {
    answer.sale = read_view(in.array(), in);
    if (!in.good() || in.at_end()) return;
    PartReader lines(in.array());
    while (lines.good() && !lines.at_end()) {
      answer.claims.push_back(read_owned_line(lines, answer.sale.view.cancelled));
    }
    if (!lines.good()) in.fail();
  });
}

Result<HistoryAnswer> read_history_reply(const Reply& reply) {
  return read_answer<HistoryAnswer>(reply, [](PartReader& in, HistoryAnswer& answer) {
    answer.ordinal = {static_cast<std::uint32_t>(in.number(kLastNumber))};
    answer.trimmed = {in.number(kLastSequence)};
    for (const Reply& item : in.array()) {
      Result<StreamEntry> entry = read_stream_entry(item);
      if (!entry) return in.fail();
      answer.entries.push_back(std::move(*entry));
    }
  });
}

bool has_claim(std::string_view lines, sale::ClaimOrdinal number) {
  const std::string wanted = std::to_string(number.value);
  bool found = false;
  split(lines, '\n', [&](std::string_view line) {
    std::size_t place = 0;
    split(line, ' ', [&](std::string_view part) { found |= place++ == 2 && part == wanted; });
  });
  return found;
}

std::string chain_hash(std::string_view before, std::string_view events) {
  const std::string chained = std::string(before) + std::string(events);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(chained.data()), chained.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hash;
  for (const unsigned char byte : digest) {
    hash.push_back(kDigits[byte >> 4]);
    hash.push_back(kDigits[byte & 15]);
  }
  return hash;
}

Result<StreamEntry> read_stream_entry(const Reply& reply) {
  if (!reply.is_array() || reply.items.size() != 2) return no_such_reply();
  PartReader in(reply.items);
  std::string_view id = in.text();
  if (!id.ends_with("-0")) return no_such_reply();
  id.remove_suffix(2);
  StreamEntry entry;
  entry.at.sequence = {in.digits(id, kLastSequence)};
  PartReader fields(in.array());
  const bool named = fields.text() == "hash";
  entry.at.hash = fields.text(kHashDigits);
  if (fields.text() != "events" || !named) return no_such_reply();
  entry.events = fields.text();
  if (!in.good() || !fields.good() || !fields.at_end()) return no_such_reply();
  return entry;
}

Result<std::vector<sale::Event>> read_events(sale::SaleOrdinal sale, std::string_view bytes) {
  std::vector<sale::Event> events;
  WireReader in(std::as_bytes(std::span(bytes)));
  while (in.good() && !in.at_end()) {
    const auto size = in.varint_up_to(bytes.size());
    auto event = sale::decode(sale, in.bytes(size));
    if (!event) return event.error();
    events.push_back(std::move(*event));
  }
  if (!in.good()) return Error{ErrorCode::data_damaged, "the bytes are no events"};
  return events;
}

}  // namespace doorbuster::redis
