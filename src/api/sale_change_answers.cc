// What a merchant does to a sale: patch, pause, resume, close, cancel, delete.

#include <memory>
#include <utility>

#include "api/answers.h"
#include "api/render.h"
#include "api/replies.h"
#include "api/sale_patch.h"
#include "api/text.h"
#include "base/check.h"

namespace doorbuster::api {
namespace {

// What is wrong with a change that is `invalid` only beside the sale as it is.
Flaw flaw_of(sale::SaleChange change) {
  switch (change) {
    case sale::SaleChange::stock_out_of_range:
      return member_flaw(FlawKind::out_of_unit_numbers, "stock");
    case sale::SaleChange::closes_in_the_past:
      return member_flaw(FlawKind::closes_in_the_past, "closes_at");
    case sale::SaleChange::closes_before_opening:
      return member_flaw(FlawKind::closes_before_opening, "closes_at");
    case sale::SaleChange::done:
    case sale::SaleChange::unchanged:
    case sale::SaleChange::version_mismatch:
    case sale::SaleChange::closed:
    case sale::SaleChange::already_open:
    case sale::SaleChange::stock_below_claimed:
      break;
  }
  CHECK(false);
}

// What stands in the way; `sale` is as it now is.
void refuse_change(Answer& answer, ProblemCode code, sale::SaleChange change,
                   const store::SaleView& sale) {
  answer.sale_sequence(sale.sequence);
  if (code == ProblemCode::invalid) return answer.invalid(flaw_of(change));
  if (code == ProblemCode::precondition_failed) etag_field(answer, sale);
  answer.start_problem(code, code == ProblemCode::closed ? Remark::closed_is_final : Remark::none);
  std::string& body = answer.body();
  append_sale_member(body, sale.definition->slug);
  if (code == ProblemCode::stock_below_claimed) {
    append_member(body, "held", sale.totals.held);
    append_member(body, "confirmed", sale.totals.confirmed);
    append_member(body, "available", sale.totals.available);
  }
  answer.finish_problem();
}

void answer_sale_change(Answer& answer, const store::SaleChangeReply& reply) {
  if (const auto code = problem_of(reply.change)) {
    return refuse_change(answer, *code, reply.change, reply.sale);
  }
  answer_sale(answer, reply.sale, 200);
}

void render_steered(Answer& answer, store::Reply& reply) {
  const auto* changed = std::get_if<store::SaleChangeReply>(&reply);
  if (changed == nullptr) return answer_without_result(answer, reply);
  answer_sale_change(answer, *changed);
}

void steer(Call& call, sale::SaleAction action) {
  call.answer.ask(sale::SteerSale{call.sale(), action}, render_steered);
}

void render_deleted(Answer& answer, store::Reply& reply) {
  const auto* changed = std::get_if<store::SaleChangeReply>(&reply);
  if (changed == nullptr) return answer_without_result(answer, reply);
  if (const auto code = problem_of(changed->change)) {
    return refuse_change(answer, *code, changed->change, changed->sale);
  }
  answer.sale_sequence(changed->sale.sequence);
  answer.send(204, {});
}

void render_patched(Answer& answer, store::Reply& reply);

// Merges the patch that is under way with `sale`, as it was just read, and asks for the change of
// exactly this version.
void patch_version(Answer& answer, const store::SaleView& sale) {
  const SalePatch& patch = *answer.exchange().patch;
  if (!patch.precondition.holds(sale.version)) {
    return refuse_change(answer, ProblemCode::precondition_failed,
                         sale::SaleChange::version_mismatch, sale);
  }
  auto changes = std::make_shared<sale::SaleChanges>();
  if (const auto flaw = merge(patch.members, *sale.definition, *changes)) {
    answer.sale_sequence(sale.sequence);
    return answer.invalid(*flaw);
  }
  // By its own slug: `goods` may name a newer round by then.
  answer.ask(sale::ChangeSale{sale::Slug(sale.definition->slug), sale.version, std::move(changes)},
             render_patched);
}

void render_patched(Answer& answer, store::Reply& reply) {
  const auto* changed = std::get_if<store::SaleChangeReply>(&reply);
  if (changed == nullptr) return answer_without_result(answer, reply);
  // Somebody else's change came between: what was merged is out of date, the patch may not be.
  if (changed->change == sale::SaleChange::version_mismatch) {
    return patch_version(answer, changed->sale);
  }
  answer_sale_change(answer, *changed);
}

void render_to_be_patched(Answer& answer, store::Reply& reply) {
  const auto* sale = std::get_if<store::SaleView>(&reply);
  if (sale == nullptr) return answer_without_result(answer, reply);
  patch_version(answer, *sale);
}

}  // namespace

void patch_sale(Call& call) {
  auto patch = std::make_shared<SalePatch>();
  if (const auto why = parse_sale_patch(call, *patch)) return answer_unreadable(call.answer, *why);
  call.answer.exchange().patch = std::move(patch);
  call.answer.ask(store::ReadSale{call.sale()}, render_to_be_patched);
}

void pause_sale(Call& call) { steer(call, sale::SaleAction::pause); }
void resume_sale(Call& call) { steer(call, sale::SaleAction::resume); }
void close_sale(Call& call) { steer(call, sale::SaleAction::close); }
void cancel_sale(Call& call) { steer(call, sale::SaleAction::cancel); }

void delete_sale(Call& call) { call.answer.ask(sale::DeleteSale{call.sale()}, render_deleted); }

}  // namespace doorbuster::api
