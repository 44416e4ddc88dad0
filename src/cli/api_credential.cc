#include "cli/api_credential.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "api/api_key.h"
#include "http/syntax.h"

namespace doorbuster::cli {
namespace {

constexpr const char* kKeyVariable = "DOORBUSTER_API_KEY";
constexpr const char* kFileVariable = "DOORBUSTER_API_KEY_FILE";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Error wrong(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

// `text` without what an editor or a shell puts around it; `from` says where it was found.
Result<std::string> checked(std::string_view text, const std::string& from) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  text = http::without_spaces_around(text);
  switch (api::shape_of_key(text)) {
    case api::KeyShape::whole:
      return std::string(text);
    case api::KeyShape::mistyped:
      return wrong(from +
                   ": the key in it is not as it was made: some of it is missing or mistyped");
    case api::KeyShape::not_a_key:
      break;
  }
  return wrong(from + ": what it holds is no key: a key begins with db_sk_");
}

Result<std::string> key_in(const std::string& path) {
  constexpr std::size_t kMost = 1024;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             std::fclose);
  std::string text(kMost, '\0');
  if (file != nullptr) text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (file == nullptr || std::ferror(file.get()) != 0) {
    return wrong(path + ": " + std::strerror(errno));
  }
  return checked(text, path);
}

}  // namespace

Result<std::string> credential_of(const ApiArguments& arguments) {
  if (!arguments.key_file.empty()) return key_in(arguments.key_file);
  const std::string key = environment(kKeyVariable);
  const std::string path = environment(kFileVariable);
  if (!key.empty() && !path.empty()) {
    return wrong(std::string(kKeyVariable) + " and " + kFileVariable +
                 " are both set: which one is meant? Unset the other, or say --key-file");
  }
  if (!key.empty()) return checked(key, kKeyVariable);
  if (!path.empty()) return key_in(path);
  return std::string();
}

}  // namespace doorbuster::cli
