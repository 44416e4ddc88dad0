#include "store/embedded/store_identity.h"

#include <charconv>
#include <cstring>

#include "base/crc32c.h"
#include "base/wire.h"

namespace doorbuster::embedded {
namespace {

constexpr std::string_view kIdentityTitle = "doorbuster store, format ";
constexpr std::size_t kLargestIdentity = std::size_t{64} << 20;
constexpr std::size_t kTextStep = 4096;

// The first format has no former ages, and is what a store without any is still written in.
constexpr std::uint32_t kPlainFormat = 1;
constexpr std::uint32_t kAgesFormat = 2;

template <typename Bytes>
std::span<const std::uint8_t> raw(const Bytes& value) {
  return {reinterpret_cast<const std::uint8_t*>(value.data()),
          value.size() * sizeof(typename Bytes::value_type)};
}

// What an age gave out, after its incarnation and key.
std::string encode(const FormerAge& age) {
  std::string out;
  put_varint(out, age.last_position);
  put_varint(out, age.sales);
  put_varint(out, age.claims.size());
  for (const auto& [sale, claims] : age.claims) {
    put_varint(out, sale);
    put_varint(out, claims);
  }
  return out;
}

bool decode(std::span<const std::byte> bytes, FormerAge& age) {
  constexpr std::uint64_t kMost = 0xffffffff;
  WireReader in(bytes);
  age.last_position = in.varint();
  age.sales = static_cast<std::uint32_t>(in.varint_up_to(kMost));
  for (std::uint64_t left = in.varint(); left > 0 && in.good(); --left) {
    const auto sale = static_cast<std::uint32_t>(in.varint_up_to(kMost));
    age.claims[sale] = static_cast<std::uint32_t>(in.varint_up_to(kMost));
  }
  return in.good() && in.at_end();
}

// Takes hex digits off the front of `text`.
bool take_hex(std::string_view& text, std::span<std::uint8_t> bytes) {
  if (text.size() < 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* digits = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, bytes[i], 16);
    if (error != std::errc{} || end != digits + 2) return false;
  }
  text.remove_prefix(2 * bytes.size());
  return true;
}

template <typename Bytes>
bool take_hex(std::string_view& text, Bytes& bytes) {
  return take_hex(text, std::span(reinterpret_cast<std::uint8_t*>(bytes.data()),
                                  bytes.size() * sizeof(typename Bytes::value_type)));
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// Takes "name <hex>\n" off the front of `text` into `bytes`.
template <typename Bytes>
bool take_line(std::string_view& text, std::string_view name, Bytes& bytes) {
  return take(text, name) && take(text, " ") && take_hex(text, bytes) && take(text, "\n");
}

// "former <incarnation> <claim-id-key> <what it gave out>\n"
bool take_age(std::string_view& text, FormerAge& age) {
  if (!take(text, "former ") || !take_hex(text, age.incarnation) || !take(text, " ") ||
      !take_hex(text, age.claim_id_key) || !take(text, " ")) {
    return false;
  }
  const std::size_t digits = text.find('\n');
  if (digits == std::string_view::npos || digits % 2 != 0) return false;
  std::vector<std::uint8_t> bytes(digits / 2);
  return take_hex(text, std::span(bytes)) && take(text, "\n") &&
         decode(std::as_bytes(std::span(bytes)), age);
}

}  // namespace

std::string checksum_line(std::string_view text) {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(text.data(), text.size())));
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &crc, 4);
  return "checksum " + to_hex(bytes) + "\n";
}

std::string print(const StoreIdentity& identity) {
  std::string text(kIdentityTitle);
  text += std::to_string(identity.former.empty() ? kPlainFormat : kAgesFormat) + "\n";
  text += "incarnation " + to_hex(identity.incarnation) + "\n";
  text += "claim-id-key " + to_hex(raw(identity.claim_id_key)) + "\n";
  text += "buyer-hash-key " + to_hex(raw(identity.buyer_hash_key)) + "\n";
  for (const FormerAge& age : identity.former) {
    const std::string given = encode(age);
    text += "former " + to_hex(age.incarnation) + " " + to_hex(raw(age.claim_id_key)) + " " +
            to_hex(raw(given)) + "\n";
  }
  return text + checksum_line(text);
}

Result<StoreIdentity> parse_identity(const std::string& path, std::string_view text) {
  if (!text.starts_with(kIdentityTitle)) {
    return Error{ErrorCode::data_damaged, path + " is not the identity of a doorbuster store"};
  }
  std::string_view rest = text.substr(kIdentityTitle.size());
  std::uint32_t format = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), format);
  if (error == std::errc{} && format > kAgesFormat) {
    return Error{ErrorCode::unsupported, path + ": the store has format " + std::to_string(format) +
                                             ", this program reads format " +
                                             std::to_string(kAgesFormat)};
  }
  rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(end - rest.data()) + 1));
  StoreIdentity identity;
  bool read = take_line(rest, "incarnation", identity.incarnation) &&
              take_line(rest, "claim-id-key", identity.claim_id_key) &&
              take_line(rest, "buyer-hash-key", identity.buyer_hash_key);
  while (read && rest.starts_with("former ")) read = take_age(rest, identity.former.emplace_back());
  if (!read || print(identity) != text) {
    return Error{ErrorCode::data_damaged, path + ": its checksum is wrong"};
  }
  return identity;
}

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

StoreIdentity make_next_identity(const StoreIdentity& identity, std::uint64_t last_position,
                                 const sale::Catalog& catalog, const RandomSource& random) {
  StoreIdentity next = make_identity(random);
  next.buyer_hash_key = identity.buyer_hash_key;  // images hold tables that were made with it
  next.former = identity.former;
  FormerAge& age = next.former.emplace_back();
  age.incarnation = identity.incarnation;
  age.claim_id_key = identity.claim_id_key;
  age.last_position = last_position;
  age.sales = catalog.size();
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    const sale::SaleState& sale = catalog[{i}];
    // Closed is final (R12): nothing is granted again.
    if (sale.status() != sale::SaleStatus::closed) age.claims[i] = sale.granted();
  }
  return next;
}

Result<std::string> read_text(FileSystem& files, const std::string& path, std::size_t most) {
  auto file = files.open(path, OpenMode::read);
  if (!file) return file.error();
  std::string text;
  while (text.size() <= most) {
    const std::size_t before = text.size();
    text.resize(before + kTextStep);
    const auto read =
        (*file)->read_at(before, std::as_writable_bytes(std::span(text)).subspan(before));
    if (!read) return read.error();
    text.resize(before + *read);
    if (*read < kTextStep) return text;
  }
  return Error{ErrorCode::data_damaged, path + " is larger than it can be"};
}

Status write_text(FileSystem& files, const std::string& directory, const std::string& path,
                  std::string_view text) {
  const std::string temporary = path + ".tmp";
  // What a crash in here left behind before.
  if (Status removed = files.remove(temporary);
      !removed.ok() && removed.error().code != ErrorCode::not_found) {
    return removed;
  }
  auto file = files.open(temporary, OpenMode::create);
  if (!file) return file.error();
  if (Status s = (*file)->write_at(0, std::as_bytes(std::span(text))); !s.ok()) return s;
  if (Status s = (*file)->sync(); !s.ok()) return s;
  if (Status s = files.rename(temporary, path); !s.ok()) return s;
  return files.sync_directory(directory);
}

Result<StoreIdentity> read_identity(FileSystem& files, const std::string& data_dir) {
  const std::string path = identity_path(data_dir);
  const auto text = read_text(files, path, kLargestIdentity);
  if (!text) return text.error();
  return parse_identity(path, *text);
}

Status write_identity(FileSystem& files, const std::string& data_dir,
                      const StoreIdentity& identity) {
  return write_text(files, data_dir, identity_path(data_dir), print(identity));
}

}  // namespace doorbuster::embedded
