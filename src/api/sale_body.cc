#include <utility>

#include "api/body_internal.h"
#include "api/sale_members.h"

namespace doorbuster::api {
namespace {

template <typename Member>
void assign(Member& member, std::optional<Member>& given) {
  if (given) member = std::move(*given);
}

// The definition that a body gives; what it leaves out has its default.
void define(SaleMembers& members, sale::SaleDefinition& sale) {
  assign(sale.slug, members.slug);
  assign(sale.title, members.changes.title);
  if (sale.title.empty()) sale.title.emplace_back("", sale.slug);
  assign(sale.stock, members.changes.stock);
  assign(sale.per_buyer_limit, members.changes.per_buyer_limit);
  assign(sale.hold_seconds, members.changes.hold_seconds);
  assign(sale.opens_at, members.changes.opens_at);
  assign(sale.closes_at, members.changes.closes_at);
  assign(sale.late_payment, members.changes.late_payment);
  assign(sale.claim_attempts, members.changes.claim_attempts);
  assign(sale.max_extension_seconds, members.changes.max_extension_seconds);
  assign(sale.archive_after_seconds, members.changes.archive_after_seconds);
  assign(sale.metadata, members.changes.metadata);
}

}  // namespace

std::optional<Unreadable> parse_sale(const Call& call, sale::SaleDefinition& sale) {
  Desk& desk = call.answer.desk();
  const MediaType type = media_type_of(call.fields.content_type);
  if (type != MediaType::json) {
    return Unreadable{ProblemCode::unsupported_media_type, Remark::needs_json, {}};
  }
  if (auto why = read_json_object(desk.json, call.request.body)) return why;
  SaleMembers members;
  Flaws flaws = read_sale_members(desk.json, SaleBody::definition, members);
  if (!members.slug) add_flaw(flaws, member_flaw(FlawKind::missing, "id"));
  if (!members.changes.stock) add_flaw(flaws, member_flaw(FlawKind::missing, "stock"));
  define(members, sale);
  if (sale.closes_at && sale.opens_at && *sale.closes_at <= *sale.opens_at) {
    add_flaw(flaws, member_flaw(FlawKind::closes_before_opening, "closes_at"));
  }
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

}  // namespace doorbuster::api
