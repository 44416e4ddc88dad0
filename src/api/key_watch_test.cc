#include "api/key_watch.h"

#include <gtest/gtest.h>

#include "api/key_of_test.h"
#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using namespace std::chrono_literals;

// Someone who was let in with a key for the events.
class Watching : public testing::Test {
 protected:
  Watching() { publish(record()); }

  KeyRecord record() const {
    KeyRecord record;
    record.name = "shop";
    record.prefix = prefix_of_key(key_);
    record.hash = hash_of_key(key_);
    record.scopes.add(Scope::events_read);
    return record;
  }
  void publish(const KeyRecord& record) {
    keys_.publish(std::make_shared<const KeySet>(std::vector{record}));
  }
  AdmissionOptions options() const {
    AdmissionOptions options;
    options.keys = &keys_;
    options.clock = &clock_;
    return options;
  }
  WatchedKey begin(KeyWatch& watch) const {
    KnownFields fields;
    const std::string field = "Bearer " + key_;
    fields.authorization = {field, 1};
    return watch.watch(Who::events_read, fields).value();
  }
  // What he is told when everybody is looked at; `none` while he may stay.
  static Remark told(KeyWatch& watch, const WatchedKey& key) {
    const auto refused = watch.judge(key);
    return refused ? refused->remark : Remark::none;
  }

  const std::string key_ = key_of(7);
  ShopClock clock_;
  LiveKeys keys_;
};

TEST_F(Watching, WithNothingNewThereIsNothingToJudge) {
  KeyWatch watch(options());
  const WatchedKey key = begin(watch);
  EXPECT_TRUE(watch.has_news());  // it may have been revoked since he was let in
  EXPECT_EQ(told(watch, key), Remark::none);
  EXPECT_FALSE(watch.has_news());
  clock_.pass(1000h);
  EXPECT_FALSE(watch.has_news());
}

TEST_F(Watching, AKeyThatIsRevokedWhileHeIsBeingLetInIsFound) {
  KeyWatch watch(options());
  KeyRecord revoked = record();
  revoked.revoked_at = clock_.wall();
  publish(revoked);
  const WatchedKey key = begin(watch);
  ASSERT_TRUE(watch.has_news());
  EXPECT_EQ(told(watch, key), Remark::key_revoked);
}

TEST_F(Watching, WhatHappensToTheKeyIsNews) {
  KeyRecord revoked = record();
  revoked.revoked_at = clock_.wall();
  KeyRecord without_scope = record();
  without_scope.scopes = {};
  without_scope.scopes.add(Scope::sales_read);
  KeyRecord other = record();
  other.hash = hash_of_key(key_of(8));  // of the same prefix
  const std::pair<KeyRecord, Remark> cases[] = {{revoked, Remark::key_revoked},
                                                {without_scope, Remark::needs_scope},
                                                {other, Remark::key_unknown},
                                                {record(), Remark::none}};
  for (const auto& [now, remark] : cases) {
    publish(record());
    KeyWatch watch(options());
    const WatchedKey key = begin(watch);
    EXPECT_TRUE(watch.has_news());
    EXPECT_EQ(told(watch, key), Remark::none);
    publish(now);
    ASSERT_TRUE(watch.has_news());
    EXPECT_EQ(told(watch, key), remark);
    EXPECT_FALSE(watch.has_news());
  }
}

TEST_F(Watching, AnExpiryIsNewsWhenItComesAndNotBefore) {
  KeyRecord ending = record();
  ending.expires_at = clock_.wall() + 10s;
  publish(ending);
  KeyWatch watch(options());
  const WatchedKey key = begin(watch);
  EXPECT_TRUE(watch.has_news());
  EXPECT_EQ(told(watch, key), Remark::none);
  clock_.pass(9999ms);
  EXPECT_FALSE(watch.has_news());
  clock_.pass(1ms);
  ASSERT_TRUE(watch.has_news());
  EXPECT_EQ(told(watch, key), Remark::key_expired);
}

TEST_F(Watching, WhereNoKeyIsAskedForNoneIsWatched) {
  AdmissionOptions dev = options();
  dev.dev = true;
  KeyWatch of_dev(dev);
  KeyWatch of_none(AdmissionOptions{});
  for (KeyWatch* watch : {&of_dev, &of_none}) {
    EXPECT_FALSE(watch->watch(Who::events_read, {}));
    EXPECT_FALSE(watch->has_news());
  }
}

}  // namespace
}  // namespace doorbuster::api
