#include "cli/api_credential.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "api/api_key.h"

namespace doorbuster::cli {
namespace {

std::string key_of(std::uint8_t seed) {
  std::array<std::uint8_t, api::kKeyRandomBytes> random{};
  random.fill(seed);
  return api::make_key(random);
}

class ApiCredential : public testing::Test {
 protected:
  void SetUp() override { forget(); }
  void TearDown() override {
    forget();
    std::remove(path_.c_str());
  }
  static void forget() {
    ::unsetenv("DOORBUSTER_API_KEY");
    ::unsetenv("DOORBUSTER_API_KEY_FILE");
  }

  void write(const std::string& text) const { std::ofstream(path_) << text; }
  // The key, or what is said in its place.
  static std::string found(const std::string& key_file = {}) {
    ApiArguments arguments;
    arguments.key_file = key_file;
    const auto key = credential_of(arguments);
    return key ? *key : key.error().message;
  }

  // Tests run side by side.
  const std::string path_ =
      testing::TempDir() + "doorbuster-credential-" + std::to_string(::getpid()) + ".key";
};

TEST_F(ApiCredential, ComesFromTheFileNamedOrFromTheEnvironment) {
  EXPECT_EQ(found(), "");
  write(key_of(1) + "\n");
  EXPECT_EQ(found(path_), key_of(1));
  ::setenv("DOORBUSTER_API_KEY_FILE", path_.c_str(), 1);
  EXPECT_EQ(found(), key_of(1));
  ::setenv("DOORBUSTER_API_KEY", key_of(2).c_str(), 1);
  EXPECT_EQ(found().find("DOORBUSTER_API_KEY and DOORBUSTER_API_KEY_FILE are both set"), 0U);
  EXPECT_EQ(found(path_), key_of(1));  // what was said wins
  ::unsetenv("DOORBUSTER_API_KEY_FILE");
  EXPECT_EQ(found(), key_of(2));
}

TEST_F(ApiCredential, ThatCannotBeAKeyIsNotSent) {
  EXPECT_EQ(found(path_), path_ + ": No such file or directory");
  EXPECT_EQ(found(testing::TempDir()), testing::TempDir() + ": Is a directory");
  for (const std::string& text :
       {std::string(), std::string("secret"), key_of(1) + "\n" + key_of(2),
        key_of(1) + "\r\nX-Buyer-Id: ann", key_of(1).substr(1), std::string(2000, 'x')}) {
    write(text);
    EXPECT_EQ(found(path_).find(path_ + ": "), 0U) << found(path_);
  }
  write(key_of(1).substr(0, 40));
  EXPECT_NE(found(path_).find("missing or mistyped"), std::string::npos);
}

}  // namespace
}  // namespace doorbuster::cli
