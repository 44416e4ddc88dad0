#include "cli/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace doorbuster::cli {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "doorbuster-output-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    place_ = pattern;
  }
  void TearDown() override { fs::remove_all(place_); }

  std::string path(const char* name) const { return (place_ / name).string(); }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void put(const std::string& path, const char* text) { std::ofstream(path) << text; }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(place_), fs::directory_iterator());
  }

  fs::path place_;
};

TEST_F(OutputFileTest, AppearsWhenItIsWhole) {
  const auto output = OutputFile::open(path("out"));
  ASSERT_TRUE(output.ok());
  EXPECT_TRUE((*output)->write("one\n").ok());
  EXPECT_FALSE(fs::exists(path("out")));
  EXPECT_TRUE((*output)->write("two\n").ok());
  EXPECT_TRUE((*output)->finish().ok());
  EXPECT_EQ(content(path("out")), "one\ntwo\n");
  EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileTest, LeavesWhatWasThereUnlessItIsFinished) {
  put(path("out"), "before");
  ASSERT_EQ(::chmod(path("out").c_str(), 0640), 0);
  {
    const auto output = OutputFile::open(path("out"));
    ASSERT_TRUE(output.ok());
    EXPECT_TRUE((*output)->write("half").ok());
  }
  EXPECT_EQ(content(path("out")), "before");
  EXPECT_EQ(files(), 1);
  const auto output = OutputFile::open(path("out"));
  ASSERT_TRUE(output.ok() && (*output)->write("after").ok() && (*output)->finish().ok());
  EXPECT_EQ(content(path("out")), "after");
  EXPECT_EQ(fs::status(path("out")).permissions(), fs::perms(0640));
}

TEST_F(OutputFileTest, FollowsALink) {
  put(path("real"), "before");
  fs::create_symlink("real", path("link"));
  const auto output = OutputFile::open(path("link"));
  ASSERT_TRUE(output.ok() && (*output)->write("after").ok() && (*output)->finish().ok());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content(path("real")), "after");
}

TEST_F(OutputFileTest, NeverReplacesADevice) {
  const auto output = OutputFile::open("/dev/null");
  ASSERT_TRUE(output.ok() && (*output)->write("x").ok() && (*output)->finish().ok());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputFileTest, SaysWhatFailedAndWhere) {
  const auto nowhere = OutputFile::open(path("no/such/directory"));
  ASSERT_FALSE(nowhere.ok());
  EXPECT_NE(nowhere.error().message.find(path("no/such/directory")), std::string::npos);
  const auto directory = OutputFile::open(place_.string());
  EXPECT_FALSE(directory.ok());
  const auto full = OutputFile::open("/dev/full");
  ASSERT_TRUE(full.ok() && (*full)->write("x").ok());
  const Status finished = (*full)->finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().message, "/dev/full: No space left on device");
}

}  // namespace
}  // namespace doorbuster::cli
