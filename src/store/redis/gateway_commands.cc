#include "store/redis/gateway_commands.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "sale/catalog.h"
#include "store/redis/catalog_keys.h"

namespace doorbuster::redis {
namespace {

// Rounds may follow each other, and others may settle what is due; not that often.
constexpr int kMostVainAttempts = 100;

Error not_understood(const std::string& what) {
  return {ErrorCode::storage_unavailable, "the server's answer is not understood: " + what};
}

}  // namespace

void Commands::run(const TaskPtr& task) {
  std::visit([this, &task](const auto& command) { run_one(task, command); }, task->command);
}

void Commands::again(const TaskPtr& task, sale::Sequence at) {
  if (goes_on(task, at)) run(task);
}

bool Commands::goes_on(const TaskPtr& task, sale::Sequence at) {
  if (std::exchange(task->settled, at) != at) task->vain_attempts = 0;
  if (++task->vain_attempts <= kMostVainAttempts) return true;
  finish(task, Error{ErrorCode::storage_unavailable, "asked too often in vain"});
  return false;
}

void Commands::finish(const TaskPtr& task, store::Reply reply) {
  gateway_.release(task->ticket, std::move(reply));
}

void Commands::with_place(const TaskPtr& task, const sale::Slug& slug,
                          std::function<void(const Place&)> go_on) {
  gateway_.find_place(slug, [this, task, go_on = std::move(go_on)](Result<Place> place) {
    if (!place) return finish(task, place.error());
    if (place->slug.empty()) return finish(task, store::NoSuchSale{});
    if (gateway_.rewound_.contains(place->slug)) {
      return finish(task, gateway_.rewound_error(place->slug));
    }
    go_on(*place);
  });
}

template <typename Answer>
void Commands::ask(const TaskPtr& task, const Place& place, const FunctionCall& call,
                   Reader<Answer> read, std::function<void(Answer)> decided) {
  ask_about<Answer>(task, place, call, read,
                    [this, place, decided = std::move(decided)](Answer answer) {
                      gateway_.note(place.slug, answer.at);
                      decided(std::move(answer));
                    });
}

template <typename Answer>
void Commands::ask_about(const TaskPtr& task, const Place& place, const FunctionCall& call,
                         Reader<Answer> read, std::function<void(Answer)> decided) {
  gateway_.send(
      place.slug, call,
      [this, task, place, read, decided = std::move(decided)](const Result<Reply>& reply) {
        if (!reply) return finish(task, reply.error());
        Result<Answer> answer = read(*reply);
        if (!answer) return finish(task, answer.error());
        switch (answer->verdict) {
          case CallVerdict::decided:
            return decided(std::move(*answer));
          case CallVerdict::again:
            return again(task, answer->at.sequence);
          case CallVerdict::due:
            return settle(task, place, [this, task] { run(task); });
          case CallVerdict::other_round:
            gateway_.follow_round(answer->newest_round);
            return again(task, answer->at.sequence);
          case CallVerdict::rewound:
            gateway_.freeze(place.slug);
            return finish(task, gateway_.rewound_error(place.slug));
          case CallVerdict::no_sale:
            return finish(task, store::NoSuchSale{});
          case CallVerdict::no_claim:
            gateway_.note(place.slug, answer->at);
            return finish(task, store::NoSuchClaim{answer->at.sequence});
        }
        CHECK(false);
      });
}

void Commands::settle(const TaskPtr& task, const Place& place, std::function<void()> go_on) {
  gateway_.send(place.slug, settle_call(called(place)),
                [this, task, go_on = std::move(go_on)](const Result<Reply>& reply) {
                  if (!reply) return finish(task, reply.error());
                  // What else it says, the next call will say too.
                  const Result<FunctionAnswer> answer = read_settle_reply(*reply);
                  if (!answer) return finish(task, answer.error());
                  if (goes_on(task, answer->at.sequence)) go_on();
                });
}

void Commands::register_slug(const TaskPtr& task, const std::string& slug,
                             std::function<void(sale::SaleOrdinal)> registered) {
  gateway_.caller_.send(
      kCatalogTag, {"FCALL", "doorbuster_register", "2", kOrdinalsKey, kSlugsKey, slug},
      [this, task, registered = std::move(registered)](const Result<Reply>& reply) {
        if (!reply) return finish(task, reply.error());
        if (!reply->is_integer() || reply->integer < 0 || reply->integer > 0xffffffff) {
          return finish(task, not_understood("no ordinal"));
        }
        registered({static_cast<std::uint32_t>(reply->integer)});
      });
}

// Claims

store::ClaimView Commands::view_of(const StoredSale& sale, const StoredClaim& claim) const {
  store::ClaimView view = claim.view;
  view.id = gateway_.claim_ids_.encode({sale.ordinal, claim.number});
  return view;
}

void Commands::run_one(const TaskPtr&, const sale::ClaimUnits&) { CHECK(false); }

void Commands::say_no_claim(const TaskPtr& task, const Place& place) {
  ask<ReadAnswer>(task, place, read_sale_call(called(place)), read_read_reply,
                  [this, task](const ReadAnswer& answer) {
                    finish(task, store::NoSuchClaim{answer.at.sequence});
                  });
}

template <typename Command, typename MakeCall>
void Commands::change_claim(const TaskPtr& task, const Command& command, MakeCall make_call) {
  with_place(task, command.sale, [this, task, &command, make_call](const Place& place) {
    const auto claim = gateway_.claim_ids_.decode(command.claim);
    if (!claim) return say_no_claim(task, place);
    ask<ClaimChangeAnswer>(
        task, place, make_call(called(place), *claim, command), read_claim_change_reply,
        [this, task, place](ClaimChangeAnswer answer) {
          store::ClaimChangeReply reply;
          reply.change = answer.change;
          reply.sale.assign(place.slug);
          reply.sequence = answer.at.sequence;
          reply.claim = std::move(answer.claim.view);
          reply.claim.id = gateway_.claim_ids_.encode({answer.ordinal, answer.claim.number});
          reply.max_extension_seconds = answer.max_extension_seconds;
          finish(task, std::move(reply));
        });
  });
}

void Commands::run_one(const TaskPtr& task, const store::ConfirmClaim& command) {
  change_claim(task, command, confirm_call);
}
void Commands::run_one(const TaskPtr& task, const store::ReleaseClaim& command) {
  change_claim(task, command, release_call);
}
void Commands::run_one(const TaskPtr& task, const store::ExtendClaim& command) {
  change_claim(task, command, extend_call);
}

// Sales

void Commands::run_one(const TaskPtr& task, const sale::CreateSale& command) {
  const Place place{command.definition->slug};
  if (gateway_.rewound_.contains(place.slug)) {
    return finish(task, gateway_.rewound_error(place.slug));
  }
  register_slug(task, place.slug, [this, task, place, &command](sale::SaleOrdinal ordinal) {
    ask<CreateAnswer>(
        task, place, publish_call(command, ordinal, known(place)), read_publish_reply,
        [this, task](CreateAnswer answer) {
          finish(task, store::CreateReply{answer.created, gateway_.view(std::move(answer.sale))});
        });
  });
}

void Commands::run_one(const TaskPtr& task, const sale::PublishRound& command) {
  gateway_.find_place(sale::Slug(sale::kRoundsSlug), [this, task, &command](Result<Place> before) {
    if (!before) return finish(task, before.error());
    if (gateway_.rewound_.contains(before->slug)) {
      return finish(task, gateway_.rewound_error(before->slug));
    }
    const std::uint32_t newest = before->slug.empty() ? 0 : sale::round_of(before->slug);
    const std::string next = sale::round_slug(newest + 1);
    register_slug(
        task, next,
        [this, task, &command, newest, next, before = before->slug](sale::SaleOrdinal ordinal) {
          // What is known, and may be rewound, is the round before.
          const Place place{newest > 0 ? before : next};
          const ChainPoint known_before = newest > 0 ? gateway_.known(before) : ChainPoint{};
          ask_about<CreateAnswer>(
              task, place, publish_round_call(command, newest, ordinal, known_before),
              read_publish_reply, [this, task, newest, next, before](CreateAnswer answer) {
                gateway_.newest_round_ = std::max(gateway_.newest_round_, newest + 1);
                gateway_.note(next, answer.at);
                if (newest > 0) gateway_.note(before, answer.before);
                finish(task,
                       store::CreateReply{answer.created, gateway_.view(std::move(answer.sale))});
              });
        });
  });
}

template <typename Command, typename MakeCall>
void Commands::change_sale(const TaskPtr& task, const Command& command, MakeCall make_call) {
  with_place(task, command.sale, [this, task, &command, make_call](const Place& place) {
    ask<SaleChangeAnswer>(task, place, make_call(called(place), command), read_sale_change_reply,
                          [this, task](SaleChangeAnswer answer) {
                            finish(task, store::SaleChangeReply{
                                             answer.change, gateway_.view(std::move(answer.sale))});
                          });
  });
}

void Commands::run_one(const TaskPtr& task, const sale::ChangeSale& command) {
  change_sale(task, command, change_call);
}
void Commands::run_one(const TaskPtr& task, const sale::SteerSale& command) {
  change_sale(task, command, steer_call);
}
void Commands::run_one(const TaskPtr& task, const sale::DeleteSale& command) {
  change_sale(task, command, delete_call);
}

// Reads

void Commands::run_one(const TaskPtr& task, const store::ReadSale& command) {
  with_place(task, command.sale, [this, task](const Place& place) {
    ask<ReadAnswer>(
        task, place, read_sale_call(called(place)), read_read_reply,
        [this, task](ReadAnswer answer) { finish(task, gateway_.view(std::move(answer.sale))); });
  });
}

void Commands::run_one(const TaskPtr& task, const store::ReadBuyerClaims& command) {
  with_place(task, command.sale, [this, task, &command](const Place& place) {
    ask<ReadAnswer>(task, place, read_buyer_call(called(place), command.buyer.view()),
                    read_read_reply, [this, task](ReadAnswer answer) {
                      store::ClaimsPage page;
                      for (const StoredClaim& claim : answer.claims) {
                        page.claims.push_back(view_of(answer.sale, claim));
                      }
                      std::reverse(page.claims.begin(), page.claims.end());
                      page.sale = gateway_.view(std::move(answer.sale));
                      finish(task, std::move(page));
                    });
  });
}

void Commands::run_one(const TaskPtr& task, const store::ReadClaim& command) {
  with_place(task, command.sale, [this, task, &command](const Place& place) {
    const auto claim = gateway_.claim_ids_.decode(command.claim);
    if (!claim) return say_no_claim(task, place);
    ask<ReadAnswer>(task, place, read_claim_call(called(place), *claim), read_read_reply,
                    [this, task](ReadAnswer answer) {
                      store::ClaimsPage page;
                      for (const StoredClaim& each : answer.claims) {
                        page.claims.push_back(view_of(answer.sale, each));
                      }
                      page.sale = gateway_.view(std::move(answer.sale));
                      finish(task, std::move(page));
                    });
  });
}

void Commands::run_one(const TaskPtr& task, const store::ListClaims& command) {
  with_place(task, command.sale, [this, task, &command](const Place& place) {
    list_from(task, place, std::make_shared<store::ClaimsPage>(), command.from);
  });
}

void Commands::list_from(const TaskPtr& task, const Place& place,
                         const std::shared_ptr<store::ClaimsPage>& page, std::uint32_t from) {
  const auto& command = std::get<store::ListClaims>(task->command);
  const auto left = command.limit - static_cast<std::uint32_t>(page->claims.size());
  const std::uint32_t most = std::min(left, kMaxListedPerCall);
  ask<ReadAnswer>(
      task, place, list_claims_call(called(place), from, most, command.below), read_read_reply,
      [this, task, place, page, from, most, &command](ReadAnswer answer) {
        for (const StoredClaim& claim : answer.claims) {
          page->claims.push_back(view_of(answer.sale, claim));
        }
        const std::uint32_t next = from + static_cast<std::uint32_t>(answer.claims.size());
        page->sale = gateway_.view(std::move(answer.sale));
        page->has_more = next < std::min(command.below, page->sale.claims);
        if (page->has_more && page->claims.size() < command.limit && answer.claims.size() == most) {
          return list_from(task, place, page, next);
        }
        finish(task, std::move(*page));
      });
}

void Commands::run_one(const TaskPtr& task, const store::ListSales& command) {
  list_sales_from(task, std::make_shared<store::SalesPage>(), command.from);
}

void Commands::list_sales_from(const TaskPtr& task, const std::shared_ptr<store::SalesPage>& page,
                               std::uint32_t from) {
  const auto& command = std::get<store::ListSales>(task->command);
  const std::uint64_t wanted = command.limit - page->sales.size();
  // One more than is wanted tells whether there is more.
  const std::string first = std::to_string(from);
  const std::string last = std::to_string(from + wanted);
  gateway_.caller_.send(kCatalogTag, {"LRANGE", kSlugsKey, first, last},
                        [this, task, page, from, wanted](const Result<Reply>& reply) {
                          if (!reply) return finish(task, reply.error());
                          if (!reply->is_array()) return finish(task, not_understood("no list"));
                          const auto slugs = std::make_shared<std::vector<std::string>>();
                          for (const Reply& item : reply->items) {
                            if (!item.is_text() || !sale::Slug::fits(item.text)) {
                              return finish(task, not_understood("no slug"));
                            }
                            slugs->push_back(item.text);
                          }
                          const bool more = slugs->size() > wanted;
                          if (more) slugs->pop_back();
                          read_listed(task, page, slugs, 0, from, more);
                        });
}

void Commands::read_listed(const TaskPtr& task, const std::shared_ptr<store::SalesPage>& page,
                           const std::shared_ptr<std::vector<std::string>>& slugs, std::size_t at,
                           std::uint32_t from, bool more) {
  const auto& command = std::get<store::ListSales>(task->command);
  if (at == slugs->size()) {
    page->next = from + static_cast<std::uint32_t>(at);
    page->has_more = more;
    // Deleted ones, and those that were never created, left room for others.
    if (more && page->sales.size() < command.limit) {
      return list_sales_from(task, page, page->next);
    }
    return finish(task, std::move(*page));
  }
  const Place place{(*slugs)[at]};
  const auto next = [this, task, page, slugs, at, from, more] {
    read_listed(task, page, slugs, at + 1, from, more);
  };
  // Of one that was rewound it is shown what there is, and nothing settled in it: it is for the
  // merchant to look at, and the others are none of it.
  static const ChainPoint nothing;
  const bool is_frozen = gateway_.rewound_.contains(place.slug);
  const CalledSale sale{place.slug, false, is_frozen ? nothing : known(place)};
  gateway_.send(place.slug, read_sale_call(sale),
                [this, task, page, slugs, at, from, more, place, next,
                 is_frozen](const Result<Reply>& reply) {
                  if (!reply) return finish(task, reply.error());
                  Result<ReadAnswer> answer = read_read_reply(*reply);
                  if (!answer) return finish(task, answer.error());
                  switch (answer->verdict) {
                    case CallVerdict::decided:
                      if (!is_frozen) gateway_.note(place.slug, answer->at);
                      page->sales.push_back(gateway_.view(std::move(answer->sale)));
                      return next();
                    case CallVerdict::due:
                    case CallVerdict::again:
                      if (is_frozen) return next();
                      return settle(task, place, [this, task, page, slugs, at, from, more] {
                        read_listed(task, page, slugs, at, from, more);
                      });
                    case CallVerdict::no_sale:
                    case CallVerdict::no_claim:
                    case CallVerdict::other_round:
                      return next();
                    case CallVerdict::rewound:
                      gateway_.freeze(place.slug);
                      return read_listed(task, page, slugs, at, from, more);
                  }
                  CHECK(false);
                });
}

}  // namespace doorbuster::redis
