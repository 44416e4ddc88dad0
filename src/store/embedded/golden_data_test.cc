// Data directories and a backup that an earlier build has written: this one opens them, and they
// are what they were; and what a later build has written is refused by name.
//
// DOORBUSTER_GOLDEN=write writes tests/golden/data/ anew. That is for a new format alone, and then
// into a new folder beside the old ones, which stay for ever.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/crc32c.h"
#include "store/embedded/verify.h"
#include "store/embedded/whole_store_test.h"

namespace doorbuster::embedded {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(DOORBUSTER_SOURCE_DIR) / "tests" / "golden" / "data";
constexpr const char* kNewest = "1";

bool is_zero(const std::vector<std::byte>& bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// What stands in expected.txt.
std::string told_of(SimulatedFileSystem& files, const std::string& directory) {
  const auto report = verify_directory(files, directory);
  if (!report.ok()) return directory + ": " + report.error().message + "\n";
  std::ostringstream out;
  out << directory << ": " << report->events << " events, digest " << std::hex << report->digest
      << std::dec << "\n";
  for (const SaleReport& sale : report->sales) {
    out << "  " << sale.slug << " " << sale.sequence << ": " << sale.available << " available, "
        << sale.held << " held, " << sale.confirmed << " confirmed, " << sale.claims << " claims\n";
  }
  return out.str();
}

std::string told_of_all(SimulatedFileSystem& files) {
  return told_of(files, "first") + told_of(files, "backup") + told_of(files, "data");
}

void write_golden() {
  const auto files = WholeStore().make(3);
  const fs::path folder = kFolder / kNewest;
  for (const std::string& path : files->paths()) {
    const auto bytes = *files->contents(path);
    // Neither spare segments, nor the stages between.
    const bool is_stage = path.starts_with("second/") || path.starts_with("backup-2/");
    if (is_zero(bytes) || is_stage) continue;
    fs::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  std::ofstream(folder / "expected.txt") << told_of_all(*files);
}

std::string read_all(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::unique_ptr<SimulatedFileSystem> read_golden(const fs::path& folder) {
  auto files = std::make_unique<SimulatedFileSystem>(1);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = fs::relative(entry.path(), folder).string();
    files->put_directory(
        fs::path(path).parent_path().empty() ? "." : fs::path(path).parent_path().string());
    const std::string bytes = read_all(entry.path());
    files->put_file(path, std::as_bytes(std::span(bytes)));
  }
  return files;
}

TEST(GoldenData, OfEveryFormatIsStillRead) {
  const char* asked = ::getenv("DOORBUSTER_GOLDEN");
  if (asked != nullptr && std::string(asked) == "write") write_golden();
  int folders = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (!entry.is_directory()) continue;
    ++folders;
    const auto files = read_golden(entry.path());
    EXPECT_EQ(told_of_all(*files), read_all(entry.path() / "expected.txt")) << entry.path();
    for (const char* directory : {"first", "data"}) {
      SimulatedEngine engine(1, WholeStore::options_in(directory));
      engine.replace_files(files->clone());
      engine.clock().advance(1000h);
      const Status started = engine.start();
      EXPECT_TRUE(started.ok()) << started.error().message;
    }
    EXPECT_TRUE(restore_backup(*files, "backup", "new", random_bytes(1), kLater).ok());
  }
  EXPECT_GE(folders, 1);
}

// Gives a file of bytes another format, with the checksum that goes with it.
std::vector<std::byte> of_format(std::vector<std::byte> bytes, std::uint32_t format,
                                 std::size_t header_bytes) {
  constexpr std::size_t kCrc = 8;
  constexpr std::size_t kSummed = 12;
  std::memcpy(bytes.data() + kSummed, &format, sizeof format);
  const std::uint32_t crc = crc32c(std::span(bytes).first(header_bytes).subspan(kSummed));
  std::memcpy(bytes.data() + kCrc, &crc, sizeof crc);
  return bytes;
}

TEST(GoldenData, OfANewerFormatIsRefusedByName) {
  const auto golden = read_golden(kFolder / kNewest);
  const auto expect_refused = [&](SimulatedFileSystem& files, const std::string& path,
                                  const std::string& directory) {
    const auto report = verify_directory(files, directory);
    ASSERT_FALSE(report.ok()) << path;
    EXPECT_EQ(report.error().code, ErrorCode::unsupported) << report.error().message;
    EXPECT_NE(report.error().message.find(path), std::string::npos) << report.error().message;
    EXPECT_NE(report.error().message.find("format 7"), std::string::npos);
  };
  int kinds = 0;
  for (const std::string& path : golden->paths()) {
    const auto files = golden->clone();
    const auto bytes = *golden->contents(path);
    const std::string directory = path.substr(0, path.find('/'));
    if (path.ends_with(".seg")) {
      files->put_file(path, of_format(bytes, 7, kBlockBytes));
    } else if (path.ends_with(".images") || path.ends_with(".manifest")) {
      files->put_file(path, of_format(bytes, 7, kCheckedHeaderBytes));
    } else if (path.ends_with("/identity") || path.ends_with("/backup")) {
      std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      text.replace(text.find("format ") + 7, 1, "7");
      files->put_file(path, std::as_bytes(std::span(text)));
    } else {
      continue;
    }
    ++kinds;
    expect_refused(*files, path, directory);
  }
  EXPECT_GE(kinds, 8);
}

}  // namespace
}  // namespace doorbuster::embedded
