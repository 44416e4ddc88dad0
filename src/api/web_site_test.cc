#include "api/web_site.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace doorbuster::api {
namespace {

namespace fs = std::filesystem;

// A folder as web/build.mjs makes one, beside something that is nobody's business.
class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "doorbuster-web-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    top_ = name;
    write("site/console/index.html", "<!doctype html>");
    write("site/console/main-1.js", "1");
    write("site/console/.hidden.js", "hidden");
    write("site/console/notes", "no type is known for it");
    write("site/top.js", "in no part");
    write("secret/key.js", "secret");
    fs::create_symlink(top_ / "secret/key.js", top_ / "site/console/link.js");
    fs::create_symlink(top_ / "secret", top_ / "site/linked");
    ASSERT_EQ(::mkfifo((top_ / "site/console/pipe.js").c_str(), 0600), 0);
    fs::create_directory(top_ / "site/console/folder.js");
    site_ = *WebSite::from_folder((top_ / "site").string());
  }
  void TearDown() override { fs::remove_all(top_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((top_ / path).parent_path());
    std::ofstream(top_ / path) << text;
  }
  std::optional<std::string> text_at(std::string_view path) const {
    std::string buffer;
    const auto file = site_.find(path, buffer);
    if (!file) return std::nullopt;
    return std::string(file->text);
  }

  fs::path top_;
  WebSite site_;
};

TEST_F(Folder, IsReadAtEachLook) {
  EXPECT_EQ(text_at("/console/"), "<!doctype html>");
  EXPECT_EQ(text_at("/console/main-1.js"), "1");
  write("site/console/main-1.js", "2");
  EXPECT_EQ(text_at("/console/main-1.js"), "2");
}

TEST_F(Folder, SaysTheTypeByTheName) {
  std::string buffer;
  EXPECT_EQ(site_.find("/console/", buffer)->content_type, "text/html; charset=utf-8");
  EXPECT_EQ(site_.find("/console/main-1.js", buffer)->content_type,
            "text/javascript; charset=utf-8");
}

TEST_F(Folder, GivesNothingFromOutside) {
  for (const std::string_view path : {"/console/../../secret/key.js",
                                      "/../secret/key.js",
                                      "/console/..%2f..%2fsecret%2fkey.js",
                                      "/console/link.js",
                                      "/linked/key.js",
                                      "/console/.hidden.js",
                                      "/../console/main-1.js",
                                      "/console/./main-1.js",
                                      "//console/main-1.js",
                                      "/console//main-1.js",
                                      "/console/..",
                                      "/./top.js",
                                      "/top.js",
                                      "/console",
                                      "/",
                                      "",
                                      "console/main-1.js",
                                      "/console/pipe.js",
                                      "/console/folder.js",
                                      "/console/notes",
                                      "/console/none.js"}) {
    EXPECT_EQ(text_at(path), std::nullopt) << path;
  }
  EXPECT_EQ(text_at(std::string_view("/console/main-1.js\0.txt", 23)), std::nullopt);
}

TEST_F(Folder, GivesNothingLargerThanAPageShouldBe) {
  write("site/console/large.js", std::string((std::size_t{8} << 20) + 1, 'x'));
  EXPECT_EQ(text_at("/console/large.js"), std::nullopt);
}

TEST(WebSite, FromWhatIsNoFolderIsAnError) {
  EXPECT_FALSE(WebSite::from_folder("/nowhere/at/all").ok());
  EXPECT_FALSE(WebSite::from_folder("/dev/null").ok());
}

constexpr WebFile kAll = {"/x", "text/plain", "0", false, "identity", "gzip", "br"};
constexpr WebFile kPlain = {"/x", "text/plain", "0", false, "identity", {}, {}};

ContentCoding preferred(std::string_view accepted, const WebFile& file = kAll) {
  const http::Field field{"Accept-Encoding", accepted};
  return preferred_coding({&field, 1}, file);
}

TEST(ContentCoding, IsTheOneTheClientLikesBest) {
  EXPECT_EQ(preferred("gzip, deflate, br, zstd"), ContentCoding::brotli);
  EXPECT_EQ(preferred("gzip, deflate"), ContentCoding::gzip);
  EXPECT_EQ(preferred("GZIP"), ContentCoding::gzip);
  EXPECT_EQ(preferred("br;q=0.5, gzip;q=0.8"), ContentCoding::gzip);
  EXPECT_EQ(preferred("br;q=0.001"), ContentCoding::brotli);
  EXPECT_EQ(preferred("*"), ContentCoding::brotli);
  EXPECT_EQ(preferred("*;q=0.2, br;q=0"), ContentCoding::gzip);
  EXPECT_EQ(preferred("identity;q=1, br;q=0.5"), ContentCoding::identity);
}

TEST(ContentCoding, IsNoneWhereNoneIsAskedFor) {
  EXPECT_EQ(preferred_coding({}, kAll), ContentCoding::identity);
  for (const std::string_view accepted :
       {"", "identity", "deflate", "br;q=0", "br;q=0.000, gzip; q=0", "*;q=0", ",,;", "brr"}) {
    EXPECT_EQ(preferred(accepted), ContentCoding::identity) << accepted;
  }
  EXPECT_EQ(preferred("br, gzip", kPlain), ContentCoding::identity);
}

TEST(ContentCoding, IsChosenFromAllTheFields) {
  const http::Field fields[] = {{"Accept-Encoding", "deflate"}, {"accept-encoding", "gzip"}};
  EXPECT_EQ(preferred_coding(fields, kAll), ContentCoding::gzip);
}

}  // namespace
}  // namespace doorbuster::api
