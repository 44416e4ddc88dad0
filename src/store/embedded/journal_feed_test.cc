// The embedded engine's feed on its thread: what is asked is answered once, with what is durable.
#include "store/embedded/journal_feed.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "store/embedded/running_store_test.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using store::EventsReply;
using store::EventsWanted;

// What is kept of a reply, whose views end with the call.
struct Answered {
  std::size_t kind = 0;  // the reply's index
  std::vector<std::string> ids;
  std::vector<std::string> types;
  std::vector<std::string> slugs;
  std::string next;
  bool has_more = false;
};
constexpr std::size_t kRead = 0;
constexpr std::size_t kNoSuchSale = 1;
constexpr std::size_t kNoSuchCursor = 2;
constexpr std::size_t kExpired = 3;
constexpr std::size_t kFailed = 4;

class Feed : public testing::TestWithParam<bool> {
 protected:
  Feed() {
    std::string pattern = std::filesystem::temp_directory_path() / "doorbuster-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    open();
  }
  ~Feed() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open(const SnapshotOptions& snapshots = {.segments = 0}) {
    store_.reset();
    store_ = std::make_unique<RunningStore>(directory_ + "/data", snapshots, GetParam());
  }
  void open_sale(const std::string& slug, std::uint32_t hold_seconds = 0) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = 10'000;
    definition->hold_seconds = hold_seconds;
    store_->ask(sale::CreateSale{definition});
  }
  store::Reply claim(const std::string& slug, const std::string& buyer) {
    return store_->ask(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}});
  }
  std::future<Answered> ask(const EventsWanted& wanted) {
    auto promise = std::make_shared<std::promise<Answered>>();
    auto answered = promise->get_future();
    CHECK(store_->events().read(wanted, [promise](EventsReply& reply) {
      Answered out;
      out.kind = reply.index();
      if (const auto* read = std::get_if<store::EventsRead>(&reply)) {
        for (const store::FeedEvent& event : read->events) {
          out.ids.emplace_back(event.id.view());
          out.types.emplace_back(type_name(event.event));
          out.slugs.emplace_back(event.slug);
        }
        out.next = read->next.view();
        out.has_more = read->has_more;
      }
      if (const auto* expired = std::get_if<store::CursorExpired>(&reply)) {
        out.next = expired->oldest.view();
      }
      promise->set_value(std::move(out));
    }));
    return answered;
  }
  Answered read(std::string_view after, std::string_view sale = "", std::uint32_t most = 1000) {
    return ask({store::Cursor(after), sale::Slug(sale), most, 0ms}).get();
  }

  std::string directory_;
  std::unique_ptr<RunningStore> store_;
};

TEST_P(Feed, WhatWasAnsweredIsThere) {
  open_sale("demo");
  claim("demo", "ann");
  const Answered all = read("");
  EXPECT_EQ(all.types,
            (std::vector<std::string>{"doorbuster.sale.created", "doorbuster.sale.opened",
                                      "doorbuster.claim.confirmed"}));
  EXPECT_EQ(all.ids, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(all.next, "3");
  EXPECT_FALSE(all.has_more);
  EXPECT_TRUE(read("3").ids.empty());
  EXPECT_EQ(read("3").next, "3");
  EXPECT_EQ(read("0").ids, all.ids);
  EXPECT_EQ(read("", "", 2).ids.size(), 2U);
  EXPECT_TRUE(read("", "", 2).has_more);
}

TEST_P(Feed, WhoWaitsIsToldOfTheNextOne) {
  open_sale("demo");
  auto next = ask({store::Cursor("latest"), {}, 10, 60s});
  auto of_another = ask({store::Cursor("2"), sale::Slug("demo"), 10, 60s});
  claim("demo", "ann");
  EXPECT_EQ(next.get().ids, std::vector<std::string>{"3"});
  EXPECT_EQ(of_another.get().ids, std::vector<std::string>{"3"});
}

TEST_P(Feed, WhoWaitsForOneSaleIsNotToldOfOthers) {
  open_sale("demo");
  open_sale("other");
  auto next = ask({store::Cursor("latest"), sale::Slug("other"), 10, 60s});
  for (int i = 0; i < 20; ++i) claim("demo", std::to_string(i));
  claim("other", "ann");
  EXPECT_EQ(next.get().slugs, std::vector<std::string>{"other"});
}

TEST_P(Feed, AWaitForNothingEndsWithWhereToGoOn) {
  open_sale("demo");
  open_sale("other");
  claim("demo", "ann");
  const Answered nothing = ask({store::Cursor("4"), sale::Slug("other"), 10, 20ms}).get();
  EXPECT_EQ(nothing.kind, kRead);
  EXPECT_TRUE(nothing.ids.empty());
  EXPECT_EQ(nothing.next, "5");
}

TEST_P(Feed, WhatIsNoCursorAndNoSaleIsSaidSo) {
  open_sale("demo");
  for (const char* cursor : {"3", "x", "-1", "1x", " 1", "18446744073709551616"}) {
    EXPECT_EQ(read(cursor).kind, kNoSuchCursor) << cursor;
  }
  EXPECT_EQ(read("", "nowhere").kind, kNoSuchSale);
}

TEST_P(Feed, DamageIsToldToWhoComesToIt) {
  open_sale("demo");
  claim("demo", "ann");
  EXPECT_EQ(read("").kind, kRead);
  const std::string path = directory_ + "/data/journal/" + segment_name(1);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(2 * kBlockBytes + kGroupHeaderBytes + 3);
  file.put('x');
  file.close();
  EXPECT_EQ(read("").kind, kFailed);
  EXPECT_EQ(read("2").kind, kFailed);
  EXPECT_EQ(read("3").kind, kRead);
}

TEST_P(Feed, MoreReadersThanItCanHaveAreTurnedAway) {
  open_sale("demo");
  const EventsWanted wait{store::Cursor("latest"), {}, 10, 60s};
  int waiting = 0;
  std::atomic<int> told = 0;
  while (waiting < 100'000 && store_->events().read(wait, [&](EventsReply&) { ++told; })) {
    ++waiting;
  }
  EXPECT_EQ(waiting, 4096);
  claim("demo", "ann");
  // Each is told, and there is room again.
  while (told < waiting) std::this_thread::yield();
  EXPECT_EQ(read("").kind, kRead);
}

TEST_P(Feed, TheSameIsReadAfterARestart) {
  open_sale("demo", 600);
  for (int i = 0; i < 50; ++i) claim("demo", std::to_string(i));
  const Answered before = read("");
  open();
  const Answered after = read("");
  EXPECT_EQ(after.ids, before.ids);
  EXPECT_EQ(after.types, before.types);
  claim("demo", "later");
  EXPECT_EQ(read("").ids.size(), before.ids.size() + 1);
  EXPECT_EQ(read("", "demo").slugs.front(), "demo");
}

TEST_P(Feed, WhatBecameOfAnArchivedAndDeletedSaleIsToldAsBefore) {
  const SnapshotOptions often{.segments = 1, .archive_pause = 0ms};
  open(often);
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "short";
  definition->stock = 10;
  definition->archive_after_seconds = 1;
  store_->ask(sale::CreateSale{definition});
  claim("short", "ann");
  store_->ask(sale::SteerSale{sale::Slug("short"), sale::SaleAction::close});
  open_sale("other");
  const Answered before = read("", "short");
  EXPECT_EQ(before.ids.size(), 4U);
  store_->clock().advance(2s);
  // Once it is archived, it can be deleted.
  bool deleted = false;
  for (int tries = 0; !deleted && tries < 5000; ++tries) {
    claim("other", std::to_string(tries));
    const auto reply = store_->ask(sale::DeleteSale{sale::Slug("short")});
    deleted = std::get<store::SaleChangeReply>(reply).change == sale::SaleChange::done;
  }
  ASSERT_TRUE(deleted);
  for (int starts = 0; starts < 2; ++starts) {
    const Answered after = read("", "short");
    ASSERT_EQ(after.ids.size(), 5U);
    EXPECT_TRUE(std::equal(before.ids.begin(), before.ids.end(), after.ids.begin()));
    EXPECT_EQ(after.types.back(), "doorbuster.sale.deleted");
    EXPECT_EQ(after.slugs.back(), "short");
    open(often);
  }
}

TEST_P(Feed, WhatRetentionHasRemovedIsExpired) {
  open({.segments = 1, .retain_bytes = 0});
  open_sale("demo");
  int buyers = 0;
  const auto fill = [&] { claim("demo", std::to_string(buyers++)); };
  while (read("1", "", 1).kind == kRead && buyers < 10'000) fill();
  const Answered expired = read("1");
  ASSERT_EQ(expired.kind, kExpired);
  const Answered oldest = read(expired.next, "", 1);
  ASSERT_EQ(oldest.kind, kRead);
  EXPECT_EQ(read("", "", 1).ids, oldest.ids);
}

TEST_P(Feed, APageOfVeryManyUnitsIsCutShortAndGoesOn) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "large";
  definition->stock = 1'000'000;
  definition->per_buyer_limit = 1000;
  store_->ask(sale::CreateSale{definition});
  constexpr std::size_t kClaims = 250;  // of a thousand units: some 10 KB each as JSON
  for (std::size_t i = 0; i < kClaims; ++i) {
    store_->ask(sale::ClaimUnits{sale::Slug("large"), sale::BuyerId(std::to_string(i)), 1000, {}});
  }
  std::vector<std::string> ids;
  std::string after;
  for (Answered page; ids.empty() || page.has_more; after = page.next) {
    page = read(after);
    ASSERT_LT(page.ids.size(), 110U);
    ids.insert(ids.end(), page.ids.begin(), page.ids.end());
  }
  ASSERT_EQ(ids.size(), kClaims + 2);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], std::to_string(i + 1));
}

TEST_P(Feed, WhoKeepsWaitingMissesNothing) {
  open_sale("demo");
  std::vector<std::string> ids;
  std::string after = "2";
  for (int i = 0; i < 30; ++i) {
    auto next = ask({store::Cursor(after), {}, 10, 60s});
    claim("demo", std::to_string(i));
    const Answered told = next.get();
    ids.insert(ids.end(), told.ids.begin(), told.ids.end());
    after = told.next;
  }
  ASSERT_EQ(ids.size(), 30U);
  EXPECT_EQ(ids.back(), "32");
}

TEST_P(Feed, AStoreThatIsClosedDropsThoseWhoWait) {
  open_sale("demo");
  auto never = ask({store::Cursor("latest"), {}, 10, 600s});
  store_.reset();
  EXPECT_THROW(never.get(), std::future_error);  // the promise went without a value
}

INSTANTIATE_TEST_SUITE_P(Embedded, Feed, testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "threaded" : "driven";
});

}  // namespace
}  // namespace doorbuster::embedded
