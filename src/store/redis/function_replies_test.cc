// Whatever a server says is read, or refused as an Error.
#include <gtest/gtest.h>

#include <random>

#include "store/redis/feed_index.h"
#include "store/redis/functions_world_test.h"
#include "store/redis/key_slot.h"

namespace doorbuster::redis {
namespace {

Reply word(std::string text) { return {Reply::Kind::text, 0, std::move(text), {}}; }
Reply count(std::int64_t value) { return {Reply::Kind::integer, value, "", {}}; }
Reply list(std::vector<Reply> items) { return {Reply::Kind::array, 0, "", std::move(items)}; }

const std::string kSomeHash(40, 'a');

// As view.lua makes it.
Reply view() {
  return list({word("lamp"),
               word(std::string("\x02\x00\x04Lamp", 7)),
               word("10"),
               word("1"),
               word("60"),
               word(""),
               word(""),
               word("1"),
               word("5"),
               word("0"),
               word("0"),
               word("0"),
               word("{}"),
               word("open"),
               word(kSomeHash),
               count(7),
               count(1),
               count(1),
               count(0),
               count(0),
               count(0),
               count(1'700'000'000'000),
               count(1'700'000'000'000),
               count(5),
               count(1),
               count(2),
               count(4),
               count(5),
               count(1),
               count(0),
               count(0),
               count(1),
               count(0),
               count(0),
               count(1'700'000'000'001),
               word("-")});
}

const std::string kSomeLine =
    "7-9,4 held 12 31 1700000000000 1700000060000 1 0 k%201 order-1 a,b%2cc";

Reply claims_reply() {
  return list({word("ok"), count(5), word(kSomeHash), count(1'700'000'000'001), count(7), count(0),
               word(""), word("5"),
               list({word("g 1 " + kSomeLine), word("e 5 " + kSomeLine),
                     word("r 5 limit-exceeded 3 1 1700000060000 12,4")})});
}

Reply read_reply() {
  return list(
      {word("ok"), count(5), word(kSomeHash), view(), list({word("ann"), word(kSomeLine)})});
}

Reply change_reply() {
  return list({word("ok"), count(5), word(kSomeHash), count(7), count(0), word("60"),
               word("reference-mismatch"), word("ann"), word(kSomeLine)});
}

Reply publish_reply() {
  return list(
      {word("ok"), count(5), word(kSomeHash), word("created"), view(), count(9), word(kSomeHash)});
}

Reply stream_entry() {
  return list({word("5-0"), list({word("hash"), word(kSomeHash), word("events"), word("x")})});
}

Reply stretch() {
  return list({word("9-0"), list({word("sale"), word("lamp"), word("before"), word("2"),
                                  word("last"), word("5"), word("hash"), word(kSomeHash)})});
}

Reply sale_change_reply() {
  return list({word("ok"), count(5), word(kSomeHash), word("version-mismatch"), view()});
}

TEST(FunctionReply, AClaimIsReadWithAllItHas) {
  const auto answer = read_claim_reply(claims_reply(), 3);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  const StoredClaim& claim = answer->claims[0].claim;
  EXPECT_EQ(answer->claims[0].verdict, sale::ClaimVerdict::granted);
  EXPECT_EQ(answer->claims[0].sequence.value, 31U);
  EXPECT_EQ(claim.number.value, 12U);
  EXPECT_EQ(answer->claims[1].claim.key, "k 1");
  EXPECT_EQ(claim.view.quantity, 4);
  EXPECT_EQ(claim.view.units, (sale::UnitRuns{{7, 3}, {{4, 1}}}));
  EXPECT_EQ(claim.view.reference, "order-1");
  EXPECT_EQ(claim.view.refunds, (std::vector<std::string>{"a", "b,c"}));
  EXPECT_EQ(answer->claims[1].verdict, sale::ClaimVerdict::existing);
  EXPECT_EQ(answer->claims[1].sequence.value, 5U);
  const ClaimAnswer& refused = answer->claims[2];
  EXPECT_EQ(refused.refusal, sale::Refusal::limit_exceeded);
  EXPECT_EQ(refused.available, 3U);
  EXPECT_EQ(refused.live.size(), 2U);
}

Reply grants_reply(const std::string& grants) {
  Reply reply = claims_reply();
  reply.items.back() = list({word(grants), word("e 5 7 confirmed 12 31 1700000000000 -")});
  return reply;
}

TEST(FunctionReply, GrantsOfOneUnitComeTogether) {
  const auto answer =
      read_claim_reply(grants_reply("g 3 99 held 12 31 1700000000000 1700000060000"), 4);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const ClaimAnswer& each = answer->claims[i];
    EXPECT_EQ(each.verdict, sale::ClaimVerdict::granted);
    EXPECT_EQ(each.claim.number.value, 12 + i);
    EXPECT_EQ(each.sequence.value, 31 + i);
    EXPECT_EQ(each.claim.view.sequence.value, 31 + i);
    EXPECT_EQ(each.claim.view.units, (sale::UnitRuns{{99 + i, 1}, {}}));
    EXPECT_EQ(each.claim.view.status, sale::ClaimStatus::held);
  }
  EXPECT_EQ(answer->claims[3].verdict, sale::ClaimVerdict::existing);
  EXPECT_EQ(answer->claims[3].claim.view.expires_at, kNever);
}

TEST(FunctionReply, GrantsThatCannotBeAreDamaged) {
  const std::string line = "99 held 12 31 1700000000000 1700000060000";
  ASSERT_TRUE(read_claim_reply(grants_reply("g 3 " + line), 4).ok());
  for (const std::string& grants :
       {"g 4 " + line, "g 2 " + line, "g 0 " + line, "g " + line, "g -1 " + line, "g x " + line,
        "g 3 99-101" + line.substr(2), line, std::string("g 3"), std::string("g ")}) {
    EXPECT_FALSE(read_claim_reply(grants_reply(grants), 4).ok()) << grants;
  }
}

TEST(FunctionReply, AClaimIsFoundAmongThoseOfItsBuyer) {
  const std::string lines = kSomeLine + "\n7 confirmed 120 31 1700000000000 -";
  EXPECT_TRUE(has_claim(lines, {12}));
  EXPECT_TRUE(has_claim(lines, {120}));
  for (const std::uint32_t other : {0U, 1U, 7U, 31U, 2U}) EXPECT_FALSE(has_claim(lines, {other}));
  EXPECT_FALSE(has_claim("", {12}));
}

TEST(FunctionReply, AHoldOfACancelledSaleIsReleased) {
  Reply reply = read_reply();
  reply.items[3].items[18] = count(1);  // cancelled
  const auto answer = read_read_reply(reply);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->claims[0].view.status, sale::ClaimStatus::released);
  EXPECT_EQ(answer->claims[0].view.end_reason, sale::EndReason::cancelled);
}

TEST(FunctionReply, WordsOfTheServerAreHandedOn) {
  const Reply error{Reply::Kind::error, 0, "OOM command not allowed", {}};
  const auto answer = read_claim_reply(error, 1);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::io_failed);
  EXPECT_EQ(answer.error().message, "OOM command not allowed");
}

TEST(FunctionReply, AnotherNumberOfOutcomesThanOfClaimsIsDamaged) {
  EXPECT_FALSE(read_claim_reply(claims_reply(), 2).ok());
  EXPECT_FALSE(read_claim_reply(claims_reply(), 4).ok());
}

// Every reader of a reply; true: it was read.
bool read_with(std::size_t reader, const Reply& reply) {
  switch (reader) {
    case 0:
      return read_claim_reply(reply, 3).ok();
    case 1:
      return read_read_reply(reply).ok();
    case 2:
      return read_claim_change_reply(reply).ok();
    case 3:
      return read_publish_reply(reply).ok();
    case 4:
      return read_sale_change_reply(reply).ok();
    case 5:
      return read_settle_reply(reply).ok();
    case 6:
      return read_stream_entry(reply).ok();
    case 7:
      return read_history_reply(reply).ok();
    case 8:
      return read_relay_reply(reply).ok();
    default:
      return read_stretches(reply).ok();
  }
}

std::vector<Reply> whole_replies() {
  return {claims_reply(),
          read_reply(),
          change_reply(),
          publish_reply(),
          sale_change_reply(),
          list({word("again"), count(5), word(kSomeHash)}),
          stream_entry(),
          list({word("ok"), count(5), word(kSomeHash), count(7), count(0), list({stream_entry()})}),
          list({word("other"), count(5), word(kSomeHash)}),
          list({stretch()})};
}

TEST(FunctionReply, EachIsReadWholeAndRefusedWithoutItsLastPart) {
  const std::vector<Reply> whole = whole_replies();
  for (std::size_t reader = 0; reader < whole.size(); ++reader) {
    Reply reply = whole[reader];
    EXPECT_TRUE(read_with(reader, reply)) << reader;
    Reply more = reply;
    more.items.push_back(list({}));
    EXPECT_FALSE(read_with(reader, more)) << reader;
    while (!reply.items.empty()) {
      reply.items.pop_back();
      // A sale may be read without claims, and published without a round before it, and an index
      // may be empty.
      const bool is_whole = (reader == 1 && reply.items.size() == 4) ||
                            (reader == 3 && reply.items.size() == 5) || reader == 9;
      EXPECT_EQ(read_with(reader, reply), is_whole) << reader << " of " << reply.items.size();
    }
  }
}

// Changes one part of `reply` into something else, anywhere in it.
void damage(Reply& reply, std::mt19937_64& random) {
  if (reply.is_array() && !reply.items.empty() && random() % 8 != 0) {
    return damage(reply.items[random() % reply.items.size()], random);
  }
  if (reply.is_text() && !reply.text.empty() && random() % 2 == 0) {
    if (random() % 2 == 0) {
      reply.text[random() % reply.text.size()] = static_cast<char>(random());
    } else {
      reply.text.resize(random() % reply.text.size());
    }
    return;
  }
  const std::vector<Reply> others = {
      {},        count(-1), count(std::numeric_limits<std::int64_t>::max()),
      word(""),  word("-"), word("99999999999999999999"),
      list({}),  word("%"), word(std::string(300, '7')),
      word(","), word(" "), {Reply::Kind::status, 0, "OK", {}},
  };
  reply = others[random() % others.size()];
}

TEST(FunctionReply, NoDamageIsMoreThanAnError) {
  const std::vector<Reply> whole = whole_replies();
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    std::mt19937_64 random(seed);
    Reply reply = whole[seed % whole.size()];
    for (std::uint64_t times = 1 + random() % 3; times > 0; --times) damage(reply, random);
    for (std::size_t reader = 0; reader < whole.size(); ++reader) {
      if (!read_with(reader, reply)) ++refused;
    }
  }
  EXPECT_GT(refused, 100'000U);
}

TEST(FunctionReply, AnIndexOfTheFeedHasNoGaps) {
  Reply next = stretch();
  next.items[0] = word("12-0");
  const auto read = read_stretches(list({stretch(), next}));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->at(0).behind(), 6U);
  EXPECT_EQ(read->at(1).behind(), 9U);
  for (const char* id : {"13-0", "11-0", "9-0", "12-1", "2-0", "x"}) {
    next.items[0] = word(id);
    EXPECT_FALSE(read_stretches(list({stretch(), next})).ok()) << id;
  }
  EXPECT_EQ(read_end(list({stretch()})).value(), 9U);
  EXPECT_EQ(read_end(list({})).value(), 0U);
}

TEST(FunctionReply, APlaceInTheFeedIsASequenceAndAHash) {
  EXPECT_EQ(read_relayed({}).value(), ChainPoint{});
  EXPECT_EQ(read_relayed(word("5 " + kSomeHash)).value(), (ChainPoint{{5}, kSomeHash}));
  for (const std::string& text :
       {std::string(), std::string("5"), "0 " + kSomeHash, "5  " + kSomeHash, "x " + kSomeHash,
        "5 " + kSomeHash + "a", std::string("5 ")}) {
    EXPECT_FALSE(read_relayed(word(text)).ok()) << text;
  }
}

TEST(FunctionReply, BytesThatAreNoEventsAreDamaged) {
  EXPECT_TRUE(read_events({7}, "").ok());
  for (const std::string_view bytes : {"\x01", "\x05zzzzz", "\xff\xff", "\x02\x03"}) {
    EXPECT_FALSE(read_events({7}, bytes).ok());
  }
}

TEST(FunctionCalls, KeysOfASaleShareItsSlotAndThoseOfTheRoundsOne) {
  EXPECT_EQ(sale_keys("lamp")[0], "{lamp}:state");
  EXPECT_EQ(sale_keys("goods-12")[2], "{goods}-12:buyers");
  EXPECT_EQ(sale_keys("goods-x")[2], "{goods-x}:buyers");
  for (const char* slug : {"lamp", "goods", "goods-1"}) {
    for (const std::string& key : sale_keys(slug)) {
      EXPECT_EQ(key_slot(key), key_slot(sale_keys(slug)[0])) << key;
    }
  }
  EXPECT_EQ(key_slot(kNewestRoundKey), key_slot(sale_keys("goods-1")[0]));
}

}  // namespace
}  // namespace doorbuster::redis
