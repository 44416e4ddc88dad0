#include <array>
#include <span>

#include "api/body_internal.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kMaxKeyBytes = sale::Key::kCapacity;
constexpr std::size_t kMaxBuyerBytes = sale::BuyerId::kCapacity;

constexpr std::array<std::string_view, 2> kClaimMembers = {"quantity", "buyer"};
constexpr std::array<std::string_view, 1> kGoodsMembers = {"buyer"};
constexpr std::array<std::string_view, 3> kClaimFields = {"quantity", "idempotency_key", "uid"};
constexpr std::array<std::string_view, 2> kGoodsFields = {"idempotency_key", "uid"};

// A text the body gave, and under which name; no name: it gave none.
struct Given {
  std::string_view name;
  std::string_view value;

  bool given() const { return !name.empty(); }
};

struct ClaimBody {
  sale::Quantity quantity = 1;
  Given key;
  Given buyer;
};

Flaw quantity_flaw() {
  return member_flaw(FlawKind::not_a_number, "quantity", "1", std::to_string(sale::kMaxQuantity));
}

bool is_quantity(std::int64_t number) { return number >= 1 && number <= sale::kMaxQuantity; }

void read_members(const JsonDocument& json, bool is_goods, ClaimBody& body, Flaws& flaws) {
  const auto members = is_goods ? std::span<const std::string_view>(kGoodsMembers)
                                : std::span<const std::string_view>(kClaimMembers);
  json.for_each_child(json.root(), [&](const JsonNode& member) {
    if (member.name == "quantity" && !is_goods) {
      if (member.kind == JsonKind::integer && is_quantity(member.integer)) {
        body.quantity = static_cast<sale::Quantity>(member.integer);
      } else {
        add_flaw(flaws, quantity_flaw());
      }
    } else if (member.name == "buyer") {
      if (member.kind != JsonKind::string) {
        add_flaw(flaws, member_flaw(FlawKind::not_a_string, member.name));
      }
      body.buyer = {member.name, member.text};
    } else {
      std::string pointer;
      append_pointer(pointer, member.name);
      add_flaw(flaws, unknown_member(FlawPlace::pointer, std::move(pointer), member.name, members));
    }
  });
}

void read_fields(const Form& form, bool is_goods, ClaimBody& body, Flaws& flaws) {
  const auto known = is_goods ? std::span<const std::string_view>(kGoodsFields)
                              : std::span<const std::string_view>(kClaimFields);
  bool quantity_given = false;
  for (const auto& [name, value] : form.fields()) {
    const bool is_quantity_field = name == "quantity" && !is_goods;
    const bool repeated = (is_quantity_field && quantity_given) ||
                          (name == "idempotency_key" && body.key.given()) ||
                          (name == "uid" && body.buyer.given());
    if (repeated) {
      add_flaw(flaws, member_flaw(FlawKind::repeated, name));
    } else if (is_quantity_field) {
      quantity_given = true;
      const auto number = parse_number(value, sale::kMaxQuantity);
      if (!number || *number == 0) add_flaw(flaws, quantity_flaw());
      body.quantity = static_cast<sale::Quantity>(number.value_or(1));
    } else if (name == "idempotency_key") {
      body.key = {name, value};
    } else if (name == "uid") {
      body.buyer = {name, value};
    } else {
      std::string pointer;
      append_pointer(pointer, name);
      add_flaw(flaws, unknown_member(FlawPlace::pointer, std::move(pointer), name, known));
    }
  }
}

std::optional<Unreadable> read_claim_body(const Call& call, bool is_goods, ClaimBody& body,
                                          Flaws& flaws) {
  const std::string_view text = call.request.body;
  if (text.empty()) return std::nullopt;
  Desk& desk = call.answer.desk();
  switch (media_type_of(call.fields.content_type)) {
    case MediaType::json:
      if (auto why = read_json_object(desk.json, text)) return why;
      read_members(desk.json, is_goods, body, flaws);
      return std::nullopt;
    case MediaType::form:
      if (!desk.form.parse(text)) return Unreadable{ProblemCode::malformed, Remark::not_a_form, {}};
      read_fields(desk.form, is_goods, body, flaws);
      return std::nullopt;
    case MediaType::none:
    case MediaType::merge_patch:
    case MediaType::other:
      break;
  }
  return Unreadable{ProblemCode::unsupported_media_type, Remark::needs_json_or_form, {}};
}

// The length and the characters of a text; nothing when both are right.
std::optional<FlawKind> flaw_of_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxKeyBytes) return FlawKind::wrong_byte_count;
  if (!is_printable_ascii(key)) return FlawKind::not_printable_ascii;
  return std::nullopt;
}

std::optional<FlawKind> flaw_of_buyer(std::string_view buyer) {
  if (buyer.empty() || buyer.size() > kMaxBuyerBytes) return FlawKind::wrong_byte_count;
  if (!is_printable(buyer)) return FlawKind::not_printable;
  return std::nullopt;
}

void read_key(const KnownField& header, const Given& member, sale::Key& key, Flaws& flaws) {
  constexpr std::string_view kHeader = "Idempotency-Key";
  if (header.count > 1) {
    add_flaw(flaws, header_flaw(FlawKind::repeated, kHeader));
  } else if (header.given()) {
    if (const auto kind = flaw_of_key(header.value)) {
      add_flaw(flaws, header_flaw(*kind, kHeader, std::to_string(kMaxKeyBytes)));
    } else {
      key.assign(header.value);
    }
  }
  if (!member.given()) return;
  if (const auto kind = flaw_of_key(member.value)) {
    add_flaw(flaws, member_flaw(*kind, member.name, std::to_string(kMaxKeyBytes)));
  } else if (header.given() && header.value != member.value) {
    add_flaw(flaws, member_flaw(FlawKind::keys_differ, member.name));
  } else {
    key.assign(member.value);
  }
}

void read_buyer_id(const KnownField& header, const Given& member, sale::BuyerId& buyer,
                   Flaws& flaws) {
  constexpr std::string_view kHeader = "X-Buyer-Id";
  if (header.count > 1) {
    add_flaw(flaws, header_flaw(FlawKind::repeated, kHeader));
  } else if (header.given()) {
    if (const auto kind = flaw_of_buyer(header.value)) {
      add_flaw(flaws, header_flaw(*kind, kHeader, std::to_string(kMaxBuyerBytes)));
    } else {
      buyer.assign(header.value);
    }
  }
  if (!member.given()) return;
  if (const auto kind = flaw_of_buyer(member.value)) {
    add_flaw(flaws, member_flaw(*kind, member.name, std::to_string(kMaxBuyerBytes)));
  } else if (header.given() && header.value != member.value) {
    add_flaw(flaws, member_flaw(FlawKind::buyers_differ, member.name, std::string(kHeader)));
  } else {
    buyer.assign(member.value);
  }
}

Unreadable no_buyer() { return {ProblemCode::unauthenticated, Remark::buyer_missing, {}}; }

}  // namespace

std::optional<Unreadable> parse_claim(const Call& call, bool draw_buyer,
                                      sale::ClaimUnits& command) {
  ClaimBody body;
  Flaws flaws;
  if (auto why = read_claim_body(call, draw_buyer, body, flaws)) return why;
  const KnownFields& fields = call.fields;
  const bool buyer_named = fields.buyer_id.given() || body.buyer.given();
  if (!buyer_named && call.caller == Caller::merchant) {
    return unreadable(member_flaw(FlawKind::missing, "buyer"));
  }
  if (!buyer_named && !draw_buyer) return no_buyer();
  // The usual case is without a flaw, and passes here without allocating.
  if (buyer_named) {
    read_buyer_id(fields.buyer_id, body.buyer, command.buyer, flaws);
  } else {
    command.buyer.assign(std::to_string(call.answer.desk().random_between(1, 10)));
  }
  if (fields.idempotency_key.given() || body.key.given()) {
    read_key(fields.idempotency_key, body.key, command.key, flaws);
  }
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  command.quantity = body.quantity;
  return std::nullopt;
}

std::optional<Unreadable> parse_buyer(const Call& call, sale::BuyerId& buyer) {
  if (!call.fields.buyer_id.given()) return no_buyer();
  Flaws flaws;
  read_buyer_id(call.fields.buyer_id, {}, buyer, flaws);
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

std::optional<Unreadable> parse_buyer_if_named(const Call& call, sale::BuyerId& buyer) {
  if (!call.fields.buyer_id.given()) return std::nullopt;
  return parse_buyer(call, buyer);
}

}  // namespace doorbuster::api
