#include "cli/key_follower.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <vector>

#include "api/key_of_test.h"
#include "base/check.h"
#include "cli/key_book.h"

namespace doorbuster::cli {
namespace {

std::string make_directory() {
  std::string path = testing::TempDir() + "doorbuster-follower-XXXXXX";
  CHECK(::mkdtemp(path.data()) != nullptr);
  return path;
}

// A file of keys, whoever follows it, and what he says.
class Following : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/keys.json"; }

  void add(std::uint8_t seed) const {
    const Status added = change_key_records(path(), [&](std::vector<api::KeyRecord>& records) {
      api::KeyRecord record;
      record.name = "key" + std::to_string(seed);
      record.prefix = api::prefix_of_key(api::key_of(seed));
      record.hash = api::hash_of_key(api::key_of(seed));
      record.scopes.add(api::Scope::sales_read);
      records.push_back(record);
      return ok_status();
    });
    CHECK(added.ok());
  }
  void write_in_place(const std::string& text) const { std::ofstream(path()) << text; }

  bool knows(std::uint8_t seed) { return reader_.look().find(api::key_of(seed)) != nullptr; }

  void tell(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    said_.push_back(sentence);
    changed_.notify_all();
  }
  // Waits until `sentence` has been said after all that was waited for before.
  void hear(const std::string& sentence) {
    std::unique_lock lock(mutex_);
    const bool heard = changed_.wait_for(lock, std::chrono::seconds(30), [&] {
      while (heard_ < said_.size()) {
        if (said_[heard_++].find(sentence) != std::string::npos) return true;
      }
      return false;
    });
    EXPECT_TRUE(heard) << sentence;
  }
  std::size_t said() {
    const std::lock_guard lock(mutex_);
    return said_.size();
  }

  const std::string directory_ = make_directory();
  SystemClock clock_;
  api::LiveKeys keys_;
  api::LiveKeys::Reader reader_{keys_};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> said_;
  std::size_t heard_ = 0;
  KeyFollower follower_{path(), keys_, clock_, [this](const std::string& said) { tell(said); }};
};

TEST_F(Following, TakesUpAFileThatIsMadeLater) {
  ASSERT_TRUE(follower_.begin().ok());
  hear("doorbuster keys create NAME --scopes all --file " + path());
  EXPECT_EQ(keys_.condition(), "there are none yet: " + path() + " is not there");
  add(1);
  hear("keys: 1 key read from");
  EXPECT_TRUE(knows(1));
  EXPECT_EQ(keys_.condition(), "ok");
}

TEST_F(Following, FollowsEachReplacementHoweverQuicklyTheyCome) {
  add(1);
  ASSERT_TRUE(follower_.begin().ok());
  EXPECT_TRUE(knows(1));
  for (std::uint8_t i = 2; i < 12; ++i) {
    add(i);
    follower_.look_soon();
    hear("keys: " + std::to_string(i) + " keys read from");
    EXPECT_TRUE(knows(i));
  }
}

TEST_F(Following, KeepsTheKeysWhileTheFileIsDamagedOrGone) {
  add(1);
  ASSERT_TRUE(follower_.begin().ok());
  const std::string whole = read_key_file(path())->text;
  write_in_place(whole.substr(0, whole.size() / 2));
  hear(path() + ": is not JSON, or only a part of it; 1 key read before stays in force");
  EXPECT_TRUE(knows(1));
  EXPECT_NE(keys_.condition(), "ok");
  write_in_place(whole);
  hear("is as it was");
  EXPECT_EQ(keys_.condition(), "ok");
  ASSERT_EQ(std::remove(path().c_str()), 0);
  hear(path() + " is gone; 1 key read before stays in force");
  EXPECT_TRUE(knows(1));
  EXPECT_NE(keys_.condition(), "ok");
  add(2);  // the first of a new file
  hear("keys: 1 key read from");
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(2));
}

TEST_F(Following, SaysTheSameTroubleOnce) {
  add(1);
  ASSERT_TRUE(follower_.begin().ok());
  write_in_place("{");
  hear("is not JSON");
  const std::size_t said_once = said();
  // Two more looks, each of which ends before the next may begin.
  write_in_place("[");
  follower_.look_soon();
  write_in_place("");
  follower_.look_soon();
  write_in_place(api::render_key_file({}));
  hear("keys: 0 keys read from");
  EXPECT_EQ(said(), said_once + 1);
}

TEST_F(Following, DoesNotBeginWithADamagedFile) {
  write_in_place("{");
  const Status begun = follower_.begin();
  ASSERT_FALSE(begun.ok());
  EXPECT_EQ(begun.error().message, path() + ": is not JSON, or only a part of it");
}

}  // namespace
}  // namespace doorbuster::cli
