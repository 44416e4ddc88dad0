// What browsers are served: the console, the buyer's element and the demo shop, as files that web/
// builds. Within the program they stand whole and compressed; or they are read from a folder at
// each request, while somebody works on them.
//
// Thread: any; a site does not change while a server has it. From a folder a look reads the disk on
// the caller's thread, which is for developing alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"

namespace doorbuster::api {

struct WebFile {
  std::string_view path;  // "/console/", "/console/main-1A2B3C4D.js"
  std::string_view content_type;
  std::string_view tag;    // of its content; without quotation marks
  bool immutable = false;  // its name changes when its content does
  std::string_view text;
  std::string_view gzip;  // empty: not smaller
  std::string_view brotli;
};

// Those within the program (web/CMakeLists.txt).
std::span<const WebFile> embedded_web_files();

class WebSite {
 public:
  // Of no files.
  WebSite() = default;
  explicit WebSite(std::span<const WebFile> files) : files_(files) {}
  // As web/build.mjs wrote them to `folder`; it must be one.
  static Result<WebSite> from_folder(const std::string& folder);

  // The file that is served at `path`; what was read for it stands in `buffer`, which must outlive
  // it. From a folder no name leads elsewhere: no "..", and no link is followed.
  std::optional<WebFile> find(std::string_view path, std::string& buffer) const;

 private:
  std::span<const WebFile> files_;
  std::string folder_;  // empty: those of files_
};

enum class ContentCoding : std::uint8_t { identity, gzip, brotli };

// The coding of those that `file` has which the client likes best (RFC 9110, 12.5.3); the smallest
// where it likes several alike. identity where it says nothing, or takes none.
ContentCoding preferred_coding(std::span<const http::Field> fields, const WebFile& file);

}  // namespace doorbuster::api
