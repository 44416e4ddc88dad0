#include "store/embedded/snapshot_images.h"

#include "sale/decide.h"

namespace doorbuster::embedded {
namespace {

bool is_named_by(const sale::SaleState& sale, const StoredImage& image) {
  return sale.ordinal() == image.sale && sale.sequence() == image.sequence &&
         sale.definition().slug == image.slug;
}

}  // namespace

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
  return StoredImage{sale.ordinal(),
                     sale.definition().slug,
                     sale.sequence(),
                     number_,
                     *place,
                     sale::archives_at(sale),
                     {}};
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

Result<std::unique_ptr<sale::SaleState>> ImagesReader::read_archived(const StoredImage& image) {
  auto sale =
      sale::read_archived(identity_.buyer_hash_key, std::as_bytes(std::span(image.archived_head)));
  if (!sale) return Error{sale.error().code, words_for(image) + ": " + sale.error().message};
  if (!is_named_by(**sale, image)) {
    return Error{ErrorCode::data_damaged,
                 words_for(image) + ": this is not what its snapshot names"};
  }
  return sale;
}

Result<std::unique_ptr<sale::SaleState>> ImagesReader::read(const StoredImage& image) {
  const auto named = [&](const Error& error) {
    return Error{error.code, error.message + " (" + words_for(image) + ")"};
  };
  if (image.file == 0) return named({ErrorCode::data_damaged, "there is no image"});
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
  if (!is_named_by(**sale, image)) {
    return named(damage_at(path, image.place.offset, "this is not what its snapshot names"));
  }
  return sale;
}

}  // namespace doorbuster::embedded
