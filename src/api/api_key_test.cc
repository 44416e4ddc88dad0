#include "api/api_key.h"

#include <gtest/gtest.h>

#include <memory>

#include "api/key_file.h"
#include "api/key_of_test.h"
#include "api/key_set.h"
#include "api/live_keys.h"

namespace doorbuster::api {
namespace {

KeyRecord record_of(const std::string& name, const std::string& key) {
  KeyRecord record;
  record.name = name;
  record.prefix = prefix_of_key(key);
  record.hash = hash_of_key(key);
  record.scopes.add(Scope::sales_read);
  record.scopes.add(Scope::claims_write);
  record.created_at = *parse_rfc3339("2026-11-11T12:00:00Z");
  return record;
}

TEST(ApiKey, SaysItsRandomBitsAndChecksItself) {
  const std::array<std::uint8_t, kKeyRandomBytes> zeros{};
  const std::string key = make_key(zeros);
  EXPECT_EQ(key.size(), kKeySize);
  EXPECT_EQ(key.substr(0, 46), "db_sk_" + std::string(40, '0'));
  EXPECT_EQ(shape_of_key(key), KeyShape::whole);
  EXPECT_EQ(prefix_of_key(key), "db_sk_00000000");
  std::array<std::uint8_t, kKeyRandomBytes> ones{};
  ones.fill(0xff);
  EXPECT_EQ(make_key(ones).substr(0, 46), "db_sk_" + std::string(40, 'z'));
  EXPECT_NE(key_of(1), key_of(2));
}

TEST(ApiKey, TellsEverySlipOfOneCharacterFromAKey) {
  const std::string key = key_of(7);
  for (std::size_t i = kKeyStart.size(); i < key.size(); ++i) {
    for (const char c : std::string_view("0123456789abcdefghjkmnpqrstvwxyzilouA-_ \n")) {
      std::string other = key;
      if (std::exchange(other[i], c) == c) continue;
      ASSERT_EQ(shape_of_key(other), KeyShape::mistyped) << other;
    }
    std::string shorter = key;
    shorter.erase(i, 1);
    ASSERT_EQ(shape_of_key(shorter), KeyShape::mistyped);
    if (i + 1 < key.size() && key[i] != key[i + 1]) {
      std::string swapped = key;
      std::swap(swapped[i], swapped[i + 1]);
      ASSERT_EQ(shape_of_key(swapped), KeyShape::mistyped);
    }
  }
  EXPECT_EQ(shape_of_key(key + "0"), KeyShape::mistyped);
  EXPECT_EQ(shape_of_key("db_sk_"), KeyShape::mistyped);
  EXPECT_EQ(shape_of_key("DB_SK_" + key.substr(6)), KeyShape::not_a_key);
  EXPECT_EQ(shape_of_key("eyJhbGciOiJSUzI1NiJ9.e30.x"), KeyShape::not_a_key);
  EXPECT_EQ(shape_of_key(""), KeyShape::not_a_key);
}

// FIPS 180-2, appendix B.1.
TEST(ApiKey, IsHashedBySha256) {
  const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(to_hex(hash_of_key("abc")), hex);
  EXPECT_EQ(hash_from_hex(hex), hash_of_key("abc"));
  EXPECT_FALSE(hash_from_hex(hex.substr(1)));
  EXPECT_FALSE(hash_from_hex("B" + hex.substr(1)));
  EXPECT_FALSE(same_hash(hash_of_key("abc"), hash_of_key("abd")));
}

TEST(Scopes, AreReadFromAListWithASuggestionForASlip) {
  EXPECT_EQ(*parse_scopes("all"), Scopes::all());
  const auto two = parse_scopes("claims:write, sales:read");
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(two->names(), (std::vector<std::string_view>{"sales:read", "claims:write"}));
  EXPECT_EQ(parse_scopes("sales:raed").error().message,
            "'sales:raed' is no scope; did you mean 'sales:read'?");
  EXPECT_EQ(parse_scopes("sales:read,").error().message,
            "'' is no scope: there are sales:read, sales:write, claims:read, claims:write, "
            "events:read, webhooks:write");
  EXPECT_FALSE(parse_scopes("sales:read,all").ok());
  EXPECT_FALSE(parse_scopes("SALES:READ").ok());
}

TEST(KeyFile, IsReadAsItWasWritten) {
  KeyRecord second = record_of("ci.deploy_2", key_of(2));
  second.expires_at = *parse_rfc3339("2027-01-01T00:00:00Z");
  second.revoked_at = *parse_rfc3339("2026-12-01T00:00:00.5Z");
  const std::string text = render_key_file({record_of("shop", key_of(1)), second});
  const auto read = parse_key_file(text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(render_key_file(*read), text);
  EXPECT_EQ(text.find(key_of(1)), std::string::npos);
  EXPECT_EQ(parse_key_file(render_key_file({}))->size(), 0U);
}

TEST(KeyFile, ThatIsDamagedIsRefusedWithThePlace) {
  const std::string whole = render_key_file({record_of("shop", key_of(1))});
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    ASSERT_FALSE(parse_key_file(whole.substr(0, size)).ok()) << size;  // half-written
  }
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = whole;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto read = parse_key_file(text);
    return read.ok() ? std::string("good") : read.error().message;
  };
  EXPECT_EQ(with(R"("format":1)", R"("format":2)"),
            "has format 2, which a newer version wrote; this one knows 1");
  EXPECT_EQ(with(R"("format":1,)", ""), "does not say \"format\":1");
  EXPECT_EQ(with(R"("keys")", R"("kyes")"), "has a member 'kyes' that is none");
  EXPECT_EQ(with(R"("shop")", R"("sh op")"), "key 1 has a 'name' that is none");
  EXPECT_EQ(with(R"("prefix":"db_sk)", R"("prefix":"xb_sk)"), "key 1 has a 'prefix' that is none");
  EXPECT_EQ(with(R"("sha256":")", R"("sha256":"x)"), "key 1 has a 'sha256' that is none");
  EXPECT_EQ(with(R"("sales:read")", R"("sales:raed")"), "key 1 has a 'scopes' that is none");
  EXPECT_EQ(with(R"("sales:read","claims:write")", ""), "key 1 has no scopes");
  EXPECT_EQ(with("2026-11-11T", "2026-11-31T"), "key 1 has a 'created_at' that is none");
  EXPECT_EQ(with(R"("expires_at":null)", R"("expires_at":0)"),
            "key 1 has a 'expires_at' that is none");
  EXPECT_EQ(with(R"(,"revoked_at":null)", R"(,"revoked":null)"),
            "key 1 has a member that is not known: 'revoked'");
  EXPECT_EQ(with(R"("name":"shop",)", ""), "key 1 has no name");
  EXPECT_EQ(with(R"("name":"shop",)", R"("name":"a","name":"b",)"), "names /keys/0/name twice");
  EXPECT_EQ(with("[\n", "[1,\n"), "key 1 is no object");
  EXPECT_EQ(with("\n]}", " ]}"), "good");
  const KeyRecord record = record_of("shop", key_of(1));
  EXPECT_EQ(parse_key_file(render_key_file({record, record})).error().message,
            "key 2 is there twice");
}

TEST(KeySet, FindsAKeyByItsWholeText) {
  std::vector<KeyRecord> records;
  for (std::uint8_t i = 1; i < 50; ++i) {
    records.push_back(record_of("key" + std::to_string(i), key_of(i)));
  }
  // Another key of the same prefix, as there might be one.
  KeyRecord twin = record_of("twin", key_of(5));
  twin.hash = hash_of_key("another");
  records.push_back(twin);
  const KeySet keys(std::move(records));
  for (std::uint8_t i = 1; i < 50; ++i) {
    const KeyRecord* found = keys.find(key_of(i));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->name, "key" + std::to_string(i));
  }
  EXPECT_EQ(keys.find(key_of(60)), nullptr);
  EXPECT_EQ(KeySet().find(key_of(1)), nullptr);
}

TEST(LiveKeys, AreSeenByTheNextLook) {
  LiveKeys live;
  LiveKeys::Reader reader(live);
  EXPECT_EQ(reader.look().size(), 0U);
  live.publish(std::make_shared<const KeySet>(
      std::vector<KeyRecord>{record_of("shop", key_of(1)), record_of("ci", key_of(2))}));
  EXPECT_EQ(reader.look().size(), 2U);
  LiveKeys::Reader late(live);
  EXPECT_EQ(late.look().size(), 2U);
  live.publish(std::make_shared<const KeySet>());
  EXPECT_EQ(reader.look().size(), 0U);
}

}  // namespace
}  // namespace doorbuster::api
