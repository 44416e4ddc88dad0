#include "store/embedded/backup.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "store/embedded/frozen_store.h"
#include "store/embedded/recovery.h"
#include "store/embedded/store_copy.h"

namespace doorbuster::embedded {
namespace {

constexpr std::string_view kTitle = "doorbuster backup, format ";
constexpr std::uint32_t kBackupFormat = 1;
constexpr std::string_view kIdentityFollows = "identity\n";
constexpr std::size_t kLargestBackupFile = std::size_t{65} << 20;
constexpr const char* kKeysName = "keys.json";

std::string backup_path(const std::string& directory) {
  return directory + "/" + std::string(kBackupName);
}

// The numbers of a backup, by the names they have in its file.
struct Number {
  std::string_view name;
  std::uint64_t Backup::*value;
};
constexpr std::array<Number, 5> kNumbers = {{{"groups ", &Backup::groups},
                                             {"events ", &Backup::events},
                                             {"images ", &Backup::images},
                                             {"segments ", &Backup::segments},
                                             {"bytes ", &Backup::bytes}}};
constexpr std::int64_t kYear10000 = 253'402'300'800'000;
constexpr std::string_view kTakenAt = "taken-at-ms ";

std::string print(const Backup& backup) {
  std::string text(kTitle);
  text += std::to_string(kBackupFormat) + "\n";
  text.append(kTakenAt) += std::to_string(backup.taken_at.time_since_epoch().count()) + "\n";
  for (const Number& number : kNumbers) {
    text.append(number.name) += std::to_string(backup.*number.value) + "\n";
  }
  text.append(kIdentityFollows) += print(backup.identity);
  return text + checksum_line(text);
}

template <typename Integer>
bool take_number(std::string_view& text, std::string_view name, Integer& value) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data() + text.size() || *end != '\n') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

Result<Backup> parse(const std::string& path, std::string_view text) {
  const Error damaged{ErrorCode::data_damaged, path + ": its checksum is wrong"};
  std::string_view rest = text;
  std::uint32_t format = 0;
  if (!take_number(rest, kTitle, format)) {
    return Error{ErrorCode::data_damaged, path + " is not the file of a doorbuster backup"};
  }
  if (format > kBackupFormat) {
    return Error{ErrorCode::unsupported,
                 path + ": the backup has format " + std::to_string(format) +
                     ", this program reads format " + std::to_string(kBackupFormat)};
  }
  Backup backup;
  std::int64_t taken_at = 0;
  bool good = take_number(rest, kTakenAt, taken_at);
  backup.taken_at = Time(std::chrono::milliseconds(taken_at));
  good = good && taken_at >= 0 && taken_at < kYear10000;
  for (const Number& number : kNumbers) {
    good = good && take_number(rest, number.name, backup.*number.value);
  }
  if (!good || !rest.starts_with(kIdentityFollows)) return damaged;
  rest.remove_prefix(kIdentityFollows.size());
  const std::size_t last_line = checksum_line({}).size();
  if (rest.size() < last_line) return damaged;
  auto identity = parse_identity(path, rest.substr(0, rest.size() - last_line));
  if (!identity) return identity.error();
  backup.identity = std::move(*identity);
  if (print(backup) != text) return damaged;
  return backup;
}

}  // namespace

Status check_complete(FileSystem& files, const std::string& backup_dir, const Backup& backup,
                      const Recovered& read) {
  const JournalEnd& end = read.end;
  if (read.images != backup.images) {
    return Error{ErrorCode::data_damaged,
                 snapshots_path(backup_dir) + " names " + std::to_string(read.images) +
                     " images, the backup had " + std::to_string(backup.images)};
  }
  if (end.next_group - 1 != backup.groups) {
    return Error{ErrorCode::data_damaged, backup_dir + ": the journal ends with group " +
                                              std::to_string(end.next_group - 1) +
                                              ", the backup had " + std::to_string(backup.groups)};
  }
  const std::string journal = journal_path(backup_dir);
  const auto names = files.list(journal);
  if (!names) return names.error();
  const auto segments = static_cast<std::uint64_t>(std::ranges::count_if(
      *names, [](const std::string& name) { return segment_number(name).has_value(); }));
  if (segments == backup.segments) return ok_status();
  return Error{ErrorCode::data_damaged, journal + " has " + std::to_string(segments) +
                                            " segments, the backup had " +
                                            std::to_string(backup.segments)};
}

Result<Backup> take_backup(FileSystem& files, const std::string& data_dir,
                           const std::string& backup_dir, Time now) {
  auto identity = read_identity(files, data_dir);
  if (!identity) return identity.error();
  auto frozen = FrozenStore::freeze(files, data_dir, *identity);
  if (!frozen) return frozen.error();
  if (Status s = make_empty_directory(files, backup_dir); !s.ok()) return s.error();
  const StorePlace to{files, backup_dir, *identity};
  const auto copied = copy_store({**frozen, data_dir, *identity}, to,
                                 [](SegmentsWriter&, const JournalEnd&) { return ok_status(); });
  if (!copied) return copied.error();
  if (Status s = copy_if_there({files, data_dir, *identity}, to, kKeysName); !s.ok()) {
    return s.error();
  }
  Backup backup{now,
                copied->end.next_group - 1,
                copied->end.next_position - 1,
                copied->images,
                copied->segments,
                copied->bytes,
                std::move(*identity)};
  const Status written = write_text(files, backup_dir, backup_path(backup_dir), print(backup));
  if (!written.ok()) return written.error();
  return backup;
}

Result<Backup> read_backup(FileSystem& files, const std::string& backup_dir) {
  const std::string path = backup_path(backup_dir);
  const auto text = read_text(files, path, kLargestBackupFile);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) return text.error();
    return Error{
        ErrorCode::not_found,
        backup_dir + " is no backup, or one that did not come to its end: there is no " + path};
  }
  return parse(path, *text);
}

}  // namespace doorbuster::embedded
