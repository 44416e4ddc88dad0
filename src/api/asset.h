// Files that the program carries within itself (cmake/embed.cmake).
//
// Thread: any; constants.
#pragma once

#include <string_view>

namespace doorbuster::api {

struct Asset {
  std::string_view text;
  std::string_view tag;  // an ETag, in its quotation marks; another one for other bytes
};

extern const Asset kOpenApiDocument;  // openapi/*.json, joined

}  // namespace doorbuster::api
