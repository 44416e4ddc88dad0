#include "cli/settings_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace doorbuster::cli {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
// Of dotted keys and headers each point is a table within a table, and tables are parsed and freed
// by recursion.
constexpr std::size_t kMostPoints = 1000;

FilePosition position_of(const toml::source_position& at) { return {at.line, at.column}; }

FileFault refused_by_system(int error) { return {std::strerror(error), {}}; }

// Closes its file.
struct OpenFile {
  int descriptor;
  explicit OpenFile(int opened) : descriptor(opened) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

// Where the string that begins at `from` has ended; as far as the text is good TOML.
std::size_t end_of_string(std::string_view text, std::size_t from) {
  const char mark = text[from];
  const bool has_lines = text.substr(from, 3) == std::string(3, mark);
  const std::string end(has_lines ? 3 : 1, mark);
  for (std::size_t at = from + end.size(); at < text.size(); ++at) {
    if (mark == '"' && text[at] == '\\') {
      ++at;
    } else if (text.substr(at, end.size()) == end) {
      return at + end.size();
    } else if (text[at] == '\n' && !has_lines) {
      return at;
    }
  }
  return text.size();
}

// The points that are neither in a string nor in a comment.
std::size_t count_points(std::string_view text) {
  std::size_t points = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '\'') {
      at = end_of_string(text, at);
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      if (text[at] == '.') ++points;
      ++at;
    }
  }
  return points;
}

std::string segment_of(std::string_view key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-';
  });
  return bare ? std::string(key) : "\"" + std::string(key) + "\"";
}

FileValue list_of(const toml::array& array) {
  std::vector<std::string> texts;
  for (const toml::node& element : array) {
    const auto* text = element.as_string();
    if (text == nullptr) return UnusableValue{"a list of other things than strings"};
    texts.push_back(text->get());
  }
  return texts;
}

FileValue value_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::boolean:
      return node.as_boolean()->get();
    case toml::node_type::integer:
      return node.as_integer()->get();
    case toml::node_type::string:
      return node.as_string()->get();
    case toml::node_type::array:
      return list_of(*node.as_array());
    case toml::node_type::table:
      return Section{};
    case toml::node_type::floating_point:
      return UnusableValue{"a number with a fraction"};
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return UnusableValue{"a date or time"};
    case toml::node_type::none:
      break;
  }
  return UnusableValue{"nothing"};
}

void append_entries(const toml::table& table, const std::string& prefix,
                    std::vector<FileEntry>& entries) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + segment_of(key.str());
    entries.push_back(
        {name, value_of(node), position_of(key.source().begin), position_of(node.source().begin)});
    // No setting stands deeper than in a section; what does is unknown as a whole.
    const auto* inner = node.as_table();
    if (inner != nullptr && prefix.empty()) append_entries(*inner, name + ".", entries);
  }
}

}  // namespace

std::variant<std::string, FileFault> read_small_file(const std::string& path, std::size_t most) {
  // Opening a pipe that nobody writes to shall not wait.
  const OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.descriptor < 0 || ::fstat(file.descriptor, &status) != 0) {
    return refused_by_system(errno);
  }
  if (!S_ISREG(status.st_mode)) return FileFault{"is no plain file", {}};
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t got = ::read(file.descriptor, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused_by_system(errno);
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > most) {
      return FileFault{"is larger than " + std::to_string(most) + " bytes", {}};
    }
  }
}

std::variant<std::vector<FileEntry>, FileFault> read_settings_file(const std::string& path) {
  const auto text = read_small_file(path, kMostBytes);
  if (const auto* fault = std::get_if<FileFault>(&text)) return *fault;
  const auto& toml = std::get<std::string>(text);
  if (count_points(toml) > kMostPoints) {
    return FileFault{"has too many sections within sections", {}};
  }
  std::vector<FileEntry> entries;
  try {
    const toml::table table = toml::parse(toml, path);
    append_entries(table, "", entries);
  } catch (const toml::parse_error& error) {
    return FileFault{std::string(error.description()), position_of(error.source().begin)};
  }
  // The library sorts by name.
  std::stable_sort(entries.begin(), entries.end(), [](const FileEntry& a, const FileEntry& b) {
    return std::pair(a.name_at.line, a.name_at.column) <
           std::pair(b.name_at.line, b.name_at.column);
  });
  return entries;
}

}  // namespace doorbuster::cli
