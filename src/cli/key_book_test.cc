#include "cli/key_book.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/check.h"
#include "cli/key_expiry.h"

namespace doorbuster::cli {
namespace {

class KeyBook : public testing::Test {
 protected:
  void SetUp() override { CHECK(::mkdtemp(directory_.data()) != nullptr); }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/keys.json"; }

  static api::KeyRecord record(std::uint32_t number) {
    std::array<std::uint8_t, api::kKeyRandomBytes> random{};
    std::memcpy(random.data() + 10, &number, sizeof number);
    const std::string key = api::make_key(random);
    api::KeyRecord record;
    record.name = "key" + std::to_string(number);
    record.prefix = api::prefix_of_key(key);
    record.hash = api::hash_of_key(key);
    record.scopes.add(api::Scope::sales_read);
    record.created_at = *parse_rfc3339("2026-11-11T12:00:00Z");
    return record;
  }

  Status add(std::uint32_t number) const {
    return change_key_records(path(), [&](std::vector<api::KeyRecord>& records) {
      records.push_back(record(number));
      return ok_status();
    });
  }

  mode_t mode() const {
    struct stat file {};
    CHECK(::stat(path().c_str(), &file) == 0);
    return file.st_mode & 07777;
  }

  void write(const std::string& text) const { std::ofstream(path()) << text; }

  std::string directory_ = testing::TempDir() + "doorbuster-keys-XXXXXX";
};

TEST_F(KeyBook, IsMadeForItsOwnerAloneAndKeepsTheModeItIsGiven) {
  ASSERT_TRUE(add(1).ok());
  EXPECT_EQ(mode(), 0600U);
  ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
  ASSERT_TRUE(add(2).ok());
  EXPECT_EQ(mode(), 0640U);
  const auto records = read_key_records(path());
  ASSERT_TRUE(records.ok()) << records.error().message;
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ(records->back().name, "key2");
  // Nothing but the file is left.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(KeyBook, LosesNothingWhenManyChangeItAtOnce) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kEach = 8;
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < kEach; ++i) EXPECT_TRUE(add(t * kEach + i).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read_key_records(path())->size(), kThreads * kEach);
}

TEST_F(KeyBook, ThatIsDamagedIsNeverWrittenOver) {
  write("{\"format\":1,\"keys\":[");
  const Status changed = add(1);
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().code, ErrorCode::data_damaged);
  EXPECT_EQ(changed.error().message, path() + ": is not JSON, or only a part of it");
  EXPECT_EQ(read_key_file(path())->text, "{\"format\":1,\"keys\":[");
}

TEST_F(KeyBook, IsNotChangedWhereTheChangeIsRefused) {
  ASSERT_TRUE(add(1).ok());
  const Status refused = change_key_records(path(), [](std::vector<api::KeyRecord>& records) {
    records.clear();
    return Status(Error{ErrorCode::invalid_argument, "no"});
  });
  EXPECT_EQ(refused.error().message, "no");
  EXPECT_EQ(read_key_records(path())->size(), 1U);
}

TEST_F(KeyBook, IsReadOnlyWhereItIsAFileThatNotEverybodyWrites) {
  EXPECT_EQ(read_key_file(path()).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_key_file(directory_).error().code, ErrorCode::data_damaged);
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(read_key_file(path()).error().message, path() + ": is no file");
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ASSERT_TRUE(add(1).ok());
  ASSERT_EQ(::chmod(path().c_str(), 0606), 0);
  EXPECT_NE(read_key_file(path()).error().message.find("by everybody"), std::string::npos);
  EXPECT_EQ(change_key_records("/nowhere/at/all/keys.json", {}).error().code, ErrorCode::not_found);
}

TEST_F(KeyBook, IsReplacedWhereALinkPoints) {
  ASSERT_EQ(::mkdir((directory_ + "/real").c_str(), 0700), 0);
  ASSERT_TRUE(
      change_key_records(directory_ + "/real/keys.json", [](auto&) { return ok_status(); }).ok());
  ASSERT_EQ(::symlink("real/keys.json", path().c_str()), 0);
  ASSERT_TRUE(add(1).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_EQ(read_key_records(directory_ + "/real/keys.json")->size(), 1U);
}

TEST(KeyExpiry, IsASpanATimeOrNever) {
  const Time now = *parse_rfc3339("2026-11-11T12:00:00Z");
  const auto at = [&](std::string_view text) {
    const auto time = parse_expiry(text, now);
    if (!time) return time.error().message;
    return *time == kNever ? std::string("never") : to_rfc3339(*time);
  };
  EXPECT_EQ(at("90d"), "2027-02-09T12:00:00.000Z");
  EXPECT_EQ(at("12h"), "2026-11-12T00:00:00.000Z");
  EXPECT_EQ(at("2w"), "2026-11-25T12:00:00.000Z");
  EXPECT_EQ(at("5200w"), "2126-07-10T12:00:00.000Z");
  EXPECT_EQ(at("2027-01-01T00:00:00+01:00"), "2026-12-31T23:00:00.000Z");
  EXPECT_EQ(at("never"), "never");
  EXPECT_EQ(at("0d"), "'0d' would have passed at once");
  EXPECT_EQ(at("2026-11-11T12:00:00Z"), "'2026-11-11T12:00:00Z' has passed");
  for (const char* bad : {"", "d", "90", "90 d", "-1d", "90m", "1.5d", "99999d", "tomorrow"}) {
    EXPECT_EQ(at(bad).find("'" + std::string(bad) + "' is no time such as 90d"), 0U) << bad;
  }
}

}  // namespace
}  // namespace doorbuster::cli
