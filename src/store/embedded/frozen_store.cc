#include "store/embedded/frozen_store.h"

#include <algorithm>

namespace doorbuster::embedded {
namespace {

// A server takes a snapshot every few seconds at most, and opening files takes milliseconds.
constexpr int kAttempts = 20;

Error read_only(const std::string& path) { return {ErrorCode::io_failed, path + " is only read"}; }

// Follows the groups, and looks at nothing in them.
class Passing final : public GroupVisitor {
 public:
  Status on_group(const GroupHeader&, std::span<const std::byte>) override { return ok_status(); }
  std::string describe(std::span<const std::byte>) override { return "not looked at"; }
};

}  // namespace

// A file that is open here; zeros behind where the journal ends.
class FrozenStore::Opened final : public File {
 public:
  Opened(std::shared_ptr<File> file, std::string path, bool sealed,
         std::optional<std::uint64_t> end)
      : file_(std::move(file)), path_(std::move(path)), sealed_(sealed), end_(end) {}

  Status write_at(std::uint64_t, std::span<const std::byte>) override { return read_only(path_); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) override {
    auto read = file_->read_at(offset, bytes);
    if (!read || !end_ || offset + *read <= *end_) return read;
    const std::uint64_t kept = *end_ > offset ? *end_ - offset : 0;
    std::ranges::fill(bytes.first(*read).subspan(kept), std::byte{0});
    return read;
  }
  Status sync() override { return read_only(path_); }
  // Of a group that is being written it does not matter here whether it is on the disk already, and
  // the server should not wait for a second sync.
  Status settle() override { return sealed_ ? file_->settle() : ok_status(); }
  Result<std::uint64_t> size() override { return file_->size(); }

 private:
  std::shared_ptr<File> file_;
  std::string path_;
  bool sealed_;
  std::optional<std::uint64_t> end_;
};

Result<std::unique_ptr<FrozenStore>> FrozenStore::freeze(FileSystem& files,
                                                         const std::string& data_dir,
                                                         const StoreIdentity& identity) {
  for (int attempt = 1;; ++attempt) {
    std::unique_ptr<FrozenStore> frozen(new FrozenStore(files, data_dir, identity));
    const auto names = frozen->names_there();
    if (!names) return names.error();
    const auto opened = frozen->open_all(*names);
    if (!opened) return opened.error();
    if (!*opened && attempt < kAttempts) {
      const auto now = frozen->names_there();
      if (!now) return now.error();
      if (*now != *names) continue;
    }
    frozen->cut();
    return frozen;
  }
}

Result<FrozenStore::Names> FrozenStore::names_there() const {
  Names names;
  for (const std::string& directory : {snapshots_path(data_dir_), journal_path(data_dir_)}) {
    auto found = files_.list(directory);
    if (found) {
      std::erase_if(*found,
                    [](const std::string& name) { return name.ends_with(kTemporarySuffix); });
      names[directory] = std::move(*found);
    } else if (found.error().code != ErrorCode::not_found) {
      return found.error();
    }
  }
  if (!names.contains(journal_path(data_dir_))) {
    return Error{ErrorCode::not_found, "there is no " + journal_path(data_dir_)};
  }
  return names;
}

Result<bool> FrozenStore::pin(const std::string& path) {
  auto file = files_.open(path, OpenMode::read);
  if (file) {
    pinned_[path] = std::move(*file);
    return true;
  }
  if (file.error().code == ErrorCode::not_found) return false;
  return file.error();
}

// The newest manifest as it is now; nothing: there is none.
Result<std::optional<Manifest>> FrozenStore::pin_snapshot() {
  const std::string directory = snapshots_path(data_dir_);
  auto manifest = read_newest_manifest(*this, directory, identity_.incarnation);
  if (!manifest || !*manifest) return manifest;
  for (const auto& [number, bytes] : (*manifest)->files) {
    const auto pinned = pin(images_path(directory, number));
    if (!pinned) return pinned.error();
    if (!*pinned) return Error{ErrorCode::not_found, images_path(directory, number) + " is gone"};
  }
  return manifest;
}

Result<bool> FrozenStore::open_all(const Names& names) {
  bool whole = true;
  std::uint64_t first_needed = 1;
  if (const auto snapshots = names.find(snapshots_path(data_dir_)); snapshots != names.end()) {
    has_snapshots_ = true;
    for (const std::string& name : snapshots->second) {
      if (!number_of(name, kManifestSuffix)) continue;
      const auto pinned = pin(snapshots->first + "/" + name);
      if (!pinned) return pinned.error();
      whole = whole && *pinned;
    }
    const auto manifest = pin_snapshot();
    if (manifest && *manifest) first_needed = (*manifest)->journal.segment;
    if (!manifest && manifest.error().code != ErrorCode::data_damaged &&
        manifest.error().code != ErrorCode::unsupported) {
      if (manifest.error().code != ErrorCode::not_found) return manifest.error();
      whole = false;
    }
  }
  // From the last one down, so that the segments that go meanwhile are those below what is there.
  const std::string directory = journal_path(data_dir_);
  const auto& segments = names.at(directory);
  for (auto name = segments.rbegin(); name != segments.rend(); ++name) {
    const auto number = segment_number(*name);
    if (!number) continue;
    const auto pinned = pin(directory + "/" + *name);
    if (!pinned) return pinned.error();
    if (*pinned) continue;
    if (*number >= first_needed) whole = false;
    break;
  }
  return whole;
}

// A group that was being written while its place was read looks like damage when the next one was
// read whole: so what looks like damage is read again, until it looks the same twice.
void FrozenStore::cut() {
  std::string said;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto end = read_tail();
    if (end) {
      if (end->segment == 0) return;
      end_ = *end;
      torn_bytes_ = end->torn_behind;
      if (end->torn_end > end->offset) torn_bytes_ += end->torn_end - end->offset;
      return;
    }
    if (end.error().message == said) return;
    said = end.error().message;
  }
}

// From the last two segments that have a header: what stands before is written no more.
Result<JournalEnd> FrozenStore::read_tail() {
  const std::string directory = journal_path(data_dir_);
  const auto names = list(directory);
  if (!names) return names.error();
  std::optional<JournalStart> start;
  int found = 0;
  for (auto name = names->rbegin(); name != names->rend() && found < 2; ++name) {
    const auto number = segment_number(*name);
    if (!number) continue;
    const auto begins = read_start(*this, directory, identity_.incarnation, *number);
    if (!begins && found == 0) continue;
    if (!begins) break;
    start = *begins;
    ++found;
  }
  if (!start) return JournalEnd{};
  Passing passing;
  return read_journal(*this, {directory, identity_.incarnation, *start}, passing);
}

Result<std::unique_ptr<File>> FrozenStore::open(const std::string& path, OpenMode mode) {
  if (mode != OpenMode::read) return read_only(path);
  const auto pinned = pinned_.find(path);
  if (pinned == pinned_.end()) return Error{ErrorCode::not_found, path + " is not there"};
  std::optional<std::uint64_t> end;
  const auto number = segment_number(path.substr(path.rfind('/') + 1));
  if (end_ && number && *number >= end_->segment) {
    end = *number == end_->segment ? end_->offset : 0;
  }
  const bool sealed = end_ && number && *number < end_->segment;
  return std::unique_ptr<File>(std::make_unique<Opened>(pinned->second, path, sealed, end));
}

Result<std::vector<std::string>> FrozenStore::list(const std::string& directory) {
  if (directory == snapshots_path(data_dir_) && !has_snapshots_) {
    return Error{ErrorCode::not_found, "there is no " + directory};
  }
  std::vector<std::string> names;
  const std::string prefix = directory + "/";
  for (const auto& [path, file] : pinned_) {
    if (path.starts_with(prefix)) names.push_back(path.substr(prefix.size()));
  }
  std::ranges::sort(names);
  return names;
}

Status FrozenStore::rename(const std::string& from, const std::string&) { return read_only(from); }
Status FrozenStore::remove(const std::string& path) { return read_only(path); }
Status FrozenStore::create_directory(const std::string& path) { return read_only(path); }
Status FrozenStore::sync_directory(const std::string& path) { return read_only(path); }
Result<std::unique_ptr<FileLock>> FrozenStore::lock(const std::string& path) {
  return read_only(path);
}

}  // namespace doorbuster::embedded
