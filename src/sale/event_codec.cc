#include "sale/event_codec.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/trace_parent.h"
#include "base/wire.h"

namespace doorbuster::sale {
namespace {

// The number of each type on disk, in the order of EventBody; the numbers never change.
constexpr std::array<std::uint8_t, std::variant_size_v<EventBody>> kTypeNumbers = {
    1,   // SaleCreated
    2,   // SaleUpdated
    3,   // SaleOpened
    4,   // SalePaused
    5,   // SaleResumed
    6,   // SaleClosed
    7,   // SaleCancelled
    8,   // SaleDeleted
    9,   // CodesAdded
    10,  // EligibilitySet
    16,  // ClaimGranted
    17,  // ClaimConfirmed
    18,  // ClaimReleased
    19,  // ClaimExtended
    20,  // ClaimReacquired
    21,  // RefundRequired
    32,  // WaitlistJoined
    33,  // WaitlistOffered
    34,  // WaitlistLeft
};

// Added to the number: a trace follows it.
constexpr std::uint8_t kHasTrace = 0x80;

// Members of a definition by tag; a member that has its default value is left out.
enum class Tag : std::uint8_t {
  end = 0,
  slug = 1,
  title = 2,  // repeated: language, text
  stock = 3,
  per_buyer_limit = 4,
  hold_seconds = 5,
  opens_at = 6,
  closes_at = 7,
  late_payment = 8,
  claim_attempts = 9,
  max_extension_seconds = 10,
  archive_after_seconds = 11,
  reveal = 12,
  metadata = 13,
};

constexpr std::size_t kMaxTitleBytes = 64 * 1024;
constexpr std::uint64_t kHasExpiry = 1;
constexpr std::uint64_t kHasKey = 2;

// The most bytes that the parts of an event take.
constexpr std::size_t kMostOfTag = 1;
constexpr std::size_t kMostMembers = 13;

std::size_t most_of(std::string_view text) { return kMaxVarintBytes + text.size(); }

std::size_t most_of(const SaleDefinition& sale) {
  std::size_t most = kMostMembers * (kMostOfTag + kMaxVarintBytes) + kMostOfTag;
  for (const auto& [language, text] : sale.title) {
    most += kMostOfTag + most_of(language) + most_of(text);
  }
  return most + most_of(sale.slug) + most_of(sale.metadata);
}

std::size_t most_of(const UnitRuns& units) { return kMaxVarintBytes * (3 + 2 * units.more.size()); }

std::size_t most_of(const OfClaim& of) { return 2 * kMaxVarintBytes + most_of(of.buyer); }

// What BodyWriter writes at the most.
struct MostOfBody {
  std::size_t operator()(const SaleCreated& event) const { return most_of(*event.definition); }
  std::size_t operator()(const SaleUpdated& event) const { return most_of(*event.definition); }
  std::size_t operator()(const CodesAdded& event) const {
    std::size_t most = kMaxVarintBytes;
    for (const std::string_view code : event.codes) most += most_of(code);
    return most;
  }
  std::size_t operator()(const EligibilitySet& event) const {
    std::size_t most = kMaxVarintBytes;
    for (const EligibleBuyer& entry : event.buyers) most += most_of(entry.buyer) + kMaxVarintBytes;
    return most;
  }
  std::size_t operator()(const ClaimGranted& event) const {
    return 3 * kMaxVarintBytes + most_of(event.buyer) + most_of(event.units) + most_of(event.key);
  }
  std::size_t operator()(const ClaimConfirmed& event) const {
    return most_of(static_cast<const OfClaim&>(event)) + most_of(event.reference);
  }
  std::size_t operator()(const ClaimReleased& event) const {
    return most_of(static_cast<const OfClaim&>(event)) + kMaxVarintBytes;
  }
  std::size_t operator()(const ClaimExtended& event) const {
    return most_of(static_cast<const OfClaim&>(event)) + kMaxVarintBytes;
  }
  std::size_t operator()(const ClaimReacquired& event) const {
    return most_of(static_cast<const OfClaim&>(event)) + most_of(event.units) +
           most_of(event.reference);
  }
  std::size_t operator()(const RefundRequired& event) const {
    return most_of(static_cast<const OfClaim&>(event)) + most_of(event.reference);
  }
  std::size_t operator()(const WaitlistJoined& event) const { return most_of(event.buyer); }
  std::size_t operator()(const WaitlistOffered& event) const {
    return most_of(event.buyer) + kMaxVarintBytes;
  }
  std::size_t operator()(const WaitlistLeft& event) const { return most_of(event.buyer); }
  std::size_t operator()(const auto&) const { return 0; }  // nothing but type, sequence and time
};

void put_tag(Pen& out, Tag tag) { out.put(static_cast<char>(tag)); }

void put_number(Pen& out, Tag tag, std::uint64_t value, std::uint64_t unless) {
  if (value == unless) return;
  put_tag(out, tag);
  put_varint(out, value);
}

void put_definition(Pen& out, const SaleDefinition& sale) {
  const SaleDefinition defaults;
  put_tag(out, Tag::slug);
  put_text(out, sale.slug);
  for (const auto& [language, text] : sale.title) {
    put_tag(out, Tag::title);
    put_text(out, language);
    put_text(out, text);
  }
  put_number(out, Tag::stock, sale.stock, defaults.stock);
  put_number(out, Tag::per_buyer_limit, sale.per_buyer_limit, defaults.per_buyer_limit);
  put_number(out, Tag::hold_seconds, sale.hold_seconds, defaults.hold_seconds);
  if (sale.opens_at) {
    put_tag(out, Tag::opens_at);
    put_time(out, *sale.opens_at);
  }
  if (sale.closes_at) {
    put_tag(out, Tag::closes_at);
    put_time(out, *sale.closes_at);
  }
  put_number(out, Tag::late_payment, static_cast<std::uint64_t>(sale.late_payment), 0);
  put_number(out, Tag::claim_attempts, sale.claim_attempts, defaults.claim_attempts);
  put_number(out, Tag::max_extension_seconds, sale.max_extension_seconds, 0);
  put_number(out, Tag::archive_after_seconds, sale.archive_after_seconds, 0);
  put_number(out, Tag::reveal, static_cast<std::uint64_t>(sale.reveal), 0);
  if (sale.metadata != defaults.metadata) {
    put_tag(out, Tag::metadata);
    put_text(out, sale.metadata);
  }
  put_tag(out, Tag::end);
}

void put_units(Pen& out, const UnitRuns& units) {
  put_varint(out, 1 + units.more.size());
  put_varint(out, units.first.first);
  put_varint(out, units.first.count);
  for (const UnitRun& run : units.more) {
    put_varint(out, run.first);
    put_varint(out, run.count);
  }
}

void put_of_claim(Pen& out, const OfClaim& of) {
  put_varint(out, of.claim.value);
  put_text(out, of.buyer);
  put_varint(out, of.quantity);
}

// One overload a type: what follows the type's number, the sequence and the time.
struct BodyWriter {
  Pen& out;

  void operator()(const SaleCreated& event) const { put_definition(out, *event.definition); }
  void operator()(const SaleUpdated& event) const { put_definition(out, *event.definition); }
  void operator()(const SaleOpened&) const {}
  void operator()(const SalePaused&) const {}
  void operator()(const SaleResumed&) const {}
  void operator()(const SaleClosed&) const {}
  void operator()(const SaleCancelled&) const {}
  void operator()(const SaleDeleted&) const {}
  void operator()(const CodesAdded& event) const {
    put_varint(out, event.codes.size());
    for (const std::string_view code : event.codes) put_text(out, code);
  }
  void operator()(const EligibilitySet& event) const {
    put_varint(out, event.buyers.size());
    for (const EligibleBuyer& entry : event.buyers) {
      put_text(out, entry.buyer);
      put_varint(out, entry.tier);
    }
  }
  void operator()(const ClaimGranted& event) const {
    const std::uint64_t flags =
        (event.expires_at ? kHasExpiry : 0) | (event.key.empty() ? 0 : kHasKey);
    put_varint(out, flags);
    put_varint(out, event.claim.value);
    put_text(out, event.buyer);
    put_units(out, event.units);
    if (event.expires_at) put_time(out, *event.expires_at);
    if (!event.key.empty()) put_text(out, event.key);
  }
  void operator()(const ClaimConfirmed& event) const {
    put_of_claim(out, event);
    put_text(out, event.reference);
  }
  void operator()(const ClaimReleased& event) const {
    put_of_claim(out, event);
    put_varint(out, static_cast<std::uint64_t>(event.reason));
  }
  void operator()(const ClaimExtended& event) const {
    put_of_claim(out, event);
    put_time(out, event.expires_at);
  }
  void operator()(const ClaimReacquired& event) const {
    put_of_claim(out, event);
    put_units(out, event.units);
    put_text(out, event.reference);
  }
  void operator()(const RefundRequired& event) const {
    put_of_claim(out, event);
    put_text(out, event.reference);
  }
  void operator()(const WaitlistJoined& event) const { put_text(out, event.buyer); }
  void operator()(const WaitlistOffered& event) const {
    put_text(out, event.buyer);
    put_varint(out, event.claim.value);
  }
  void operator()(const WaitlistLeft& event) const { put_text(out, event.buyer); }
};

Time read_event_time(WireReader& in) {
  return Time(std::chrono::milliseconds(in.varint_up_to(253'402'300'799'999)));  // the year 9999
}

template <typename Number>
Number read_number(WireReader& in) {
  return static_cast<Number>(in.varint_up_to(std::numeric_limits<Number>::max()));
}

template <typename Enum>
Enum read_enum(WireReader& in, Enum last) {
  return static_cast<Enum>(in.varint_up_to(static_cast<std::uint64_t>(last)));
}

ClaimOrdinal read_claim(WireReader& in) { return {read_number<std::uint32_t>(in)}; }

UnitRun read_run(WireReader& in) {
  const UnitRun run{read_number<Unit>(in), read_number<std::uint32_t>(in)};
  if (run.first == 0 || run.count == 0) in.fail();
  return run;
}

UnitRuns read_units(WireReader& in) {
  UnitRuns units;
  const std::uint64_t runs = in.varint_up_to(kMaxQuantity);
  if (runs == 0) in.fail();
  units.first = read_run(in);
  for (std::uint64_t i = 1; i < runs && in.good(); ++i) units.more.push_back(read_run(in));
  return units;
}

std::string_view read_buyer(WireReader& in) {
  const std::string_view buyer = in.text(BuyerId::kCapacity);
  if (buyer.empty()) in.fail();
  return buyer;
}

// Reads the value of one member; false at the end.
bool read_member(WireReader& in, Tag tag, SaleDefinition& sale) {
  switch (tag) {
    case Tag::end:
      return false;
    case Tag::slug:
      sale.slug = in.text(Slug::kCapacity);
      return true;
    case Tag::title: {
      const std::string_view language = in.text(kMaxTitleBytes);
      sale.title.emplace_back(language, in.text(kMaxTitleBytes));
      return true;
    }
    case Tag::stock:
      sale.stock = read_number<std::uint32_t>(in);
      return true;
    case Tag::per_buyer_limit:
      sale.per_buyer_limit = read_number<Quantity>(in);
      return true;
    case Tag::hold_seconds:
      sale.hold_seconds = read_number<std::uint32_t>(in);
      return true;
    case Tag::opens_at:
      sale.opens_at = read_event_time(in);
      return true;
    case Tag::closes_at:
      sale.closes_at = read_event_time(in);
      return true;
    case Tag::late_payment:
      sale.late_payment = read_enum(in, LatePayment::reacquire);
      return true;
    case Tag::claim_attempts:
      sale.claim_attempts = read_number<Quantity>(in);
      return true;
    case Tag::max_extension_seconds:
      sale.max_extension_seconds = read_number<std::uint32_t>(in);
      return true;
    case Tag::archive_after_seconds:
      sale.archive_after_seconds = read_number<std::uint32_t>(in);
      return true;
    case Tag::reveal:
      sale.reveal = read_enum(in, Reveal::confirm);
      return true;
    case Tag::metadata:
      sale.metadata = in.text(kMaxMetadataBytes);
      return true;
  }
  in.fail();
  return false;
}

SharedDefinition read_definition(WireReader& in) {
  auto sale = std::make_shared<SaleDefinition>();
  while (in.good() && read_member(in, static_cast<Tag>(in.byte()), *sale)) {
  }
  if (sale->slug.empty()) in.fail();
  return sale;
}

CodesAdded read_codes(WireReader& in) {
  CodesAdded event;
  for (std::uint64_t left = in.varint(); left > 0 && in.good(); --left) {
    event.codes.push_back(in.text(64));
  }
  return event;
}

EligibilitySet read_eligibility(WireReader& in) {
  EligibilitySet event;
  for (std::uint64_t left = in.varint(); left > 0 && in.good(); --left) {
    const std::string_view buyer = read_buyer(in);
    event.buyers.push_back({buyer, read_number<std::uint32_t>(in)});
  }
  return event;
}

ClaimGranted read_granted(WireReader& in) {
  ClaimGranted event;
  const std::uint64_t flags = in.varint_up_to(kHasExpiry | kHasKey);
  event.claim = read_claim(in);
  event.buyer = read_buyer(in);
  event.units = read_units(in);
  if ((flags & kHasExpiry) != 0) event.expires_at = read_event_time(in);
  if ((flags & kHasKey) != 0) {
    event.key = in.text(Key::kCapacity);
    if (event.key.empty()) in.fail();
  }
  return event;
}

OfClaim read_of_claim(WireReader& in) {
  const ClaimOrdinal claim = read_claim(in);
  const std::string_view buyer = read_buyer(in);
  const auto quantity = static_cast<Quantity>(in.varint_up_to(kMaxQuantity));
  if (quantity == 0) in.fail();
  return {claim, buyer, quantity};
}

ClaimReacquired read_reacquired(WireReader& in) {
  const OfClaim of = read_of_claim(in);
  UnitRuns units = read_units(in);
  return {of, std::move(units), in.text(Reference::kCapacity)};
}

template <typename Body>
Body read_claim_and_reference(WireReader& in) {
  const OfClaim of = read_of_claim(in);
  return Body{of, in.text(Reference::kCapacity)};
}

std::string_view read_trace(WireReader& in) {
  const auto bytes = in.bytes(TraceParent::kBytes);
  const std::string_view trace(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!TraceParent::of_bytes(trace)) in.fail();
  return trace;
}

// The body of the type with this number; nothing for a number this version does not know.
std::optional<EventBody> read_body(WireReader& in, std::uint8_t number) {
  switch (number) {
    case 1:
      return SaleCreated{read_definition(in)};
    case 2:
      return SaleUpdated{read_definition(in)};
    case 3:
      return SaleOpened{};
    case 4:
      return SalePaused{};
    case 5:
      return SaleResumed{};
    case 6:
      return SaleClosed{};
    case 7:
      return SaleCancelled{};
    case 8:
      return SaleDeleted{};
    case 9:
      return read_codes(in);
    case 10:
      return read_eligibility(in);
    case 16:
      return read_granted(in);
    case 17:
      return read_claim_and_reference<ClaimConfirmed>(in);
    case 18: {
      const OfClaim of = read_of_claim(in);
      return ClaimReleased{of, read_enum(in, EndReason::cancelled)};
    }
    case 19: {
      const OfClaim of = read_of_claim(in);
      return ClaimExtended{of, read_event_time(in)};
    }
    case 20:
      return read_reacquired(in);
    case 21:
      return read_claim_and_reference<RefundRequired>(in);
    case 32:
      return WaitlistJoined{read_buyer(in)};
    case 33: {
      const std::string_view buyer = read_buyer(in);
      return WaitlistOffered{buyer, read_claim(in)};
    }
    case 34:
      return WaitlistLeft{read_buyer(in)};
    default:
      return std::nullopt;
  }
}

}  // namespace

void encode(const Event& event, std::string& out) {
  const std::uint8_t number = kTypeNumbers[event.body.index()];
  Pen pen(out, kMostOfTag + event.trace.size() + 2 * kMaxVarintBytes +
                   std::visit(MostOfBody{}, event.body));
  pen.put(static_cast<char>(event.trace.empty() ? number : number | kHasTrace));
  pen.put(event.trace);
  put_varint(pen, event.sequence.value);
  put_time(pen, event.at);
  std::visit(BodyWriter{pen}, event.body);
}

Result<Event> decode(SaleOrdinal sale, std::span<const std::byte> bytes) {
  WireReader in(bytes);
  Event event{sale, {}, {}, {}};
  const std::uint8_t first = in.byte();
  const std::uint8_t number = first & ~kHasTrace;
  if (number != first) event.trace = read_trace(in);
  event.sequence = {in.varint()};
  event.at = read_event_time(in);
  std::optional<EventBody> body = read_body(in, number);
  if (in.good() && !body) {
    return Error{ErrorCode::unsupported,
                 "event type " + std::to_string(number) + " is of a later version"};
  }
  if (!in.good() || !in.at_end() || event.sequence.value == 0) {
    return Error{ErrorCode::data_damaged, "the bytes are not one event"};
  }
  event.body = std::move(*body);
  // Members of a definition could come in another order or with defaults spelt out: not canonical.
  if (number <= 2) {
    std::string again;
    encode(event, again);
    if (!std::ranges::equal(std::as_bytes(std::span(again)), bytes)) {
      return Error{ErrorCode::data_damaged, "the bytes are not a canonical event"};
    }
  }
  return event;
}

}  // namespace doorbuster::sale
