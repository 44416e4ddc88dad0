#include "store/embedded/snapshot_images.h"

namespace doorbuster::embedded {

Status ImagesWriter::open(const Incarnation& incarnation) {
  auto file = create_anew(files_, path_ + std::string(kTemporarySuffix));
  if (!file) return file.error();
  file_ = std::move(*file);
  bytes_ = kCheckedHeaderBytes;
  return write_header(*file_, {CheckedKind::images, number_, incarnation});
}

Result<StoredImage> ImagesWriter::add(const sale::SaleState& sale) {
  StreamWriter writer(*file_, bytes_);
  if (Status s = sale::write_image(sale, writer); !s.ok()) return s.error();
  const auto place = writer.finish();
  if (!place) return place.error();
  bytes_ += place->bytes;
  return StoredImage{sale.ordinal(), sale.definition().slug, sale.sequence(), number_, *place};
}

Status ImagesWriter::finish() {
  if (Status s = file_->sync(); !s.ok()) return s;
  file_.reset();
  return files_.rename(path_ + std::string(kTemporarySuffix), path_);
}

void ImagesWriter::discard() {
  file_.reset();
  // That this may fail changes nothing: nothing names the file, and the next snapshot replaces it.
  static_cast<void>(files_.remove(path_ + std::string(kTemporarySuffix)));
  static_cast<void>(files_.remove(path_));
}

Result<File*> ImagesReader::open(std::uint64_t number) {
  auto& file = open_[number];
  if (file != nullptr) return file.get();
  const std::string path = images_path(directory_, number);
  auto opened = files_.open(path, OpenMode::read);
  if (!opened) {
    if (opened.error().code != ErrorCode::not_found) return opened.error();
    return Error{ErrorCode::data_damaged, path + " is missing"};
  }
  if (Status s = check_header(**opened, path, {CheckedKind::images, number, identity_.incarnation});
      !s.ok()) {
    return s.error();
  }
  file = std::move(*opened);
  return file.get();
}

Result<std::unique_ptr<sale::SaleState>> ImagesReader::read(const StoredImage& image) {
  const auto named = [&](const Error& error) {
    return Error{error.code, error.message + " (" + words_for(image) + ")"};
  };
  const auto file = open(image.file);
  if (!file) return named(file.error());
  const std::string path = images_path(directory_, image.file);
  StreamReader reader(**file, path, image.place);
  auto sale = sale::read_image(identity_.buyer_hash_key, reader);
  if (!sale) {
    const Error& error = sale.error();
    const bool placed = error.message.starts_with(path);
    return named(placed || error.code != ErrorCode::data_damaged
                     ? error
                     : damage_at(path, image.place.offset, error.message));
  }
  if (Status s = reader.finish(); !s.ok()) return named(s.error());
  if ((*sale)->ordinal() != image.sale || (*sale)->sequence() != image.sequence ||
      (*sale)->definition().slug != image.slug) {
    return named(damage_at(path, image.place.offset, "this is not what its snapshot names"));
  }
  return sale;
}

}  // namespace doorbuster::embedded
