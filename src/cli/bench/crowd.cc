#include "cli/bench/crowd.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "cli/bench/nanoseconds.h"

namespace doorbuster::bench {
namespace {

using cli::BenchMix;

constexpr std::int64_t kAfterglow =
    3 * kSecond;  // those who come again may, so long after the curve
constexpr std::uint8_t kTriesWhenLost = 5;
constexpr std::uint8_t kTriesWhenBusy = 3;
constexpr std::uint64_t kImpatient = 20;  // every twentieth taps twice
constexpr std::uint64_t kStubborn = 5;    // every fifth does not believe the first "sold out"

// Between two moments, by `dice`.
std::int64_t between(std::int64_t least, std::int64_t most, std::uint64_t dice) {
  return least +
         static_cast<std::int64_t>(scattered_share(dice) * static_cast<double>(most - least));
}

// Nothing was decided: the server, or what stands before it, has too much to do.
bool is_turned_away(int status) { return status == 429 || (status >= 502 && status <= 504); }

// All requests will be answered so.
bool is_hopeless(int status) { return status == 401 || status == 403 || status == 404; }

bool behaves_like_people(BenchMix mix) { return mix == BenchMix::sale || mix == BenchMix::holds; }

std::string_view code_of(const Answer& answer) {
  ClaimMembers problem;
  return scan_claim(answer.body, problem) && !problem.code.empty() ? problem.code : "no-code";
}

}  // namespace

Crowd::Crowd(const Plan& plan, std::int64_t first, std::int64_t opening, Ledger& ledger,
             Tally& tally)
    : plan_(plan),
      arrivals_(plan.arrival, plan.arrivals, plan.duration),
      first_(first),
      opening_(opening),
      end_(first + plan.duration.count()),
      ledger_(ledger),
      tally_(tally) {
  if (plan_.arrivals > 0) next_arrival_ = first_ + arrivals_.time_of(0).count();
  find_next();
}

void Crowd::find_next() {
  next_due_ = next_arrival_;
  if (!intentions_.empty()) next_due_ = std::min(next_due_, intentions_.top().due);
}

Request Crowd::take() {
  DCHECK(!is_over());
  Request request;
  if (!intentions_.empty() && intentions_.top().due == next_due_) {
    request = intentions_.top();
    intentions_.pop();
  } else {
    request.due = next_arrival_;
    request.buyer = buyer_of(plan_, come_);
    request.is_again = plan_.mix == BenchMix::duplicates && come_ % kRequestsOfADuplicator != 0;
    ++come_;
    const bool is_last = come_ == plan_.arrivals;
    next_arrival_ = is_last ? kNobody : first_ + arrivals_.time_of(come_).count();
    if (plan_.mix == BenchMix::sale && scattered(request.buyer) % kImpatient == 0) {
      come_again(request, request.due + between(0, 60 * kMillisecond, ++dice_));
    }
  }
  find_next();
  if (request.act != Act::claim) ledger_.doubt(request.claim);
  ++tally_.sent;
  if (request.is_again) ++tally_.asked_again;
  return request;
}

void Crowd::come_again(Request request, std::int64_t due) {
  if (has_stopped_ || due > end_ + kAfterglow) return;
  request.due = due;
  request.is_again = request.act == Act::claim || request.tries > 0;
  intentions_.push(request);
  next_due_ = std::min(next_due_, due);
}

void Crowd::answered(const Request& request, const Answer& answer, std::int64_t now) {
  tally_.answer_at(now - first_);
  if (is_turned_away(answer.status)) {
    tally_.turned_away.add(code_of(answer));
    tally_.busy.add(Histogram::Nanoseconds(now - request.due));
    if (!behaves_like_people(plan_.mix) || request.tries >= kTriesWhenBusy) return;
    Request again = request;
    ++again.tries;
    const std::int64_t wait = std::int64_t{answer.retry_after_seconds} * kSecond;
    return come_again(again, now + wait + between(0, kSecond, ++dice_));
  }
  request.act == Act::claim ? claim_answered(request, answer, now)
                            : end_answered(request, answer, now);
}

void Crowd::claim_answered(const Request& request, const Answer& answer, std::int64_t now) {
  const Histogram::Nanoseconds took(now - request.due);
  if (answer.status == 201 || answer.status == 200) {
    const auto claim = ledger_.acknowledge(request.buyer, answer.body, now);
    const bool is_new = answer.status == 201;
    ++(is_new ? tally_.granted : tally_.known);
    (is_new ? tally_.wins : tally_.repeats).add(took);
    if (is_new) tally_.last_grant = now;
    if (claim && is_new) decide_on_hold(*claim, now);
  } else if (answer.status == 409) {
    tally_.refusals.add(took);
    refused(request, answer, now);
  } else {
    tally_.errors.add(std::to_string(answer.status) + " " + std::string(code_of(answer)));
    if (is_hopeless(answer.status)) hopeless_ = answer.status;
  }
}

void Crowd::refused(const Request& request, const Answer& answer, std::int64_t now) {
  const std::string_view code = code_of(answer);
  tally_.refused.add(code);
  if (code == "sold-out") {
    ledger_.told_sold_out();
    if (tally_.first_sold_out == 0) tally_.first_sold_out = now;
  }
  if (!behaves_like_people(plan_.mix)) return;
  Request again = request;
  ++again.tries;
  if (code == "not-open" || code == "paused") {
    // He waits for the opening with his finger on the button.
    const std::int64_t opening = std::max(opening_, now + 50 * kMillisecond);
    come_again(again, opening + between(0, 200 * kMillisecond, ++dice_));
  } else if (code == "sold-out" && request.tries == 0 &&
             scattered(request.buyer + 1) % kStubborn == 0) {
    come_again(again, now + between(kSecond / 2, 2 * kSecond, ++dice_));
  }
}

// Most pay, some think better of it, some forget.
void Crowd::decide_on_hold(ClaimNumber claim, std::int64_t now) {
  const Acknowledged& held = ledger_.claim(claim);
  if (!behaves_like_people(plan_.mix) || held.state != ClaimState::held) return;
  const double mind = scattered_share(held.buyer + 2);
  if (mind >= 0.9) return;
  Request request;
  request.buyer = held.buyer;
  request.claim = claim;
  request.act = mind < 0.7 ? Act::confirm : Act::release;
  come_again(request, now + between(50 * kMillisecond, kSecond, ++dice_));
}

void Crowd::end_answered(const Request& request, const Answer& answer, std::int64_t now) {
  tally_.ends.add(Histogram::Nanoseconds(now - request.due));
  if (answer.status == 200) {
    const bool is_confirmed = request.act == Act::confirm;
    ++(is_confirmed ? tally_.confirmed : tally_.released);
    ledger_.acknowledge_end(request.claim,
                            is_confirmed ? ClaimState::confirmed : ClaimState::released);
  } else if (answer.status == 409) {
    tally_.refused.add(code_of(answer));
  } else {
    tally_.errors.add(std::to_string(answer.status) + " " + std::string(code_of(answer)));
  }
}

void Crowd::lost(const Request& request, std::int64_t now) {
  ++tally_.lost;
  if (request.act == Act::claim) ledger_.lose(request.buyer);
  if (request.tries >= kTriesWhenLost) return;
  Request again = request;
  ++again.tries;
  const std::int64_t wait = (100 * kMillisecond) << request.tries;
  come_again(again, now + between(wait / 2, wait, ++dice_));
}

void Crowd::stop(std::int64_t now) {
  // The first that had not come yet.
  std::uint64_t from = come_;
  std::uint64_t to = plan_.arrivals;
  while (from < to) {
    const std::uint64_t middle = from + (to - from) / 2;
    first_ + arrivals_.time_of(middle).count() <= now ? from = middle + 1 : to = middle;
  }
  if (next_arrival_ != kNobody) tally_.never_sent += from - come_;
  for (; !intentions_.empty() && intentions_.top().due <= now; intentions_.pop()) {
    ++tally_.never_sent;
  }
  has_stopped_ = true;
  intentions_ = {};
  next_arrival_ = kNobody;
  next_due_ = kNobody;
}

}  // namespace doorbuster::bench
