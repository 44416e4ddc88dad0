#include "store/embedded/backup_mark.h"

#include <string_view>

#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {
namespace {

constexpr std::size_t kLongestMark = 64;

std::string mark_in(const std::string& data_dir) { return data_dir + "/last-backup"; }

}  // namespace

Status note_backup(FileSystem& files, const std::string& data_dir, Time taken_at) {
  return write_text(files, data_dir, mark_in(data_dir), to_rfc3339(taken_at) + "\n");
}

std::optional<Time> last_backup(FileSystem& files, const std::string& data_dir) {
  const auto text = read_text(files, mark_in(data_dir), kLongestMark);
  if (!text || !text->ends_with('\n')) return std::nullopt;
  return parse_rfc3339(std::string_view(*text).substr(0, text->size() - 1));
}

}  // namespace doorbuster::embedded
