// Journals whose checksums are right and whose content is not, as a bug or a mixture of two copies
// would leave them: they are refused by name, no snapshot is made of them, and repair keeps the
// rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "sale/event_codec.h"
#include "store/embedded/repair.h"
#include "store/embedded/store_copy.h"
#include "store/embedded/verify.h"
#include "store/embedded/whole_store_test.h"
#include "support/intercepted_files.h"

namespace doorbuster::embedded {
namespace {

std::string message_of(const auto& result) { return result.ok() ? "" : result.error().message; }

// All groups of a journal.
class Groups final : public GroupVisitor {
 public:
  Status on_group(const GroupHeader& header, std::span<const std::byte> payload) override {
    all.emplace_back(header,
                     std::string(reinterpret_cast<const char*>(payload.data()), payload.size()));
    return ok_status();
  }
  std::string describe(std::span<const std::byte>) override { return ""; }

  std::vector<std::pair<GroupHeader, std::string>> all;
};

// Two sales, and 130 claims of the first, each a group of one block, in three segments.
class WrongJournal : public testing::Test {
 protected:
  static constexpr std::uint64_t kGroup = 3;  // of a segment: one that is changed

  WrongJournal() : engine_(31, WholeStore::options_in("data")) {
    EXPECT_TRUE(engine_.start().ok());
    open_sale("one");
    open_sale("two");
    for (int i = 0; i < 130; ++i) {
      engine_.ask(sale::ClaimUnits{sale::Slug("one"), sale::BuyerId(std::to_string(i)), 1, {}});
    }
    engine_.stop_in_good_order();
    EXPECT_TRUE(files().contents(path(3)));
  }

  void open_sale(const std::string& slug) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = 1000;
    engine_.ask(sale::CreateSale{definition});
  }
  SimulatedFileSystem& files() { return engine_.files(); }
  StoreIdentity identity() { return *read_identity(files(), "data"); }
  static std::string path(std::uint64_t segment) { return "data/journal/" + segment_name(segment); }

  using ChangeGroup = std::function<void(GroupHeader&, std::string& payload)>;
  void change_group(std::uint64_t segment, std::uint64_t number, const ChangeGroup& change) {
    auto bytes = *files().contents(path(segment));
    const auto group = std::span(bytes).subspan(number * kBlockBytes, kBlockBytes);
    auto header = decode_group(group);
    ASSERT_TRUE(header);
    const auto old = group.subspan(kGroupHeaderBytes, header->payload_bytes);
    std::string payload(reinterpret_cast<const char*>(old.data()), old.size());
    change(*header, payload);
    header->payload_bytes = static_cast<std::uint32_t>(payload.size());
    ASSERT_LE(kGroupHeaderBytes + payload.size(), kBlockBytes);
    std::ranges::fill(group, std::byte{0});
    std::ranges::copy(std::as_bytes(std::span(payload)), group.begin() + kGroupHeaderBytes);
    seal_group(*header, group.first(kGroupHeaderBytes + payload.size()));
    files().put_file(path(segment), bytes);
  }
  void change_header(std::uint64_t segment, const std::function<void(SegmentHeader&)>& change) {
    auto bytes = *files().contents(path(segment));
    auto header = decode_segment_header(std::span(bytes).first(kBlockBytes));
    ASSERT_TRUE(header.ok());
    change(*header);
    encode(*header, std::span(bytes).first(kBlockBytes));
    files().put_file(path(segment), bytes);
  }
  // Changes the one event of a group; gives the record it makes of it.
  static ChangeGroup with_event(const std::function<void(sale::Event&)>& change) {
    return [change](GroupHeader&, std::string& payload) {
      const std::string before = payload;
      auto rest = std::as_bytes(std::span(before));
      const auto record = take_record(rest);
      auto event = sale::decode(record->sale, record->event_bytes);
      change(*event);
      payload = record_of(*event);
    };
  }
  static std::string record_of(const sale::Event& event) {
    std::string bytes;
    std::string payload;
    sale::encode(event, bytes);
    append_record(payload, event.sale, bytes);
    return payload;
  }
  static std::string created(std::uint32_t sale, const std::string& slug) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    return record_of({{sale}, {1}, ManualClock::kBegin, sale::SaleCreated{definition}});
  }

  // The same journal once more, with the groups as `change` leaves them, each of which follows the
  // one before.
  void write_anew(
      const std::function<void(std::uint64_t group, GroupHeader&, std::string&)>& change) {
    Groups groups;
    ASSERT_TRUE(read_journal(files(), {"data/journal", identity().incarnation, {}}, groups).ok());
    for (const std::uint64_t segment : {1, 2, 3}) files().erase(path(segment));
    SegmentsWriter writer(files(), "data/journal", identity().incarnation);
    for (auto& [header, payload] : groups.all) {
      change(header.group, header, payload);
      header.payload_bytes = static_cast<std::uint32_t>(payload.size());
      ASSERT_TRUE(writer.add(header, std::as_bytes(std::span(payload))).ok());
    }
    ASSERT_TRUE(writer.finish().ok());
  }

  // What verify says, and a start, which says the same.
  std::string refusal() {
    const std::string words = message_of(verify_directory(files(), "data"));
    SimulatedEngine machine(32, WholeStore::options_in("data"));
    machine.replace_files(files().clone());
    EXPECT_EQ(message_of(machine.start()), words);
    return words;
  }
  Result<SnapshotTaken> snapshot(std::uint64_t last_sealed, std::uint64_t durable_group = 1) {
    const SnapshotTask task{"data", identity(), {}, last_sealed, durable_group, kLater};
    return take_snapshot(files(), task, simulation::kGoOn);
  }
  // Repaired, dropping what has to be: whole, and with the rest.
  Repaired repair() {
    RepairOptions options;
    options.drop_acknowledged = true;
    const auto machine = files().clone();
    auto repaired = repair_store(*machine, "data", "new", options, random_bytes(3), kLater);
    EXPECT_TRUE(repaired.ok()) << message_of(repaired);
    if (!repaired.ok()) return {};
    EXPECT_EQ(message_of(verify_directory(*machine, "new")), "");
    return *repaired;
  }

  SimulatedEngine engine_;
};

// What is done to a group of a claim, and what is said of it.
struct WrongGroup {
  const char* name;
  std::function<void(GroupHeader&, std::string&)> change;
  const char* words;
};

const WrongGroup kNoRecord = {"no record",
                              [](GroupHeader&, std::string& payload) { payload[1] = 0x7f; },
                              "the bytes are no record"};
const WrongGroup kNoEvent = {"no event", [](GroupHeader&, std::string& payload) { payload[3] = 0; },
                             "the bytes are not one event"};

bool contains(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST_F(WrongJournal, OfRecordsThatAreNoneAndEventsThatDoNotFollowIsRefused) {
  const auto whole = files().clone();
  const std::vector<WrongGroup> rows = {
      kNoRecord,
      kNoEvent,
      {"an event of a later version", [](GroupHeader&, std::string& payload) { payload[2] = 99; },
       "event type 99 is of a later version"},
      {"a gap", with_event([](sale::Event& event) { ++event.sequence.value; }),
       "sale one, sequence "},
      {"another sale", with_event([](sale::Event& event) { event.sale = {7}; }),
       "sale number 7, sequence "},
      {"a gap before a new sale",
       [](GroupHeader& header, std::string& payload) {
         with_event([](sale::Event& event) { ++event.sequence.value; })(header, payload);
         payload += created(2, "three");
         header.events = 2;
       },
       "sale one, sequence "},
      {"more events than there are", [](GroupHeader& header, std::string&) { header.events = 2; },
       "the group does not hold as many events as it says"},
  };
  for (const WrongGroup& row : rows) {
    engine_.replace_files(whole->clone());
    change_group(2, kGroup, row.change);
    const std::string words = refusal();
    EXPECT_TRUE(contains(words, row.words)) << row.name << ": " << words;
    EXPECT_TRUE(contains(words, path(2) + ", offset 12288, group ")) << row.name << ": " << words;
    const auto taken = snapshot(2);
    ASSERT_FALSE(taken.ok()) << row.name;
    EXPECT_TRUE(contains(taken.error().message, path(2))) << taken.error().message;
    EXPECT_TRUE(files().list("data/snapshots")->empty()) << row.name;
    const Repaired repaired = repair();
    EXPECT_TRUE(repaired.written) << row.name;
    EXPECT_GE(repaired.claims, 51U) << row.name << ": those before it";
  }
}

TEST_F(WrongJournal, OfGroupsThatBelongElsewhereIsRefused) {
  const auto whole = files().clone();
  const std::vector<WrongGroup> rows = {
      {"another store's", [](GroupHeader& header, auto&) { header.incarnation[0] ^= 1; }, ""},
      {"of another segment", [](GroupHeader& header, auto&) { ++header.segment; }, ""},
      {"of another number", [](GroupHeader& header, auto&) { ++header.group; }, ""},
      {"of other events", [](GroupHeader& header, auto&) { ++header.first_position; }, ""},
      {"of the past", [](GroupHeader& header, auto&) { header.group = 2; }, ""},
      {"of past events", [](GroupHeader& header, auto&) { header.first_position = 2; }, ""},
      {"that follows another", [](GroupHeader& header, auto&) { header.previous_hash[0] ^= 1; },
       ""},
  };
  for (const WrongGroup& row : rows) {
    engine_.replace_files(whole->clone());
    change_group(2, kGroup, row.change);
    const std::string words = refusal();
    EXPECT_TRUE(contains(words, path(2) + ", offset 12288: ")) << row.name << ": " << words;
    EXPECT_TRUE(contains(words, " is damaged (events from ")) << row.name << ": " << words;
    EXPECT_TRUE(repair().written) << row.name;
  }
}

// Whatever a segment's place on the disk held before it was this store's.
TEST_F(WrongJournal, IsNoneWhereGroupsOfAnotherStoreStandBehindItsEnd) {
  auto bytes = *files().contents(path(3));
  const auto group = std::span(bytes).subspan(kBlockBytes, kBlockBytes);
  auto header = *decode_group(group);
  header.incarnation[0] ^= 1;
  std::vector<std::byte> foreign(group.begin(), group.end());
  seal_group(header, std::span(foreign).first(kGroupHeaderBytes + header.payload_bytes));
  const auto before = verify_directory(files(), "data");
  ASSERT_TRUE(before.ok());
  std::ranges::copy(foreign, bytes.end() - kBlockBytes);
  files().put_file(path(3), bytes);
  const auto report = verify_directory(files(), "data");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->digest, before->digest);
  EXPECT_FALSE(report->clean_stop) << "something is there that was not written by a clean stop";
}

TEST_F(WrongJournal, OfSegmentsThatBelongElsewhereIsRefused) {
  const auto whole = files().clone();
  struct Row {
    std::uint64_t segment;
    std::function<void(SegmentHeader&)> change;
    const char* words;
  };
  const std::vector<Row> rows = {
      {2, [](SegmentHeader& header) { header.incarnation[0] ^= 1; },
       "the segment belongs to another store"},
      {2, [](SegmentHeader& header) { header.segment = 9; }, "the segment says it is number 9"},
      {2, [](SegmentHeader& header) { header.previous_hash[0] ^= 1; }, " goes on with group "},
      {2, [](SegmentHeader& header) { ++header.first_position; }, " goes on with group "},
      {2, [](SegmentHeader& header) { ++header.first_group; }, " goes on with group "},
      {2, [](SegmentHeader& header) { --header.first_group; }, "where group 52 was expected"},
      {1, [](SegmentHeader& header) { ++header.first_group; }, "where group 1 was expected"},
      {1, [](SegmentHeader& header) { ++header.first_position; },
       "the segment does not follow the group before it"},
      {2, [](SegmentHeader& header) { header.segment_bytes *= 2; }, "the file was cut short"},
  };
  for (const Row& row : rows) {
    engine_.replace_files(whole->clone());
    change_header(row.segment, row.change);
    const std::string words = refusal();
    EXPECT_TRUE(contains(words, row.words)) << words;
    EXPECT_TRUE(contains(words, "data/journal/")) << words;
    EXPECT_FALSE(snapshot(2).ok());
    const Repaired repaired = repair();
    EXPECT_EQ(repaired.claims, 130U) << "the groups themselves are whole";
  }
}

TEST_F(WrongJournal, IsNotCoveredByASnapshotThatNothingFollows) {
  EXPECT_TRUE(contains(message_of(snapshot(9)), " is missing"));
  files().put_file(path(3), std::vector<std::byte>(2 * kBlockBytes));
  EXPECT_TRUE(contains(message_of(snapshot(2)), path(3) + ", offset 0: "));
}

TEST_F(WrongJournal, ThatASnapshotCoversIsRefusedAsLongAsItIsKept) {
  ASSERT_EQ(message_of(snapshot(2)), "");
  ASSERT_EQ(message_of(verify_directory(files(), "data")), "");
  ASSERT_TRUE(files().erase(path(1)));
  ASSERT_EQ(message_of(verify_directory(files(), "data")), "");
  const auto whole = files().clone();
  const std::vector<WrongGroup> rows = {
      kNoRecord,
      kNoEvent,
      {"a gap", with_event([](sale::Event& event) { ++event.sequence.value; }),
       "sequence 54 is missing"},
      {"no group, of no record",
       [](GroupHeader& header, std::string& payload) {
         payload = std::string("\0\xff\xff\xff\x7f", 5);  // an event of 256 MiB
         ++header.group;
       },
       "its events cannot be read"},
      {"no group, of an unknown sale",
       [](GroupHeader& header, std::string& payload) {
         with_event([](sale::Event& event) { event.sale = {9}; })(header, payload);
         ++header.group;
       },
       "its events cannot be read"},
      {"no group", [](GroupHeader& header, std::string&) { ++header.group; },
       "sale one, sequence 54 and others"},
  };
  for (const WrongGroup& row : rows) {
    engine_.replace_files(whole->clone());
    change_group(2, kGroup, row.change);
    const std::string words = message_of(verify_directory(files(), "data"));
    EXPECT_TRUE(contains(words, row.words)) << row.name << ": " << words;
    EXPECT_TRUE(contains(words, path(2) + ", offset 12288")) << row.name << ": " << words;
    EXPECT_EQ(repair().claims, 130U) << row.name << ": the snapshot has them";
  }
  engine_.replace_files(whole->clone());
  change_header(2, [](SegmentHeader& header) { header.incarnation[0] ^= 1; });
  EXPECT_TRUE(contains(message_of(verify_directory(files(), "data")), "it belongs elsewhere"));
}

TEST_F(WrongJournal, ThatFoldsToOtherSalesThanItsSnapshotIsRefused) {
  ASSERT_EQ(message_of(snapshot(2)), "");
  write_anew([](std::uint64_t group, GroupHeader& header, std::string& payload) {
    if (group != 2) return;
    with_event([](sale::Event& event) {
      auto definition = std::make_shared<sale::SaleDefinition>();
      definition->slug = "two";
      definition->stock = 999;
      event.body = sale::SaleCreated{definition};
    })(header, payload);
    payload += record_of({{1}, {2}, ManualClock::kBegin, sale::SaleOpened{}});
  });
  auto manifest = read_newest_manifest(files(), "data/snapshots", identity().incarnation);
  ASSERT_TRUE(manifest.ok());
  Manifest& newest = **manifest;
  newest.journal.previous_hash =
      read_start(files(), "data/journal", identity().incarnation, 3)->previous_hash;
  const std::string path = manifest_path("data/snapshots", newest.journal.next_group);
  ASSERT_TRUE(write_manifest(files(), path, identity().incarnation, newest).ok());
  EXPECT_EQ(message_of(verify_directory(files(), "data")),
            "data/snapshots: the images and the journal behind them are not what the whole journal "
            "folds to");
}

TEST_F(WrongJournal, WhoseGroupsFollowEachOtherIsNoSnapshotEither) {
  const auto whole = files().clone();
  const auto gap = with_event([](sale::Event& event) { ++event.sequence.value; });
  const std::vector<WrongGroup> rows = {
      kNoRecord,
      kNoEvent,
      {"a gap", gap, "sale one, sequence "},
      {"a sale without a beginning", with_event([](sale::Event& event) { event.sale = {7}; }),
       "an event of a sale that was not created"},
      {"a sale that begins with no event",
       [](GroupHeader&, std::string& payload) {
         payload[0] = 7;
         payload[3] = 0;
       },
       "the bytes are not one event"},
      {"a gap before a new sale",
       [gap](GroupHeader& header, std::string& payload) {
         gap(header, payload);
         payload += created(2, "three");
       },
       "sale one, sequence "},
  };
  for (const WrongGroup& row : rows) {
    engine_.replace_files(whole->clone());
    write_anew([&](std::uint64_t group, GroupHeader& header, std::string& payload) {
      if (group == 20) row.change(header, payload);
    });
    const auto taken = snapshot(2);
    ASSERT_FALSE(taken.ok()) << row.name;
    EXPECT_TRUE(contains(taken.error().message, row.words)) << row.name << taken.error().message;
    EXPECT_TRUE(contains(taken.error().message, path(1))) << row.name;
    EXPECT_TRUE(files().list("data/snapshots")->empty()) << row.name;
  }
}

TEST_F(WrongJournal, EndsBeforeWhatItsSnapshotSawAndIsRepairedWithTheRest) {
  ASSERT_EQ(message_of(snapshot(2, 120)), "");
  ASSERT_EQ(message_of(verify_directory(files(), "data")), "");
  // The third segment's last groups are lost, and nothing stands behind them.
  auto bytes = *files().contents(path(3));
  std::fill(bytes.begin() + 3 * kBlockBytes, bytes.end(), std::byte{0});
  files().put_file(path(3), bytes);
  EXPECT_TRUE(
      contains(refusal(), "the snapshot says that the journal was durable up to group 120"));
  const Repaired repaired = repair();
  EXPECT_TRUE(repaired.loses());
  EXPECT_TRUE(contains(repaired.damages.back(), "which were durable, cannot be read"));
  ASSERT_TRUE(files().erase(path(3)));
  EXPECT_TRUE(contains(refusal(), segment_name(3) + " is missing"));
}

TEST_F(WrongJournal, IsRepairedWithPlacesForTheSalesThatAreLost) {
  // Of sales 2 and 3 nothing is left, of sale 4 an event that is not its first.
  change_group(3, kGroup, [](GroupHeader& header, std::string& payload) {
    payload = created(2, "lost-3");
    payload += record_of({{4}, {9}, ManualClock::kBegin, sale::SalePaused{}});
    payload += record_of({{4}, {8}, ManualClock::kBegin, sale::SaleOpened{}});
    header.events = 3;
  });
  const Repaired repaired = repair();
  std::vector<std::string> dropped;
  for (const DroppedSale& sale : repaired.dropped) dropped.push_back(sale.slug);
  EXPECT_EQ(dropped, (std::vector<std::string>{"one", "lost-3-", "lost-4"}));
  EXPECT_EQ(repaired.sales, 3U) << "one, two and lost-3";
}

TEST_F(WrongJournal, IsRepairedWithoutSalesThatCannotHaveBeen) {
  change_group(3, kGroup, [](GroupHeader&, std::string& payload) {
    payload = record_of({{2'000'000}, {1}, ManualClock::kBegin, sale::SaleOpened{}});
  });
  const Repaired repaired = repair();
  ASSERT_FALSE(repaired.damages.empty());
  EXPECT_TRUE(contains(repaired.damages.front(), "there were not so many sales"));
  EXPECT_EQ(repaired.sales, 2U);
}

TEST_F(WrongJournal, ThatRepeatsEventsIsRepairedWithEachOnce) {
  std::string again;
  change_group(3, kGroup, [&](GroupHeader&, std::string& payload) { again = payload; });
  change_group(3, kGroup + 1,
               [&](GroupHeader&, std::string& payload) { payload = again + payload; });
  EXPECT_NE(refusal(), "");
  EXPECT_EQ(repair().claims, 130U);
}

TEST_F(WrongJournal, IsNoneWhereFilesOfOthersStandBesideIt) {
  ASSERT_EQ(message_of(snapshot(1)), "");
  const auto before = verify_directory(files(), "data");
  ASSERT_TRUE(before.ok());
  for (const char* name : {"0.seg", "README", "zz"}) {
    files().put_file(std::string("data/journal/") + name, {});
    files().put_file(std::string("data/snapshots/") + name, {});
  }
  const auto report = verify_directory(files(), "data");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->digest, before->digest);
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(message_of(snapshot(2)), "");
  EXPECT_TRUE(files().contents("data/journal/README"));
  EXPECT_EQ(repair().claims, 130U);
  ASSERT_TRUE(take_backup(files(), "data", "backup", kLater).ok());
  EXPECT_FALSE(files().contents("backup/journal/README"));
}

TEST_F(WrongJournal, IsNoneWhereASnapshotIsToldToStop) {
  for (std::uint64_t calls = 1;; ++calls) {
    const auto machine = files().clone();
    std::atomic<bool> stopping = false;
    std::uint64_t left = calls;
    InterceptedFiles watched(*machine, kBlockBytes, [&] {
      if (--left == 0) stopping = true;
    });
    const SnapshotTask task{"data", identity(), {}, 2, 1, kLater};
    const auto taken = take_snapshot(watched, task, stopping);
    if (!taken.ok()) {
      EXPECT_EQ(taken.error().code, ErrorCode::in_use);
    }
    EXPECT_EQ(message_of(verify_directory(*machine, "data")), "") << calls;
    if (!stopping) break;
  }
}

// How old a segment is, is read from the next one.
TEST_F(WrongJournal, IsNoneWhereTheAgeOfASegmentCannotBeRead) {
  SnapshotOptions keeping;
  keeping.retain_seconds = 1s;
  const SnapshotTask task{"data", identity(), keeping, 2, 1, kLater};
  bool struck = true;
  for (std::uint64_t k = 1; struck; ++k) {
    const auto machine = files().clone();
    machine->fail_operation(k, false);
    const auto taken = take_snapshot(*machine, task, simulation::kGoOn);
    struck = !taken.ok();
    if (struck) {
      EXPECT_EQ(taken.error().code, ErrorCode::io_failed);
    }
    machine->faults().clear();
    EXPECT_EQ(message_of(verify_directory(*machine, "data")), "") << k;
    EXPECT_EQ(message_of(take_snapshot(*machine, task, simulation::kGoOn)), "") << k;
    EXPECT_FALSE(machine->contents(path(1))) << "older than a second";
  }
}

// Nothing of such a sale is in the images but that it was.
TEST_F(WrongJournal, IsRepairedWithoutSalesThatWereDeletedBefore) {
  ASSERT_TRUE(engine_.start().ok());
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "deleted";
  definition->stock = 5;
  definition->opens_at = kLater;
  engine_.ask(sale::CreateSale{definition});
  engine_.ask(sale::DeleteSale{sale::Slug("deleted")});
  for (int i = 200; i < 300; ++i) {
    engine_.ask(sale::ClaimUnits{sale::Slug("one"), sale::BuyerId(std::to_string(i)), 1, {}});
  }
  engine_.stop_in_good_order();
  ASSERT_EQ(message_of(snapshot(3)), "");
  const Repaired repaired = repair();
  EXPECT_FALSE(repaired.loses());
  EXPECT_EQ(repaired.sales, 2U);
  EXPECT_EQ(repaired.claims, 230U);
}

TEST(EmptyStore, IsRepairedToAnEmptyOne) {
  SimulatedEngine engine(33, WholeStore::options_in("data"));
  ASSERT_TRUE(engine.start().ok());
  engine.stop_in_good_order();
  const auto repaired = repair_store(engine.files(), "data", "new", {}, random_bytes(3), kLater);
  ASSERT_TRUE(repaired.ok()) << repaired.error().message;
  EXPECT_TRUE(repaired->written);
  EXPECT_EQ(repaired->sales, 0U);
  EXPECT_EQ(message_of(verify_directory(engine.files(), "new")), "");
}

}  // namespace
}  // namespace doorbuster::embedded
