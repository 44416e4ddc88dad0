#include "api/web_site.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "api/text.h"
#include "base/check.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kMaxFile = std::size_t{8} << 20;

struct TypeOfName {
  std::string_view ending;
  std::string_view content_type;
};

constexpr TypeOfName kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
};

std::string_view type_of(std::string_view name) {
  for (const TypeOfName& each : kTypes) {
    if (name.ends_with(each.ending)) return each.content_type;
  }
  return {};
}

// A name that is in one folder and in no other.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

// The whole of a plain file of moderate size, reached without following a link; false otherwise.
bool read_file(const std::string& folder, const std::string& part, const std::string& name,
               std::string& out) {
  const Descriptor top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top.is_open()) return false;
  const Descriptor below(
      ::openat(top.number(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below.is_open()) return false;
  // O_NONBLOCK: a pipe with that name must not hold the thread.
  const Descriptor file(
      ::openat(below.number(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (!file.is_open() || ::fstat(file.number(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return false;
  }
  out.clear();
  std::array<char, 65'536> block;
  while (out.size() <= kMaxFile) {
    const ssize_t got = ::read(file.number(), block.data(), block.size());
    if (got < 0) return false;
    if (got == 0) return true;
    out.append(block.data(), static_cast<std::size_t>(got));
  }
  return false;
}

// How much a client likes each coding; nothing where it does not name it.
struct Likings {
  std::optional<unsigned> identity;
  std::optional<unsigned> gzip;
  std::optional<unsigned> brotli;
  std::optional<unsigned> others;  // *

  void read(std::string_view element) {
    const auto end = std::min(element.find(';'), element.size());
    const auto name = http::without_spaces_around(element.substr(0, end));
    const unsigned weight = weight_of(element.substr(end));
    if (http::same_ignoring_case(name, "br")) brotli = weight;
    if (http::same_ignoring_case(name, "gzip") || http::same_ignoring_case(name, "x-gzip")) {
      gzip = weight;
    }
    if (http::same_ignoring_case(name, "identity")) identity = weight;
    if (name == "*") others = weight;
  }
};

}  // namespace

Result<WebSite> WebSite::from_folder(const std::string& folder) {
  const Descriptor top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top.is_open()) {
    return Error{ErrorCode::invalid_argument, "'" + folder + "' is no folder that can be read"};
  }
  WebSite site;
  site.folder_ = folder;
  return site;
}

std::optional<WebFile> WebSite::find(std::string_view path, std::string& buffer) const {
  if (folder_.empty()) {
    const auto found = std::find_if(files_.begin(), files_.end(),
                                    [&](const WebFile& file) { return file.path == path; });
    if (found == files_.end()) return std::nullopt;
    return *found;
  }
  // "/part/name"
  const auto slash = path.find('/', 1);
  if (!path.starts_with('/') || slash == std::string_view::npos) return std::nullopt;
  const std::string part(path.substr(1, slash - 1));
  const std::string_view asked = path.substr(slash + 1);
  const std::string name(asked.empty() ? "index.html" : asked);
  if (!is_plain_name(part) || !is_plain_name(name)) return std::nullopt;
  WebFile file;
  file.content_type = type_of(name);
  if (file.content_type.empty() || !read_file(folder_, part, name, buffer)) return std::nullopt;
  file.path = path;
  file.text = buffer;
  return file;
}

ContentCoding preferred_coding(std::span<const http::Field> fields, const WebFile& file) {
  Likings likings;
  for (const http::Field& field : fields) {
    if (!http::same_ignoring_case(field.name, "accept-encoding")) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      const auto end = std::min(list.find(','), list.size());
      likings.read(list.substr(0, end));
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  }
  const unsigned gzip = file.gzip.empty() ? 0 : likings.gzip.value_or(likings.others.value_or(0));
  const unsigned brotli =
      file.brotli.empty() ? 0 : likings.brotli.value_or(likings.others.value_or(0));
  // What is not named is taken, and least liked.
  const unsigned identity = likings.identity.value_or(0);
  if (brotli > 0 && brotli >= gzip && brotli >= identity) return ContentCoding::brotli;
  if (gzip > 0 && gzip >= identity) return ContentCoding::gzip;
  return ContentCoding::identity;
}

}  // namespace doorbuster::api
