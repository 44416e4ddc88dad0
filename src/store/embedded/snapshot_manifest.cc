#include "store/embedded/snapshot_manifest.h"

#include <algorithm>

#include "base/wire.h"

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kMaxHeadBytes = std::size_t{1} << 20;

std::string encode(const Manifest& manifest) {
  std::string out;
  put_varint(out, manifest.journal.segment);
  put_varint(out, manifest.journal.next_group);
  put_varint(out, manifest.journal.next_position);
  put_varint(out, static_cast<std::uint64_t>(manifest.journal.time.time_since_epoch().count()));
  out.append(reinterpret_cast<const char*>(manifest.journal.previous_hash.data()),
             manifest.journal.previous_hash.size());
  put_varint(out, manifest.durable_group);
  put_varint(out, manifest.next_file);
  put_varint(out, manifest.files.size());
  for (const auto& [file, bytes] : manifest.files) {
    put_varint(out, file);
    put_varint(out, bytes);
  }
  put_varint(out, manifest.images.size());
  for (const StoredImage& image : manifest.images) {
    put_varint(out, image.sale.value);
    put_text(out, image.slug);
    put_varint(out, image.sequence.value);
    put_varint(out, image.file);
    put_varint(out, image.place.offset);
    put_varint(out, image.place.bytes);
    put_varint(out, image.place.checksum);
    put_varint(out, static_cast<std::uint64_t>(image.archives_at.time_since_epoch().count()));
    put_text(out, image.archived_head);
  }
  return out;
}

StoredImage take_image(WireReader& in) {
  StoredImage image;
  image.sale = {static_cast<std::uint32_t>(in.varint_up_to(0xfffffffe))};
  image.slug = in.text(sale::Slug::kCapacity);
  image.sequence = {in.varint()};
  image.file = in.varint();
  image.place.offset = in.varint();
  image.place.bytes = in.varint();
  image.place.checksum = static_cast<std::uint32_t>(in.varint_up_to(0xffffffff));
  image.archives_at = Time(std::chrono::milliseconds(static_cast<std::int64_t>(in.varint())));
  image.archived_head = in.text(kMaxHeadBytes);
  return image;
}

std::optional<Manifest> decode(std::span<const std::byte> bytes) {
  WireReader in(bytes);
  Manifest manifest;
  manifest.journal.segment = in.varint();
  manifest.journal.next_group = in.varint();
  manifest.journal.next_position = in.varint();
  manifest.journal.time = Time(std::chrono::milliseconds(static_cast<std::int64_t>(in.varint())));
  const auto hash = in.bytes(manifest.journal.previous_hash.size());
  std::ranges::copy(hash,
                    std::as_writable_bytes(std::span(manifest.journal.previous_hash)).begin());
  manifest.durable_group = in.varint();
  manifest.next_file = in.varint();
  for (std::uint64_t left = in.varint(); left > 0 && in.good(); --left) {
    const std::uint64_t file = in.varint();
    manifest.files[file] = in.varint();
  }
  for (std::uint64_t left = in.varint(); left > 0 && in.good(); --left) {
    manifest.images.push_back(take_image(in));
  }
  if (!in.good() || !in.at_end()) return std::nullopt;
  return manifest;
}

Result<Manifest> read_manifest(FileSystem& files, const std::string& directory,
                               std::uint64_t next_group, const Incarnation& incarnation) {
  const std::string path = manifest_path(directory, next_group);
  auto file = files.open(path, OpenMode::read);
  if (!file) return file.error();
  if (Status s = check_header(**file, path, {CheckedKind::manifest, next_group, incarnation});
      !s.ok()) {
    return s.error();
  }
  const auto size = (*file)->size();
  if (!size) return size.error();
  StreamReader reader(**file, path, {kCheckedHeaderBytes, *size - kCheckedHeaderBytes, 0});
  std::vector<std::byte> content;
  while (!reader.at_end()) {
    if (Status s = reader.read_some(content); !s.ok()) return s.error();
  }
  auto manifest = decode(content);
  if (!manifest || manifest->journal.next_group != next_group) {
    return damage_at(path, kCheckedHeaderBytes, "it is no list of images");
  }
  return std::move(*manifest);
}

}  // namespace

std::string manifest_path(const std::string& directory, std::uint64_t next_group) {
  return directory + "/" + numbered_name(next_group, kManifestSuffix);
}

std::string images_path(const std::string& directory, std::uint64_t file) {
  return directory + "/" + numbered_name(file, kImagesSuffix);
}

Result<std::optional<Manifest>> read_newest_manifest(FileSystem& files,
                                                     const std::string& directory,
                                                     const Incarnation& incarnation) {
  const auto names = files.list(directory);
  if (!names) {
    if (names.error().code == ErrorCode::not_found) return std::optional<Manifest>();
    return names.error();
  }
  std::optional<std::uint64_t> newest;
  for (const std::string& name : *names) {
    const auto number = number_of(name, kManifestSuffix);
    if (number && (!newest || *number > *newest)) newest = number;
  }
  if (!newest) return std::optional<Manifest>();
  auto manifest = read_manifest(files, directory, *newest, incarnation);
  if (!manifest) return manifest.error();
  return std::optional(std::move(*manifest));
}

Status write_manifest(FileSystem& files, const std::string& path, const Incarnation& incarnation,
                      const Manifest& manifest) {
  auto file = create_anew(files, path);
  if (!file) return file.error();
  const CheckedHeader header{CheckedKind::manifest, manifest.journal.next_group, incarnation};
  if (Status s = write_header(**file, header); !s.ok()) return s;
  StreamWriter writer(**file, kCheckedHeaderBytes);
  const std::string content = encode(manifest);
  if (Status s = writer.write(std::as_bytes(std::span(content))); !s.ok()) return s;
  if (const auto place = writer.finish(); !place) return place.error();
  return (*file)->sync();
}

std::string words_for(const StoredImage& image) {
  return "sale " + image.slug + ", up to sequence " + std::to_string(image.sequence.value);
}

}  // namespace doorbuster::embedded
