#include "store/embedded/store_identity.h"

#include <charconv>
#include <cstring>

#include "base/crc32c.h"

namespace doorbuster::embedded {
namespace {

constexpr std::string_view kTitle = "doorbuster store, format ";
constexpr std::size_t kLargestIdentity = 4096;

template <typename Bytes>
std::span<const std::uint8_t> raw(const Bytes& value) {
  return {reinterpret_cast<const std::uint8_t*>(value.data()),
          value.size() * sizeof(typename Bytes::value_type)};
}

std::string checksum_line(std::string_view text) {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(text.data(), text.size())));
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &crc, 4);
  return "checksum " + to_hex(bytes) + "\n";
}

std::string print(const StoreIdentity& identity) {
  std::string text(kTitle);
  text += std::to_string(kFormatVersion) + "\n";
  text += "incarnation " + to_hex(identity.incarnation) + "\n";
  text += "claim-id-key " + to_hex(raw(identity.claim_id_key)) + "\n";
  text += "buyer-hash-key " + to_hex(raw(identity.buyer_hash_key)) + "\n";
  return text + checksum_line(text);
}

// Takes "name <hex>\n" off the front of `text` into `bytes`.
template <typename Bytes>
bool take_hex(std::string_view& text, std::string_view name, Bytes& bytes) {
  const std::size_t size = bytes.size() * sizeof(typename Bytes::value_type);
  if (!text.starts_with(name) || text.size() < name.size() + 1 + 2 * size + 1) return false;
  text.remove_prefix(name.size() + 1);
  auto* out = reinterpret_cast<std::uint8_t*>(bytes.data());
  for (std::size_t i = 0; i < size; ++i) {
    const char* digits = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, out[i], 16);
    if (error != std::errc{} || end != digits + 2) return false;
  }
  text.remove_prefix(2 * size + 1);
  return true;
}

Result<StoreIdentity> parse(const std::string& path, std::string_view text) {
  if (!text.starts_with(kTitle)) {
    return Error{ErrorCode::data_damaged, path + " is not the identity of a doorbuster store"};
  }
  std::string_view rest = text.substr(kTitle.size());
  std::uint32_t format = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), format);
  if (error == std::errc{} && format > kFormatVersion) {
    return Error{ErrorCode::unsupported, path + ": the store has format " + std::to_string(format) +
                                             ", this program reads format " +
                                             std::to_string(kFormatVersion)};
  }
  rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(end - rest.data()) + 1));
  StoreIdentity identity;
  const bool read = take_hex(rest, "incarnation", identity.incarnation) &&
                    take_hex(rest, "claim-id-key", identity.claim_id_key) &&
                    take_hex(rest, "buyer-hash-key", identity.buyer_hash_key);
  if (!read || print(identity) != text) {
    return Error{ErrorCode::data_damaged, path + ": its checksum is wrong"};
  }
  return identity;
}

}  // namespace

std::string identity_path(const std::string& data_dir) { return data_dir + "/identity"; }
std::string lock_path(const std::string& data_dir) { return data_dir + "/LOCK"; }
std::string journal_path(const std::string& data_dir) { return data_dir + "/journal"; }
std::string snapshots_path(const std::string& data_dir) { return data_dir + "/snapshots"; }

StoreIdentity make_identity(const RandomSource& random) {
  StoreIdentity identity;
  std::array<std::uint8_t, 32> keys{};
  random(identity.incarnation);
  random(keys);
  std::memcpy(identity.claim_id_key.data(), keys.data(), 16);
  std::memcpy(identity.buyer_hash_key.data(), keys.data() + 16, 16);
  return identity;
}

Result<StoreIdentity> read_identity(FileSystem& files, const std::string& data_dir) {
  const std::string path = identity_path(data_dir);
  auto file = files.open(path, OpenMode::read);
  if (!file) return file.error();
  std::string text(kLargestIdentity, '\0');
  const auto read = (*file)->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!read) return read.error();
  text.resize(*read);
  return parse(path, text);
}

Status write_identity(FileSystem& files, const std::string& data_dir,
                      const StoreIdentity& identity) {
  const std::string path = identity_path(data_dir);
  const std::string temporary = path + ".tmp";
  // What a crash in here left behind before.
  if (Status removed = files.remove(temporary);
      !removed.ok() && removed.error().code != ErrorCode::not_found) {
    return removed;
  }
  auto file = files.open(temporary, OpenMode::create);
  if (!file) return file.error();
  const std::string text = print(identity);
  if (Status s = (*file)->write_at(0, std::as_bytes(std::span(text))); !s.ok()) return s;
  if (Status s = (*file)->sync(); !s.ok()) return s;
  if (Status s = files.rename(temporary, path); !s.ok()) return s;
  return files.sync_directory(data_dir);
}

}  // namespace doorbuster::embedded
