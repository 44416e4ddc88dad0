// Snapshots, and the texts that say whose a store is, whose checksums are right and whose content
// is not: refused by name, and no backup of them is restored.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "store/embedded/store_copy.h"
#include "store/embedded/verify.h"
#include "store/embedded/whole_store_test.h"

namespace doorbuster::embedded {
namespace {

class WrongSnapshot : public testing::Test {
 protected:
  WrongSnapshot() : files_(WholeStore().data(3)), identity_(*read_identity(*files_, "data")) {
    const auto manifest = read_newest_manifest(*files_, kDirectory, identity_.incarnation);
    EXPECT_TRUE(manifest.ok() && manifest->has_value());
    manifest_ = **manifest;
    path_ = manifest_path(kDirectory, manifest_.journal.next_group);
  }

  // Writes a manifest in place of the one that is there.
  void put(const Manifest& manifest) {
    const Status written = write_manifest(*files_, path_, identity_.incarnation, manifest);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
  // The same with this content, whatever it is.
  void put_content(std::span<const std::byte> content) {
    auto file = create_anew(*files_, path_);
    ASSERT_TRUE(file.ok());
    const CheckedHeader header{CheckedKind::manifest, manifest_.journal.next_group,
                               identity_.incarnation};
    ASSERT_TRUE(write_header(**file, header).ok());
    StreamWriter writer(**file, kCheckedHeaderBytes);
    ASSERT_TRUE(writer.write(content).ok());
    ASSERT_TRUE(writer.finish().ok());
  }
  std::string refusal() const {
    const auto report = verify_directory(*files_, "data");
    return report.ok() ? "" : report.error().message;
  }
  // What is copied without being looked at does not come back.
  bool survives_a_backup() const {
    const auto machine = files_->clone();
    return take_backup(*machine, "data", "backup", kLater).ok() &&
           restore_backup(*machine, "backup", "new", random_bytes(3), kLater).ok();
  }
  StoredImage& image_of(Manifest& manifest, bool archived) const {
    for (StoredImage& image : manifest.images) {
      if (image.archived() == archived && image.file != 0) return image;
    }
    ADD_FAILURE() << "there is no such image";
    return manifest.images.front();
  }

  static constexpr const char* kDirectory = "data/snapshots";
  std::unique_ptr<SimulatedFileSystem> files_;
  StoreIdentity identity_;
  Manifest manifest_;
  std::string path_;
};

TEST_F(WrongSnapshot, IsRefusedWhereItSaysWhatIsNotThere) {
  ASSERT_EQ(refusal(), "");
  ASSERT_TRUE(survives_a_backup());
  struct Row {
    std::function<void(Manifest&)> change;
    const char* words;
  };
  const std::string not_named = "this is not what its snapshot names";
  const std::vector<Row> rows = {
      {[](Manifest& m) { m.images[1].sale = {5}; }, "names no image of sale number 1"},
      {[](Manifest& m) { m.images[0].slug = "other"; }, not_named.c_str()},
      {[](Manifest& m) { ++m.images[0].sequence.value; }, not_named.c_str()},
      {[](Manifest& m) { m.images[0].place = m.images[1].place; }, not_named.c_str()},
      {[](Manifest& m) { ++m.images[0].place.checksum; }, not_named.c_str()},
      {[](Manifest& m) { --m.images[0].place.bytes; }, "the checksum is wrong"},
      {[](Manifest& m) { m.images[0].place.bytes = 0; }, "ends too early"},
      {[](Manifest& m) { m.images[0].place.bytes = 5; }, "a chunk has no content"},
      {[](Manifest& m) { m.images[0].place.offset = 1 << 20; }, "the file was cut short"},
      {[](Manifest& m) { m.images[0].file = 0; }, "there is no image"},
      {[](Manifest& m) { m.images[0].file = 77; }, "0000000077.images is missing"},
      {[this](Manifest& m) { image_of(m, true).archived_head = "x"; }, "no image of a sale"},
      {[this](Manifest& m) { image_of(m, true).slug = "other"; }, not_named.c_str()},
      {[](Manifest& m) { m.durable_group += 1000; }, "the journal was durable up to group"},
      {[](Manifest& m) { ++m.journal.segment; }, "data/journal/"},
      {[](Manifest& m) { ++m.journal.next_position; }, "data/journal/"},
      {[](Manifest& m) { m.journal.previous_hash[0] ^= 1; }, "data/journal/"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Manifest changed = manifest_;
    rows[i].change(changed);
    put(changed);
    EXPECT_NE(refusal(), "") << i;
    EXPECT_NE(refusal().find(rows[i].words), std::string::npos) << i << ": " << refusal();
    EXPECT_FALSE(survives_a_backup()) << i << ": " << rows[i].words;
  }
}

TEST_F(WrongSnapshot, IsRefusedWhereItsListOfImagesIsNone) {
  const auto whole = *files_->contents(path_);
  const auto content = std::span(whole).subspan(kCheckedHeaderBytes + kChunkHeaderBytes);
  put_content(content);
  ASSERT_EQ(refusal(), "");
  for (std::size_t size = 0; size < content.size(); ++size) {
    put_content(content.first(size));
    ASSERT_EQ(refusal(), path_ + ", offset 64: it is no list of images") << size;
  }
  std::vector<std::byte> longer(content.begin(), content.end());
  longer.push_back(std::byte{0});
  put_content(longer);
  EXPECT_EQ(refusal(), path_ + ", offset 64: it is no list of images");
  // That of another place in the journal: the second number in it.
  std::vector<std::byte> elsewhere(content.begin(), content.end());
  ASSERT_EQ(elsewhere[1], static_cast<std::byte>(manifest_.journal.next_group));
  elsewhere[1] ^= std::byte{1};
  put_content(elsewhere);
  EXPECT_EQ(refusal(), path_ + ", offset 64: it is no list of images");
}

TEST_F(WrongSnapshot, IsRefusedWhereMoreStandsBehindAnImage) {
  Manifest changed = manifest_;
  StoredImage& image = image_of(changed, false);
  ImagesReader reader(*files_, kDirectory, identity_);
  const auto sale = reader.read(image);
  ASSERT_TRUE(sale.ok());
  image.file = changed.next_file++;
  const std::string path = images_path(kDirectory, image.file);
  auto file = create_anew(*files_, path);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(write_header(**file, {CheckedKind::images, image.file, identity_.incarnation}).ok());
  StreamWriter writer(**file, kCheckedHeaderBytes);
  ASSERT_TRUE(sale::write_image(**sale, writer).ok());
  ASSERT_TRUE(writer.write(std::array<std::byte, 1>{}).ok());
  image.place = *writer.finish();
  changed.files[image.file] = kCheckedHeaderBytes + image.place.bytes;
  put(changed);
  EXPECT_NE(refusal().find("more is written here than belongs to it"), std::string::npos)
      << refusal();
  EXPECT_NE(refusal().find(path), std::string::npos) << refusal();
  EXPECT_FALSE(survives_a_backup());
}

// An image that any checksum would pass, of a sale that no events make.
TEST_F(WrongSnapshot, IsRefusedWhereASaleBreaksARule) {
  Manifest changed = manifest_;
  StoredImage& image = image_of(changed, true);
  ImagesReader reader(*files_, kDirectory, identity_);
  const auto sale = reader.read(image);
  ASSERT_TRUE(sale.ok());
  struct Bytes final : sale::ImageSink {
    Status write(std::span<const std::byte> bytes) override {
      all.insert(all.end(), bytes.begin(), bytes.end());
      return ok_status();
    }
    std::vector<std::byte> all;
  } bytes;
  ASSERT_TRUE(sale::write_image(**sale, bytes).ok());
  // The units of the first claim: the length of the head, the head, 48 bytes of the claim.
  std::uint32_t head = 0;
  std::memcpy(&head, bytes.all.data(), sizeof head);
  bytes.all[sizeof head + head + 48] ^= std::byte{3};
  image.file = changed.next_file++;
  auto file = create_anew(*files_, images_path(kDirectory, image.file));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(write_header(**file, {CheckedKind::images, image.file, identity_.incarnation}).ok());
  StreamWriter writer(**file, kCheckedHeaderBytes);
  ASSERT_TRUE(writer.write(bytes.all).ok());
  image.place = *writer.finish();
  changed.files[image.file] = kCheckedHeaderBytes + image.place.bytes;
  put(changed);
  ASSERT_TRUE(files_->erase("data/journal/" + segment_name(1)));  // which would say so before
  EXPECT_NE(refusal().find("has two owners"), std::string::npos) << refusal();
}

// The journal says so as long as it is kept; what was copied says nothing of it.
TEST_F(WrongSnapshot, IsRefusedWhereItHasForgottenASale) {
  Manifest changed = manifest_;
  changed.images.pop_back();
  put(changed);
  EXPECT_NE(refusal(), "");
}

TEST_F(WrongSnapshot, OfAnotherStoreIsRefused) {
  Incarnation other = identity_.incarnation;
  other[0] ^= 1;
  ASSERT_TRUE(write_manifest(*files_, path_, other, manifest_).ok());
  EXPECT_EQ(refusal(),
            path_ + ", offset 0: it belongs to another store (incarnation " + to_hex(other) + ")");
  EXPECT_FALSE(survives_a_backup());
}

TEST_F(WrongSnapshot, OfALaterFormatIsUnsupported) {
  auto file = create_anew(*files_, path_);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(
      write_header(**file,
                   {CheckedKind::manifest, manifest_.journal.next_group, identity_.incarnation},
                   kFormatVersion + 1)
          .ok());
  const auto report = verify_directory(*files_, "data");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::unsupported);
}

// Each line in its place, each as it is printed, and nothing behind them.
TEST_F(WrongSnapshot, TextsThatWereCutOrChangedSayNothing) {
  ASSERT_TRUE(take_backup(*files_, "data", "backup", kLater).ok());
  ASSERT_FALSE(identity_.former.empty());
  const auto is_read = [&](const std::string& path) {
    return path == "data/identity" ? read_identity(*files_, "data").ok()
                                   : read_backup(*files_, "backup").ok();
  };
  for (const std::string path : {"data/identity", "backup/backup"}) {
    const auto whole = *files_->contents(path);
    ASSERT_TRUE(is_read(path)) << path;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      files_->put_file(path, std::span(whole).first(at));
      EXPECT_FALSE(is_read(path)) << path << ", the first " << at << " bytes";
      for (const char put : {'\n', ' ', '0', 'x', '-'}) {
        auto changed = whole;
        changed[at] = static_cast<std::byte>(put);
        if (changed == whole) continue;
        files_->put_file(path, changed);
        EXPECT_FALSE(is_read(path)) << path << ", offset " << at << ": " << put;
      }
      auto without = whole;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(at));
      files_->put_file(path, without);
      EXPECT_FALSE(is_read(path)) << path << ", without byte " << at;
    }
    files_->put_file(path, whole);
  }
}

TEST_F(WrongSnapshot, ABackupWithALaterTimeThanCanBePrintedIsRefused) {
  ASSERT_TRUE(take_backup(*files_, "data", "backup", kLater).ok());
  const auto bytes = *files_->contents("backup/backup");
  const std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t begin = whole.find("taken-at-ms ") + 12;
  const std::size_t end = whole.find('\n', begin);
  for (const auto& [time, is_fit] : {std::pair("253402300799999", true),
                                     {"253402300800000", false},
                                     {"0", true},
                                     {"-1", false},
                                     {"00", false}}) {
    std::string text = whole.substr(0, begin) + time + whole.substr(end);
    text.resize(text.size() - checksum_line({}).size());
    text += checksum_line(text);
    files_->put_file("backup/backup", std::as_bytes(std::span(text)));
    EXPECT_EQ(read_backup(*files_, "backup").ok(), is_fit) << time;
  }
}

}  // namespace
}  // namespace doorbuster::embedded
