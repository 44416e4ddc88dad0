// The files that hold the images of a snapshot's sales: each is written once, with the images of as
// many sales as were at hand, and read image by image.
//
// Thread: whoever holds one. Owns: its open files.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "store/embedded/snapshot_manifest.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

class ImagesWriter {
 public:
  ImagesWriter(FileSystem& files, const std::string& directory, std::uint64_t number)
      : files_(files), number_(number), path_(images_path(directory, number)) {}

  Status open(const Incarnation& incarnation);
  // Appends the image of `sale`.
  Result<StoredImage> add(const sale::SaleState& sale);
  // Makes the file durable, and then gives it its name; that is durable when the directory has been
  // synced.
  Status finish();
  // Takes back what was written; the file may be finished or not.
  void discard();

  std::uint64_t number() const { return number_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  FileSystem& files_;
  std::uint64_t number_;
  std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t bytes_ = 0;
};

class ImagesReader {
 public:
  ImagesReader(FileSystem& files, std::string directory, const StoreIdentity& identity)
      : files_(files), directory_(std::move(directory)), identity_(identity) {}

  // data_damaged names file, offset and sale.
  Result<std::unique_ptr<sale::SaleState>> read(const StoredImage& image);
  // What the manifest itself has of an archived sale.
  Result<std::unique_ptr<sale::SaleState>> read_archived(const StoredImage& image);

 private:
  Result<File*> open(std::uint64_t number);

  FileSystem& files_;
  std::string directory_;
  StoreIdentity identity_;
  std::map<std::uint64_t, std::unique_ptr<File>> open_;
};

}  // namespace doorbuster::embedded
