#include <gtest/gtest.h>

#include "store/redis/key_slot.h"
#include "store/redis/server_error.h"
#include "store/redis/slot_map.h"

namespace doorbuster::redis {
namespace {

Reply integer(std::int64_t value) { return {.kind = Reply::Kind::integer, .integer = value}; }
Reply text(std::string value) { return {.kind = Reply::Kind::text, .text = std::move(value)}; }
Reply array(std::vector<Reply> items) {
  return {.kind = Reply::Kind::array, .items = std::move(items)};
}
Reply node(const std::string& host, std::int64_t port) {
  return array({text(host), integer(port), text("0123456789abcdef"), array({})});
}

const Node kAsked{"asked", 1};

TEST(KeySlot, IsCrc16AsTheSpecificationHasIt) {
  EXPECT_EQ(crc16_xmodem("123456789"), 0x31C3);
  EXPECT_EQ(crc16_xmodem(""), 0);
  EXPECT_EQ(key_slot("123456789"), 0x31C3);
  // Of a server's CLUSTER KEYSLOT.
  EXPECT_EQ(key_slot("foo"), 12'182);
  EXPECT_EQ(key_slot("bar"), 5'061);
  EXPECT_EQ(key_slot(""), 0);
}

TEST(KeySlot, IsOfTheFirstHashTagThatIsNotEmpty) {
  EXPECT_EQ(key_slot("{user1000}.following"), key_slot("user1000"));
  EXPECT_EQ(key_slot("a{user1000}b{c}"), key_slot("user1000"));
  EXPECT_EQ(key_slot("foo{}{bar}"), crc16_xmodem("foo{}{bar}") % kSlots);
  EXPECT_EQ(key_slot("foo{{bar}}zap"), key_slot("{bar"));
  EXPECT_EQ(key_slot("foo{bar}{zap}"), key_slot("bar"));
  EXPECT_EQ(key_slot("foo{bar"), crc16_xmodem("foo{bar") % kSlots);
  EXPECT_EQ(key_slot("foo}bar{"), crc16_xmodem("foo}bar{") % kSlots);
  EXPECT_EQ(key_slot("}{a}"), key_slot("a"));
}

TEST(SlotMap, SaysMasterAndReplicasOfASlot) {
  const auto map = SlotMap::read(
      array({array({integer(0), integer(99), node("a", 1), node("b", 2), node("c", 3)}),
             array({integer(200), integer(kSlots - 1), node("d", 4)})}),
      kAsked);
  ASSERT_TRUE(map.ok());
  ASSERT_NE(map->find(99), nullptr);
  EXPECT_EQ(map->find(0), map->find(99));
  EXPECT_EQ(map->find(0)->master, (Node{"a", 1}));
  EXPECT_EQ(map->find(0)->replicas, (std::vector<Node>{{"b", 2}, {"c", 3}}));
  EXPECT_EQ(map->find(100), nullptr);
  EXPECT_EQ(map->find(199), nullptr);
  EXPECT_EQ(map->find(kSlots - 1)->master, (Node{"d", 4}));
  EXPECT_EQ(map->find_key("foo")->master, (Node{"d", 4}));
  EXPECT_EQ(map->served(), kSlots - 100U);
}

TEST(SlotMap, KnowsAShardThatIsNamedForSeveralRanges) {
  const auto map = SlotMap::read(array({array({integer(0), integer(0), node("a", 1)}),
                                        array({integer(2), integer(3), node("a", 1)}),
                                        array({integer(5), integer(5), node("a", 2)})}),
                                 kAsked);
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->shards().size(), 2U);
  EXPECT_EQ(map->find(0), map->find(3));
  EXPECT_EQ(map->find(0)->slots, 3);
}

TEST(SlotMap, TakesWhoWasAskedForANodeThatDoesNotKnowItsName) {
  const auto map = SlotMap::read(
      array({array({integer(0), integer(0), array({Reply{}, integer(7)}), node("", 8)}),
             array({integer(1), integer(1), node("?", 9), node("?", 9)}),
             array({integer(2), integer(2), node("b", 9), node("?", 9)})}),
      kAsked);
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->find(0)->master, (Node{"asked", 7}));
  EXPECT_EQ(map->find(0)->replicas, (std::vector<Node>{{"asked", 8}}));
  EXPECT_EQ(map->find(1), nullptr);
  EXPECT_TRUE(map->find(2)->replicas.empty());
}

TEST(SlotMap, OfAnEmptyClusterIsEmpty) {
  const auto map = SlotMap::read(array({}), kAsked);
  ASSERT_TRUE(map.ok());
  EXPECT_EQ(map->served(), 0U);
  EXPECT_EQ(SlotMap().find(0), nullptr);
}

TEST(SlotMap, IsNotReadFromWhatMakesNoSense) {
  const Reply master = node("a", 1);
  const Reply bad[] = {
      Reply{},
      integer(1),
      array({integer(1)}),
      array({array({})}),
      array({array({integer(0), integer(1)})}),
      array({array({text("0"), integer(1), master})}),
      array({array({integer(-1), integer(1), master})}),
      array({array({integer(2), integer(1), master})}),
      array({array({integer(0), integer(kSlots), master})}),
      array({array({integer(0), integer(1), text("a:1")})}),
      array({array({integer(0), integer(1), array({text("a")})})}),
      array({array({integer(0), integer(1), array({integer(1), integer(1)})})}),
      array({array({integer(0), integer(1), node("a", 0)})}),
      array({array({integer(0), integer(1), node("a", 65'536)})}),
      array({array({integer(0), integer(1), master, node("b", -1)})}),
      array({array({integer(0), integer(1), master}), array({integer(1), integer(2), master})}),
  };
  for (const Reply& reply : bad) {
    const auto map = SlotMap::read(reply, kAsked);
    ASSERT_FALSE(map.ok());
    EXPECT_EQ(map.error().message, "the answer to CLUSTER SLOTS makes no sense");
  }
}

TEST(SlotMap, FollowsWhatHasMoved) {
  auto map = *SlotMap::read(array({array({integer(0), integer(9), node("a", 1), node("b", 2)}),
                                   array({integer(10), integer(10), node("c", 3), node("d", 4)})}),
                            kAsked);
  map.move(9, {"c", 3});
  EXPECT_EQ(map.find(9)->replicas, (std::vector<Node>{{"d", 4}}));
  map.move(5'000, {"e", 5});
  EXPECT_EQ(map.find(5'000)->master, (Node{"e", 5}));
  EXPECT_TRUE(map.find(5'000)->replicas.empty());
  map.move(5'000, {"e", 5});
  EXPECT_EQ(map.served(), 12U);
  // A slot that wanders does not leave a shard behind at each place.
  for (std::uint16_t port = 1; port < 1'000; ++port) map.move(5'000, {"f", port});
  EXPECT_EQ(map.shards().size(), 3U);
  EXPECT_EQ(map.served(), 12U);
  // By a name that stands in the map itself.
  map.move(0, map.find(5'000)->master);
  EXPECT_EQ(map.find(0)->master, (Node{"f", 999}));
}

TEST(ServerError, IsKnownByItsFirstWord) {
  using K = ServerErrorKind;
  const std::pair<const char*, K> table[] = {
      {"TRYAGAIN Multiple keys request during rehashing of slot", K::try_again},
      {"CLUSTERDOWN Hash slot not served", K::cluster_down},
      {"CROSSSLOT Keys in request don't hash to the same slot", K::cross_slot},
      {"LOADING Redis is loading the dataset in memory", K::loading},
      {"MASTERDOWN Link with MASTER is down", K::master_down},
      {"READONLY You can't write against a read only replica.", K::read_only},
      {"OOM command not allowed when used memory > 'maxmemory'.", K::out_of_memory},
      {"NOAUTH Authentication required.", K::no_auth},
      {"WRONGPASS invalid username-password pair or user is disabled.", K::wrong_password},
      {"NOPERM this user has no permissions to run the 'get' command", K::no_permission},
      {"NOSCRIPT No matching script. Please use EVAL.", K::no_script},
      {"ERR Function not found", K::no_function},
      {"NOREPLICAS Not enough good replicas to write.", K::no_replicas},
      {"MISCONF Redis is configured to save RDB snapshots", K::disk_failed},
      {"BUSY Redis is busy running a script.", K::busy},
      {"UNKILLABLE Sorry the script already executed write commands", K::unkillable},
      {"NOPROTO unsupported protocol version", K::no_protocol},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", K::wrong_type},
      {"BUSY", K::busy},
      {"BUSYGROUP Consumer Group name already exists", K::other},
      {"ERR unknown command 'x'", K::other},
      {"busy", K::other},
      {" BUSY", K::other},
      {"", K::other},
  };
  for (const auto& [said, kind] : table) {
    const auto error = read_server_error(said);
    EXPECT_EQ(error.kind, kind) << said;
    EXPECT_EQ(error.text, said);
    EXPECT_FALSE(error.to);
  }
}

TEST(ServerError, SaysWhereToGo) {
  const auto moved = read_server_error("MOVED 3999 127.0.0.1:6381");
  EXPECT_EQ(moved.kind, ServerErrorKind::moved);
  ASSERT_TRUE(moved.to);
  EXPECT_EQ(moved.to->slot, 3'999);
  EXPECT_EQ(moved.to->node, (Node{"127.0.0.1", 6381}));
  const auto ask = read_server_error("ASK 16383 2001:db8::1:7000");
  EXPECT_EQ(ask.kind, ServerErrorKind::ask);
  ASSERT_TRUE(ask.to);
  EXPECT_EQ(ask.to->node, (Node{"2001:db8::1", 7000}));
  // By the same host, and by one that nobody has told the server.
  EXPECT_EQ(read_server_error("MOVED 1 :6381").to->node, (Node{"", 6381}));
  EXPECT_EQ(read_server_error("MOVED 1 ?:6381").kind, ServerErrorKind::moved);
  EXPECT_FALSE(read_server_error("MOVED 1 ?:6381").to);
}

TEST(ServerError, ThatLeadsNowhereIsAnyOther) {
  for (const char* said :
       {"MOVED", "MOVED ", "MOVED 1", "MOVED x h:1", "MOVED -1 h:1", "MOVED 16384 h:1",
        "MOVED 65536 h:1", "MOVED 1 h", "MOVED 1 h:", "MOVED 1 h:0", "MOVED 1 h:65536",
        "MOVED 1 h:1x", "MOVED h:1", "MOVED 1:1 h", "MOVED 1 a b:1", "ASK  h:1", "MOVED: 1 h:1"}) {
    EXPECT_EQ(read_server_error(said).kind, ServerErrorKind::other) << said;
    EXPECT_FALSE(read_server_error(said).to) << said;
  }
}

}  // namespace
}  // namespace doorbuster::redis
