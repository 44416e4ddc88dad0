// The journal's bytes, and what the reader makes of them when they are torn or damaged.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sale/event_codec.h"
#include "sale/invariants.h"
#include "sim/simulated_engine.h"
#include "store/embedded/journal_format.h"
#include "store/embedded/journal_writer.h"
#include "store/embedded/verify.h"

namespace doorbuster::embedded {
namespace {

using simulation::SimulatedEngine;

struct SimulatedWorkers {
  simulation::SimulatedWorker committer;
  simulation::SimulatedWorker preparer;
};

// The hex digits of the code block that follows `heading` in docs/formats.md, comments left out.
std::vector<std::byte> example_bytes(const std::string& heading) {
  std::ifstream file(std::string(DOORBUSTER_SOURCE_DIR) + "/docs/formats.md");
  std::string line;
  while (std::getline(file, line) && line.find(heading) == std::string::npos) {
  }
  while (std::getline(file, line) && !line.starts_with("```")) {
  }
  std::vector<std::byte> bytes;
  while (std::getline(file, line) && !line.starts_with("```")) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      bytes.push_back(static_cast<std::byte>(std::stoi(word, nullptr, 16)));
    }
  }
  return bytes;
}

std::string hex_lines(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t byte[1] = {static_cast<std::uint8_t>(bytes[i])};
    text += to_hex(byte) + (i % 16 == 15 ? "\n" : " ");
  }
  return text;
}

Incarnation example_incarnation() {
  Incarnation incarnation;
  for (std::uint8_t i = 0; i < 16; ++i) incarnation[i] = i;
  return incarnation;
}

// The group of the worked example: a sale of 5 units is made and opens, and ann claims one.
std::vector<std::byte> example_group() {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "demo";
  definition->stock = 5;
  const Time at(std::chrono::milliseconds(1'794'398'400'000));
  std::string payload;
  const auto add = [&](std::uint64_t sequence, sale::EventBody body) {
    std::string bytes;
    sale::encode({{0}, {sequence}, at, std::move(body)}, bytes);
    append_record(payload, {0}, bytes);
  };
  add(1, sale::SaleCreated{definition});
  add(2, sale::SaleOpened{});
  add(3, sale::ClaimGranted{{0}, "ann", {{1, 1}, {}}, std::nullopt, "key-1"});
  GroupHeader header;
  header.incarnation = example_incarnation();
  header.segment = 1;
  header.group = 1;
  header.first_position = 1;
  header.events = 3;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.written_at = at;
  std::vector<std::byte> group(kGroupHeaderBytes);
  const auto bytes = std::as_bytes(std::span(payload));
  group.insert(group.end(), bytes.begin(), bytes.end());
  seal_group(header, group);
  return group;
}

TEST(Formats, TheWorkedExampleIsWhatTheCodeWrites) {
  EXPECT_EQ(example_bytes("## Worked example"), example_group()) << hex_lines(example_group());
}

TEST(Formats, TheWorkedExampleCanBeRead) {
  const auto bytes = example_bytes("## Worked example");
  const auto header = decode_group(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->events, 3U);
  EXPECT_EQ(header->group, 1U);
  EXPECT_EQ(header->incarnation, example_incarnation());
  auto payload = std::span(bytes).subspan(kGroupHeaderBytes, header->payload_bytes);
  std::vector<std::string> types;
  while (!payload.empty()) {
    const auto record = take_record(payload);
    ASSERT_TRUE(record);
    const auto event = sale::decode(record->sale, record->event_bytes);
    ASSERT_TRUE(event.ok());
    types.emplace_back(sale::type_name(*event));
  }
  EXPECT_EQ(types, (std::vector<std::string>{"doorbuster.sale.created", "doorbuster.sale.opened",
                                             "doorbuster.claim.confirmed"}));
}

TEST(Formats, AGroupWithAnyChangedBitIsNotRead) {
  auto group = example_group();
  ASSERT_TRUE(decode_group(group));
  for (std::size_t bit = 0; bit < group.size() * 8; ++bit) {
    group[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_FALSE(decode_group(group)) << bit;
    group[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
}

TEST(Formats, SegmentNamesAreNumbersOfTenDigits) {
  EXPECT_EQ(segment_name(1), "0000000001.seg");
  EXPECT_EQ(segment_number("0000000042.seg"), 42U);
  for (const char* name : {"42.seg", "0000000042.seg.tmp", "000000004x.seg", "LOCK", ".seg"}) {
    EXPECT_FALSE(segment_number(name)) << name;
  }
}

// Three segments behind the end, what a group that was under way left in the first of them.
void put_torn_segments(simulation::SimulatedFileSystem& files) {
  files.put_directory("journal");
  std::vector<std::byte> bytes(4 * kBlockBytes);
  for (std::uint64_t number = 1; number <= 4; ++number) {
    bytes[kBlockBytes + 1000] = static_cast<std::byte>(number == 2 ? 'x' : 0);
    files.put_file("journal/" + segment_name(number), bytes);
  }
}

JournalEnd end_in_segment_1() {
  JournalEnd end;
  end.segment = 1;
  end.segment_bytes = 4 * kBlockBytes;
  end.offset = kBlockBytes;
  return end;
}

TEST(MendTail, LeavesTheSegmentsBehindTheEndAndNothingInThem) {
  simulation::SimulatedFileSystem files(1);
  simulation::Random random(1);
  put_torn_segments(files);
  files.put_file("journal/0000000005.seg.tmp", std::vector<std::byte>(kBlockBytes));
  files.set_capacity(files.used_bytes());
  ASSERT_TRUE(mend_tail(files, "journal", end_in_segment_1()).ok());
  files.crash(random);
  EXPECT_EQ(files.list("journal")->size(), 4U);
  const std::vector<std::byte> zeros(4 * kBlockBytes);
  for (std::uint64_t number = 2; number <= 4; ++number) {
    EXPECT_EQ(files.contents("journal/" + segment_name(number)), zeros) << number;
  }
}

TEST(MendTail, APowerCutAnywhereInItLeavesNoGapBetweenTheSegments) {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    simulation::SimulatedFileSystem files(seed);
    simulation::Random random(seed);
    put_torn_segments(files);
    // With one size mended, with another wanted: they are removed then.
    SimulatedWorkers workers;
    JournalWriter writer(files, {workers.committer, workers.preparer},
                         {"journal", 8 * kBlockBytes, kBlockBytes, {}}, end_in_segment_1(), [] {});
    files.set_trace([&](const simulation::OperationRecord&) {
      const auto cut = files.clone();
      cut->crash(random);
      const auto names = cut->list("journal");
      ASSERT_TRUE(names.ok());
      for (std::size_t i = 0; i < names->size(); ++i) {
        EXPECT_EQ((*names)[i], segment_name(i + 1)) << "seed " << seed;
      }
      ++cuts;
    });
    EXPECT_TRUE(mend_tail(files, "journal", end_in_segment_1()).ok());
    EXPECT_EQ(files.list("journal")->size(), 4U);
    EXPECT_TRUE(writer.open().ok());
    files.set_trace({});
    EXPECT_EQ(files.list("journal")->size(), 1U);
  }
  EXPECT_GT(cuts, 200U);
}

// A store with a history over some segments, closed; and what its reader says of it.
class Journal : public testing::Test {
 protected:
  Journal() : engine_(5, {.segment_bytes = 208 * 1024, .max_group_bytes = 192 * 1024}) {
    EXPECT_TRUE(engine_.start().ok());
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "demo";
    definition->stock = 1000;
    engine_.ask(sale::CreateSale{definition});
  }

  void claim(int from, int to) {
    for (int i = from; i < to; ++i) {
      engine_.ask(
          sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId("buyer-" + std::to_string(i)), 1, {}});
    }
  }
  std::uint64_t claims_there() {
    const auto reply = engine_.ask(store::ReadSale{sale::Slug("demo")});
    return std::get<store::SaleView>(reply).claims;
  }
  Result<VerifyReport> verify() { return verify_directory(engine_.files(), "data"); }
  std::string damage() {
    const auto report = verify();
    if (report.ok()) return "nothing";
    EXPECT_EQ(report.error().code, ErrorCode::data_damaged);
    return report.error().message;
  }

  SimulatedEngine engine_;
  const std::string first_ = "data/journal/0000000001.seg";
};

TEST_F(Journal, GoesOnOverSegments) {
  claim(0, 120);
  engine_.stop_in_good_order();
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_GE(report->segments, 3U);
  EXPECT_EQ(report->events, 122U);
  EXPECT_TRUE(report->clean_stop);
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(claims_there(), 120U);
}

TEST_F(Journal, TheStateAfterARestartIsTheStateBefore) {
  claim(0, 50);
  const auto before = sale::digest(engine_.engine().catalog());
  engine_.lose_power();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(sale::digest(engine_.engine().catalog()), before);
  EXPECT_EQ(verify()->digest, before);
}

TEST_F(Journal, ATornGroupAtTheEndIsLeftOutAndOverwritten) {
  claim(0, 10);
  engine_.submit(sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId("lost"), 1, {}});
  engine_.turn();
  engine_.files().faults().add(
      {.kind = simulation::Fault::Kind::short_write, .operation = simulation::Operation::write});
  engine_.settle();
  EXPECT_TRUE(engine_.failure());
  EXPECT_TRUE(engine_.take_replies().empty());
  engine_.kill();
  engine_.files().faults().clear();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_GE(claims_there(), 10U);
  claim(100, 110);
  EXPECT_GE(claims_there(), 20U);
  EXPECT_EQ(damage(), "nothing");
}

TEST_F(Journal, EveryChangedBitBeforeTheLastGroupIsFoundAndNamed) {
  claim(0, 60);
  engine_.stop_in_good_order();
  // The mark of the clean stop is the last group; every group before it is proven by it.
  std::uint64_t tried = 0;
  for (const char* name : {"0000000001.seg", "0000000002.seg"}) {
    const std::string path = "data/journal/" + std::string(name);
    const auto bytes = *engine_.files().contents(path);
    for (std::size_t offset = kBlockBytes; offset < bytes.size(); offset += kBlockBytes) {
      const auto header = decode_group(std::span(bytes).subspan(offset));
      if (!header || (header->flags & kCleanStop) != 0) break;
      const std::size_t length = kGroupHeaderBytes + header->payload_bytes;
      for (std::size_t at = offset; at < offset + length; at += 3) {
        const auto bit = static_cast<unsigned>(at % 8);
        ASSERT_TRUE(engine_.files().flip_bit(path, at, bit));
        const std::string found = damage();
        EXPECT_EQ(found.find(path + ", offset " + std::to_string(offset) + ":"), 0U)
            << at << ": " << found;
        EXPECT_NE(found.find("sequence"), std::string::npos) << at << ": " << found;
        EXPECT_TRUE(at < offset + kGroupHeaderBytes || found.find("sale ") != std::string::npos)
            << found;
        ASSERT_TRUE(engine_.files().flip_bit(path, at, bit));
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 2000U);
  EXPECT_EQ(damage(), "nothing");
}

TEST_F(Journal, EveryChangedBitOfASegmentHeaderIsFound) {
  claim(0, 60);
  engine_.stop_in_good_order();
  for (const char* name : {"0000000001.seg", "0000000002.seg"}) {
    const std::string path = "data/journal/" + std::string(name);
    for (std::uint64_t at = 0; at < 96; ++at) {
      ASSERT_TRUE(engine_.files().flip_bit(path, at, at % 8));
      const auto report = verify();
      EXPECT_FALSE(report.ok()) << path << " " << at;
      ASSERT_TRUE(engine_.files().flip_bit(path, at, at % 8));
    }
  }
}

TEST_F(Journal, ADamagedStoreIsNotStarted) {
  claim(0, 10);
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.files().flip_bit(first_, 3 * kBlockBytes + 150, 2));
  const Status started = engine_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::data_damaged);
  EXPECT_NE(started.error().message.find(first_ + ", offset 12288"), std::string::npos);
  EXPECT_NE(started.error().message.find("sale demo, sequence"), std::string::npos);
}

TEST_F(Journal, WhatReadsWrongOnceIsNotTakenForTorn) {
  claim(0, 51);  // the last group stands alone in the second segment
  const std::uint64_t claims = claims_there();
  engine_.lose_power();
  const std::string last = "data/journal/0000000002.seg";
  ASSERT_TRUE(engine_.files().contents(last));
  // Every read of that file meets one flipped bit, somewhere: it may be refused, never cut.
  for (int i = 0; i < 300; ++i) {
    engine_.files().faults().add({.kind = simulation::Fault::Kind::bit_flip,
                                  .operation = simulation::Operation::read,
                                  .path_part = "0000000002"});
    const Status started = engine_.start();
    engine_.files().faults().clear();
    if (started.ok()) {
      ASSERT_EQ(claims_there(), claims);
      engine_.kill();
    }
  }
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(claims_there(), claims);
}

TEST_F(Journal, AMissingSegmentIsNamed) {
  claim(0, 120);
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.files().erase("data/journal/0000000002.seg"));
  EXPECT_NE(damage().find("0000000002.seg is missing"), std::string::npos);
}

TEST_F(Journal, ASegmentPutBackFromAnOlderCopyIsFound) {
  claim(0, 30);
  const auto old = *engine_.files().contents(first_);
  claim(30, 120);
  engine_.stop_in_good_order();
  engine_.files().put_file(first_, old);
  EXPECT_NE(damage().find("group"), std::string::npos);
}

TEST_F(Journal, ACutSegmentIsFound) {
  claim(0, 120);
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.files().truncate(first_, 100 * 1024));
  EXPECT_NE(damage().find(first_), std::string::npos);
}

TEST_F(Journal, AJournalWithoutItsIdentityIsNotMadeAnew) {
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.files().erase("data/identity"));
  const Status started = engine_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::data_damaged);
}

TEST_F(Journal, AnIdentityWithAnyChangedBitIsRefused) {
  engine_.stop_in_good_order();
  const auto size = engine_.files().contents("data/identity")->size();
  for (std::uint64_t bit = 0; bit < size * 8; ++bit) {
    engine_.files().flip_bit("data/identity", bit / 8, bit % 8);
    EXPECT_FALSE(engine_.start().ok()) << bit;
    engine_.files().flip_bit("data/identity", bit / 8, bit % 8);
  }
  EXPECT_TRUE(engine_.start().ok());
}

TEST_F(Journal, ANewerFormatIsRefusedByItsName) {
  engine_.stop_in_good_order();
  std::string text = "doorbuster store, format 3\n";
  engine_.files().put_file("data/identity", std::as_bytes(std::span(text)));
  const Status started = engine_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::unsupported);
  EXPECT_NE(started.error().message.find("format 3"), std::string::npos);
}

}  // namespace
}  // namespace doorbuster::embedded
