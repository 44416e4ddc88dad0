// Events read back while the journal is written: everything durable, in order, the same bytes each
// time, whatever is made ahead, torn, removed or damaged.
#include "store/embedded/event_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "sale/event_codec.h"
#include "sim/simulated_engine.h"
#include "store/embedded/snapshot.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {
namespace {

using simulation::kGoOn;
using simulation::SimulatedEngine;

// An engine whose segments hold some fifty groups.
class ReadingEvents : public testing::Test {
 protected:
  ReadingEvents() : engine_(11, {.segment_bytes = 208 * 1024, .max_group_bytes = 192 * 1024}) {
    EXPECT_TRUE(engine_.start().ok());
    open_sale("demo");
    open_sale("other");
  }

  void open_sale(const std::string& slug) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = 10'000;
    engine_.ask(sale::CreateSale{definition});
  }
  // Each in a group of its own.
  void claim(int from, int to, const std::string& slug = "demo") {
    for (int i = from; i < to; ++i) {
      engine_.ask(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId("buyer-" + std::to_string(i)), 1,
                                   sale::Key("")});
    }
  }
  std::uint64_t head() { return engine_.engine().durable_head().position(); }
  EventReader reader() {
    return {engine_.files(), "data/journal", read_identity(engine_.files(), "data")->incarnation};
  }
  // All from behind `after` on, page by page; the position and the bytes of each.
  using Events = std::vector<std::pair<std::uint64_t, std::vector<std::byte>>>;
  Events read_all(EventReader& reader, std::optional<std::uint64_t> after, std::size_t most = 7,
                  std::optional<sale::SaleOrdinal> sale = {}) {
    Events events;
    EventRange range{after, head(), sale, most};
    while (true) {
      const auto page = reader.read(range);
      EXPECT_TRUE(page.ok()) << page.error().message;
      if (!page.ok()) return events;
      EXPECT_FALSE(page->expired) << *page->expired;
      EXPECT_LE(page->events.size(), most);
      for (const EventPage::Event& event : page->events) {
        const auto bytes = page->bytes_of(event);
        events.emplace_back(event.position, std::vector<std::byte>(bytes.begin(), bytes.end()));
        EXPECT_TRUE(sale::decode(event.sale, bytes).ok());
      }
      if (page->expired || !page->has_more) return events;
      range.after = page->next;
    }
  }
  static bool is_whole(const Events& events, std::uint64_t first, std::uint64_t last) {
    for (const auto& event : events) {
      if (event.first != first++) return false;
    }
    return first == last + 1;
  }
  std::vector<std::string> segments() { return *engine_.files().list("data/journal"); }
  void take_snapshot_that_keeps(std::uint64_t bytes) {
    std::uint64_t last = 0;
    for (const std::string& name : segments()) {
      const auto content = *engine_.files().contents("data/journal/" + name);
      if (decode_segment_header(std::span(content).first(kBlockBytes)).ok()) {
        last = *segment_number(name);
      }
    }
    const SnapshotTask task{
        "data", *read_identity(engine_.files(), "data"), {.retain_bytes = bytes}, last - 1, 1};
    ASSERT_TRUE(take_snapshot(engine_.files(), task, kGoOn).ok());
  }

  SimulatedEngine engine_;
};

TEST_F(ReadingEvents, AnEmptyJournalHasNone) {
  SimulatedEngine fresh(3);
  ASSERT_TRUE(fresh.start().ok());
  EXPECT_EQ(fresh.engine().durable_head().position(), 0U);
  EventReader reader(fresh.files(), "data/journal",
                     read_identity(fresh.files(), "data")->incarnation);
  const auto page = reader.read({{}, 0, {}, 10});
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->events.empty());
  EXPECT_FALSE(page->has_more);
}

TEST_F(ReadingEvents, EveryOneIsReadOnceInOrderWhateverTheSizeOfThePages) {
  claim(0, 180);
  const std::uint64_t last = head();
  ASSERT_GT(last, 180U);
  ASSERT_GT(segments().size(), 3U);
  EventReader paging = reader();
  const Events all = read_all(paging, std::nullopt);
  EXPECT_TRUE(is_whole(all, 1, last));
  for (const std::size_t most : {1U, 3U, 100U, 1000U}) {
    EventReader other = reader();
    EXPECT_EQ(read_all(other, std::nullopt, most), all) << most;
    EXPECT_EQ(read_all(paging, std::nullopt, most), all) << most;
  }
}

TEST_F(ReadingEvents, FromAnyCursorWhatFollowsItIsRead) {
  claim(0, 120);
  EventReader used = reader();
  for (std::uint64_t after = 0; after <= head(); ++after) {
    EXPECT_TRUE(is_whole(read_all(used, after, 50), after + 1, head())) << after;
    EventReader fresh = reader();
    EXPECT_TRUE(is_whole(read_all(fresh, after, 1000), after + 1, head())) << after;
  }
}

TEST_F(ReadingEvents, WhatIsWrittenMeanwhileIsReadOn) {
  EventReader tail = reader();
  Events seen = read_all(tail, std::nullopt);
  for (int i = 0; i < 150; ++i) {
    claim(i, i + 1);
    for (auto& event : read_all(tail, seen.back().first)) seen.push_back(std::move(event));
  }
  EXPECT_TRUE(is_whole(seen, 1, head()));
  EventReader fresh = reader();
  EXPECT_EQ(read_all(fresh, std::nullopt), seen);
}

TEST_F(ReadingEvents, NothingThatIsNotDurableIsLookedAt) {
  claim(0, 3);
  const std::uint64_t durable = head();
  // Decided and perhaps written, and not synced.
  engine_.submit(sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId("late"), 1, sale::Key("")});
  EXPECT_EQ(head(), durable);
  EventReader tail = reader();
  EXPECT_TRUE(is_whole(read_all(tail, std::nullopt), 1, durable));
  engine_.settle();
  EXPECT_TRUE(is_whole(read_all(tail, durable), durable + 1, head()));
  EXPECT_GT(head(), durable);
}

TEST_F(ReadingEvents, OneSalesOwnArePickedOut) {
  claim(0, 60);
  claim(0, 5, "other");
  claim(60, 120);
  EventReader filtering = reader();
  const Events others = read_all(filtering, std::nullopt, 2, sale::SaleOrdinal{1});
  EXPECT_EQ(others.size(), 2 + 5U);  // created, opened
  for (const auto& [position, bytes] : others) {
    const auto event = sale::decode({1}, bytes);
    ASSERT_TRUE(event.ok());
  }
  EXPECT_EQ(read_all(filtering, std::nullopt, 100, sale::SaleOrdinal{0}).size() + others.size(),
            head());
}

TEST_F(ReadingEvents, TheyAreTheSameAfterARestartACrashAndASnapshot) {
  claim(0, 120);
  EventReader before = reader();
  const Events all = read_all(before, std::nullopt);
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.start().ok());
  EventReader restarted = reader();
  EXPECT_EQ(read_all(restarted, std::nullopt), all);
  take_snapshot_that_keeps(std::uint64_t{1} << 30);
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  claim(120, 130);
  EventReader later = reader();
  Events then = read_all(later, std::nullopt);
  EXPECT_TRUE(is_whole(then, 1, head()));
  then.resize(all.size());
  EXPECT_EQ(then, all);
}

TEST_F(ReadingEvents, WhatIsNotKeptAnyMoreIsSaidToHaveExpired) {
  claim(0, 200);
  EventReader behind = reader();
  const auto first = behind.read({{}, head(), {}, 5});
  ASSERT_TRUE(first.ok());
  behind.rest();
  take_snapshot_that_keeps(0);
  ASSERT_GT(*segment_number(segments().front()), 2U);
  const auto gone = behind.read({first->next, head(), {}, 5});
  ASSERT_TRUE(gone.ok()) << gone.error().message;
  ASSERT_TRUE(gone->expired);
  const std::uint64_t oldest = *gone->expired;
  EXPECT_TRUE(is_whole(read_all(behind, oldest), oldest + 1, head()));
  EXPECT_TRUE(is_whole(read_all(behind, std::nullopt), oldest + 1, head()));
  EventReader fresh = reader();
  EXPECT_TRUE(fresh.read({oldest - 1, head(), {}, 5})->expired);
  EXPECT_FALSE(fresh.read({oldest, head(), {}, 5})->expired);
}

TEST_F(ReadingEvents, DamageIsNamedAndWhatIsBeforeItIsRead) {
  claim(0, 60);
  const std::string path = "data/journal/" + segments().front();
  auto bytes = *engine_.files().contents(path);
  auto file = engine_.files().open(path, OpenMode::read_write);
  ASSERT_TRUE(file.ok());
  std::vector<std::byte> block(bytes.begin() + 10 * kBlockBytes, bytes.begin() + 11 * kBlockBytes);
  block[kGroupHeaderBytes + 3] ^= std::byte{1};
  ASSERT_TRUE((*file)->write_at(10 * kBlockBytes, block).ok());
  EventReader meeting = reader();
  EventRange range{{}, head(), {}, 1};
  std::uint64_t read = 0;
  while (true) {
    const auto page = meeting.read(range);
    if (!page.ok()) {
      EXPECT_EQ(page.error().code, ErrorCode::data_damaged);
      EXPECT_NE(page.error().message.find(path + ", offset 40960"), std::string::npos)
          << page.error().message;
      break;
    }
    ++read;
    range.after = page->next;
  }
  EXPECT_GT(read, 5U);
  EXPECT_LT(read, 15U);
}

TEST_F(ReadingEvents, AFaultOfTheDiskIsToldAndTheNextReadingGoesOn) {
  claim(0, 120);
  const StoreIdentity identity = *read_identity(engine_.files(), "data");
  for (const std::optional<std::uint64_t> after : {std::optional<std::uint64_t>(), {70}}) {
    bool struck = true;
    for (std::uint64_t k = 1; struck; ++k) {
      const auto files = engine_.files().clone();
      files->fail_operation(k, false);
      EventReader meeting(*files, "data/journal", identity.incarnation);
      EventRange range{after, head(), {}, 30};
      int faults = 0;
      for (bool has_more = true; has_more;) {
        const auto page = meeting.read(range);
        if (page.ok()) {
          range.after = page->next;
          has_more = page->has_more;
          continue;
        }
        ASSERT_EQ(page.error().code, ErrorCode::io_failed) << page.error().message;
        ASSERT_EQ(++faults, 1) << k;
      }
      EXPECT_EQ(range.after, head());
      struck = faults > 0;
    }
  }
}

// What is read from `after` on until something is wrong; what that is, and else nothing.
std::string words_of(EventReader& reader, std::optional<std::uint64_t> after, std::uint64_t head,
                     std::uint64_t& read) {
  EventRange range{after, head, {}, 50};
  while (true) {
    const auto page = reader.read(range);
    if (!page.ok()) {
      EXPECT_EQ(page.error().code, ErrorCode::data_damaged) << page.error().message;
      return page.error().message;
    }
    if (page->expired) return "expired";
    read += page->events.size();
    range.after = page->next;
    if (!page->has_more) return "";
  }
}

TEST_F(ReadingEvents, BlocksThatAreNotWhatTheyWereAreNamedOrDoNotMatter) {
  claim(0, 120);
  const auto names = segments();
  for (std::size_t segment = 0; segment < names.size(); ++segment) {
    const std::string path = "data/journal/" + names[segment];
    const std::string other = "data/journal/" + names[segment == 0 ? 1 : 0];
    const auto bytes = *engine_.files().contents(path);
    const auto others = *engine_.files().contents(other);
    for (std::size_t at = 0; at + 2 * kBlockBytes <= bytes.size(); at += kBlockBytes) {
      const auto block = [&](const std::vector<std::byte>& from, std::size_t offset) {
        return std::span(from).subspan(offset, kBlockBytes);
      };
      const std::vector<std::byte> zeros(kBlockBytes);
      for (const auto& put : {block(zeros, 0), block(bytes, at + kBlockBytes), block(others, at)}) {
        auto changed = bytes;
        std::ranges::copy(put, changed.begin() + static_cast<std::ptrdiff_t>(at));
        const auto files = engine_.files().clone();
        files->put_file(path, changed);
        for (const std::optional<std::uint64_t> after : {std::optional<std::uint64_t>(), {0}}) {
          EventReader meeting(*files, "data/journal", read_identity(*files, "data")->incarnation);
          std::uint64_t read = 0;
          const std::string words = words_of(meeting, after, head(), read);
          EXPECT_EQ(words.empty(), read == head()) << path << ", offset " << at << ": " << words;
          EXPECT_TRUE(words.empty() || words.find("data/journal/") != std::string::npos) << words;
        }
      }
    }
  }
}

TEST_F(ReadingEvents, ASegmentThatIsMissingOrCutShortIsNamed) {
  claim(0, 120);
  const auto names = segments();
  const auto words_without =
      [&](const std::function<void(simulation::SimulatedFileSystem&)>& harm) {
        const auto files = engine_.files().clone();
        harm(*files);
        EventReader meeting(*files, "data/journal", read_identity(*files, "data")->incarnation);
        std::uint64_t read = 0;
        return words_of(meeting, 0, head(), read);
      };
  EXPECT_NE(words_without([&](auto& files) {
              files.erase("data/journal/" + names[1]);
            }).find("data/journal/" + names[1]),
            std::string::npos);
  EXPECT_NE(words_without([&](auto& files) {
              files.truncate("data/journal/" + names[1], 3 * kBlockBytes);
            }).find("what is durable cannot be read"),
            std::string::npos);
  EXPECT_EQ(words_without([&](auto& files) {
              for (const std::string& name : names) files.erase("data/journal/" + name);
            }),
            "data/journal: the journal's segments are missing");
}

// A group of many events takes several blocks.
TEST_F(ReadingEvents, AGroupThatIsCutShortIsNamed) {
  for (int i = 0; i < 400; ++i) {
    engine_.submit(sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId(std::to_string(i)), 1, {}});
  }
  engine_.settle();
  const std::string path = "data/journal/" + segments().front();
  const auto bytes = *engine_.files().contents(path);
  std::uint64_t last = 0;
  for (std::uint64_t at = kBlockBytes; at < bytes.size(); at += kBlockBytes) {
    if (decode_group(std::span(bytes).subspan(at))) last = at;
  }
  ASSERT_TRUE(engine_.files().truncate(path, last + kBlockBytes));
  EventReader meeting = reader();
  std::uint64_t read = 0;
  EXPECT_NE(words_of(meeting, 0, head(), read).find("beyond the end of its segment"),
            std::string::npos);
}

TEST_F(ReadingEvents, AWholeGroupOfWhatAreNoRecordsIsNamed) {
  claim(0, 10);
  const std::string path = "data/journal/" + segments().front();
  auto bytes = *engine_.files().contents(path);
  const auto group = std::span(bytes).subspan(5 * kBlockBytes);
  const auto header = decode_group(group);
  ASSERT_TRUE(header);
  group[kGroupHeaderBytes + 1] = std::byte{0x7f};  // the length of its first event
  seal_group(*header, group.first(kGroupHeaderBytes + header->payload_bytes));
  engine_.files().put_file(path, bytes);
  EventReader meeting = reader();
  std::uint64_t read = 0;
  EXPECT_NE(words_of(meeting, 0, head(), read).find("a record cannot be read"), std::string::npos);
  EXPECT_EQ(read, 0U) << "the page before it was not whole";
}

TEST_F(ReadingEvents, PagesOfLargeEventsEndEarlyAndGoOn) {
  for (int i = 0; i < 12; ++i) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "sale-" + std::to_string(i);
    definition->title.emplace_back("", std::string(60'000, 'x'));
    engine_.submit(sale::CreateSale{definition});
    if (i % 3 != 0) engine_.settle();
  }
  engine_.settle();
  EventReader paging = reader();
  const auto page = paging.read({0, head(), {}, 1000});
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->has_more);
  EXPECT_LT(page->bytes.size(), 400'000U);
  EXPECT_TRUE(is_whole(read_all(paging, 0, 1000), 1, head()));
}

TEST_F(ReadingEvents, OneSalesOwnAmongVeryManyOthersAreFoundAPageAtATime) {
  claim(0, 1200);
  claim(0, 1, "other");
  EventReader filtering = reader();
  const auto page = filtering.read({0, head(), sale::SaleOrdinal{1}, 1000});
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->has_more);
  EXPECT_LT(page->next, 1100U) << "more than it may pass over";
  EXPECT_EQ(read_all(filtering, 0, 1000, sale::SaleOrdinal{1}).size(), 3U);
  // More places than are remembered, and back to the first ones.
  EXPECT_TRUE(is_whole(read_all(filtering, std::nullopt, 1), 1, head()));
  EXPECT_TRUE(is_whole(read_all(filtering, 3, 1000), 4, head()));
}

TEST_F(ReadingEvents, APositionFarBehindAKnownOneIsSearchedAnew) {
  for (int i = 0; i < 20'000; ++i) {
    engine_.submit(sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId(std::to_string(i)), 1, {}});
    if (i % 1000 == 999) engine_.settle();
  }
  ASSERT_GT(head(), 10'000U);
  EventReader used = reader();
  ASSERT_TRUE(used.read({0, head(), {}, 1}).ok());
  for (const std::uint64_t after : {head() - 10, std::uint64_t{9000}, std::uint64_t{5}}) {
    EXPECT_TRUE(is_whole(read_all(used, after, 1000), after + 1, head())) << after;
  }
}

}  // namespace
}  // namespace doorbuster::embedded
