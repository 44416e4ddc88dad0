#include "store/redis/router.h"

#include <gtest/gtest.h>

#include <set>

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;

constexpr Moment at_ms(int ms) { return Moment(milliseconds(ms)); }

// Slots: "b" 3300, "c" 7365, "a" 15495. Node `a` has the slots from 8192 on, node `b` those below.
const Node kA{"a", 1};
const Node kB{"b", 1};
const Node kC{"c", 1};
const Node kSeed{"seed", 1};

Reply integer_reply(std::int64_t number) {
  Reply reply{Reply::Kind::integer};
  reply.integer = number;
  return reply;
}
Reply text_reply(const std::string& text) {
  Reply reply{text.starts_with('-') ? Reply::Kind::error : Reply::Kind::status};
  reply.text = text.starts_with('-') ? text.substr(1) : text;
  return reply;
}
Reply array_reply(std::vector<Reply> items) {
  Reply reply{Reply::Kind::array};
  reply.items = std::move(items);
  return reply;
}
Reply node_reply(const Node& node) {
  Reply host{Reply::Kind::text};
  host.text = node.host;
  return array_reply({std::move(host), integer_reply(node.port)});
}
// The master and its replicas.
Reply range_reply(int first, int last, const std::vector<Node>& nodes) {
  Reply range = array_reply({integer_reply(first), integer_reply(last)});
  for (const Node& node : nodes) range.items.push_back(node_reply(node));
  return range;
}
Reply map_of(const std::vector<Node>& low, const std::vector<Node>& high) {
  return array_reply({range_reply(0, 8'191, low), range_reply(8'192, 16'383, high)});
}

// A router, what it does in words ("a:1 GET a"), and what became of its calls.
class RouterTest : public testing::Test {
 protected:
  void make(RouterOptions options) {
    router = std::make_unique<Router>(std::move(options));
    settle();
  }
  void make_cluster(RouterOptions options = {}) {
    options.deployment = Deployment::cluster;
    if (options.seeds.empty()) options.seeds = {kSeed};
    make(std::move(options));
  }
  // The seed's map is that of `a` and `b`, both up; the seed is closed.
  void make_known_cluster(RouterOptions options = {}) {
    // So long ago that the next map may be asked for.
    now = at_ms(-1'000);
    make_cluster(std::move(options));
    up(kSeed);
    answer("CLUSTER SLOTS", map_of({kB}, {kA}));
    up(kA);
    up(kB);
    EXPECT_TRUE(router->is_ready());
    wait_until(0);
    (void)done();
  }

  void settle() {
    router->settle(now);
    while (auto action = router->next_action()) std::visit([this](auto& a) { act(a); }, *action);
  }
  void act(OpenLink& open) {
    EXPECT_TRUE(links.emplace(open.link, open.node).second);
    note("open " + open.node.text());
  }
  void act(CloseLink& close) {
    for (const auto& sent : under_way) EXPECT_NE(sent.link, close.link);
    note("close " + links.at(close.link).text());
    links.erase(close.link);
    up_links.erase(close.link);
  }
  void act(SendCommand& send) {
    EXPECT_TRUE(up_links.contains(send.link)) << "sent on a link that is not up";
    std::string text;
    for (const auto argument : send.arguments)
      text += (text.empty() ? "" : " ") + std::string(argument);
    note(links.at(send.link).text() + (send.asking ? " ASKING " : " ") + text);
    under_way.push_back({send.link, send.ticket, text, send.deadline});
  }
  void act(Deliver& deliver) { deliver.on_answers(std::move(deliver.answers)); }

  void note(const std::string& what) { log += (log.empty() ? "" : ", ") + what; }
  // What was done since the last time.
  std::string done() { return std::exchange(log, {}); }

  std::vector<LinkId> links_of(const Node& node) const {
    std::vector<LinkId> found;
    for (const auto& [id, known] : links) {
      if (known == node) found.push_back(id);
    }
    return found;
  }
  void up(const Node& node) {
    ASSERT_FALSE(links_of(node).empty()) << node.text();
    for (const LinkId link : links_of(node)) {
      up_links.insert(link);
      router->link_up(link);
    }
    settle();
  }
  // All under way on it is unknown, as it is of a connection that is lost.
  void down(const Node& node, const std::string& reason = "gone") {
    for (const LinkId link : links_of(node)) {
      up_links.erase(link);
      for (auto sent = under_way.begin(); sent != under_way.end();) {
        if (sent->link != link) {
          ++sent;
          continue;
        }
        const Ticket ticket = sent->ticket;
        sent = under_way.erase(sent);
        router->answered(ticket, {Fate::unknown, {}, reason}, now);
      }
      router->link_down(link, reason);
    }
    settle();
  }
  void end(const std::string& command, Answer answer, bool settles = true) {
    const auto found = std::find_if(under_way.begin(), under_way.end(),
                                    [&](const auto& sent) { return sent.text == command; });
    ASSERT_NE(found, under_way.end()) << command;
    const Ticket ticket = found->ticket;
    under_way.erase(found);
    router->answered(ticket, std::move(answer), now);
    if (settles) settle();
  }
  void answer(const std::string& command, Reply reply) {
    end(command, {Fate::answered, std::move(reply), {}});
  }
  void answer(const std::string& command, const std::string& text) {
    answer(command, text_reply(text));
  }
  void wait_until(int ms) {
    now = at_ms(ms);
    settle();
  }
  // Goes from one due moment to the next, until `ms`.
  void pass_time_until(int ms) {
    while (router->next_due() <= at_ms(ms)) {
      ASSERT_GE(router->next_due(), now) << "it would spin";
      now = router->next_due();
      settle();
    }
    wait_until(ms);
  }

  OnAnswers noted(const std::string& name) {
    return [this, name](const std::vector<CallAnswer>& answers) {
      note(name + " =");
      for (const CallAnswer& whole : answers) {
        log += " ";
        switch (whole.answer.fate) {
          case Fate::answered:
            log += whole.answer.reply.text;
            break;
          case Fate::not_sent:
            log += "not_sent(" + whole.answer.reason + ")";
            break;
          case Fate::unknown:
            log += "unknown(" + whole.answer.reason + ")";
            break;
        }
        if (whole.acknowledged) log += "+" + std::to_string(*whole.acknowledged);
        if (!whole.unacknowledged.empty()) log += "+(" + whole.unacknowledged + ")";
      }
    };
  }
  // GET of each key, in one group that is named by them together.
  Status submit(const std::string& keys, Barrier barrier = {}, int patience_ms = 1'000,
                bool repeatable = false) {
    std::vector<Call> calls;
    for (const char& key : keys) {
      const std::string_view view(&key, 1);
      calls.push_back({view, {"GET", view}, repeatable});
    }
    auto taken = router->submit(calls, barrier, now + milliseconds(patience_ms), noted(keys));
    settle();
    return taken;
  }

  struct UnderWay {
    LinkId link;
    Ticket ticket;
    std::string text;
    Moment deadline;
  };
  std::unique_ptr<Router> router;
  Moment now = at_ms(0);
  std::map<LinkId, Node> links;
  std::set<LinkId> up_links;
  std::vector<UnderWay> under_way;
  std::string log;
};

constexpr Barrier kTwo{2, milliseconds(500)};

TEST_F(RouterTest, SendsAllToTheOneServer) {
  RouterOptions options;
  options.seeds = {kA};
  make(options);
  EXPECT_EQ(done(), "open a:1");
  EXPECT_FALSE(router->is_ready());
  EXPECT_TRUE(submit("abc").ok());
  EXPECT_EQ(done(), "");
  up(kA);
  EXPECT_TRUE(router->is_ready());
  EXPECT_EQ(done(), "a:1 GET a, a:1 GET b, a:1 GET c");
  answer("GET a", "1");
  answer("GET b", "-ERR what");
  EXPECT_EQ(router->unanswered(), 1U);
  answer("GET c", "3");
  EXPECT_EQ(done(), "abc = 1 ERR what 3");
  EXPECT_EQ(router->unanswered(), 0U);
  EXPECT_EQ(router->next_due(), Moment::max());
}

TEST_F(RouterTest, TellsWhatOneServerSaysOfAClusterAndAsksForNoMap) {
  RouterOptions options;
  options.seeds = {kA};
  make(options);
  up(kA);
  EXPECT_TRUE(submit("a").ok());
  answer("GET a", "-MOVED 15495 b:1");
  down(kA);
  pass_time_until(5'000);
  EXPECT_EQ(done(), "open a:1, a:1 GET a, a = MOVED 15495 b:1");
}

TEST_F(RouterTest, LearnsTheMapFromASeedAndLeavesIt) {
  make_cluster();
  EXPECT_TRUE(submit("a").ok());
  EXPECT_EQ(done(), "open seed:1");
  up(kSeed);
  EXPECT_EQ(done(), "seed:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", map_of({kB}, {kA}));
  EXPECT_EQ(done(), "open b:1, open a:1, close seed:1");
  up(kB);
  EXPECT_FALSE(router->is_ready());
  up(kA);
  EXPECT_TRUE(router->is_ready());
  EXPECT_EQ(done(), "a:1 GET a");
  answer("GET a", "1");
  EXPECT_EQ(done(), "a = 1");
}

TEST_F(RouterTest, AsksTheNextSeedWhenOneHasNoMap) {
  RouterOptions options;
  options.seeds = {kSeed, kC};
  make_cluster(options);
  EXPECT_TRUE(submit("a").ok());
  up(kSeed);
  up(kC);
  EXPECT_EQ(done(), "open seed:1, open c:1, seed:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", "-ERR This instance has cluster support disabled");
  pass_time_until(100);
  EXPECT_EQ(done(), "c:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", array_reply({}));
  pass_time_until(400);
  EXPECT_EQ(done(), "seed:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", "what");
  pass_time_until(900);
  EXPECT_EQ(done(), "c:1 CLUSTER SLOTS");
  down(kC);
  pass_time_until(2'000);
  EXPECT_EQ(done(),
            "a = not_sent(no node is known to serve slot 15495; gone), seed:1 CLUSTER SLOTS");
}

TEST_F(RouterTest, SaysWhyThereIsNoMap) {
  make_cluster();
  up(kSeed);
  answer("CLUSTER SLOTS", "-ERR This instance has cluster support disabled");
  (void)done();
  EXPECT_TRUE(submit("a", {}, 10).ok());
  pass_time_until(10);
  EXPECT_EQ(done(),
            "a = not_sent(no node is known to serve slot 15495; seed:1 is not asked for its "
            "cluster: ERR This instance has cluster support disabled)");
}

TEST_F(RouterTest, SendsAGroupInItsOrderToEachNodeAndItsWaitBehind) {
  make_known_cluster();
  EXPECT_TRUE(submit("abac", kTwo).ok());
  EXPECT_EQ(done(), "a:1 GET a, b:1 GET b, a:1 GET a, b:1 GET c, b:1 WAIT 2 500, a:1 WAIT 2 500");
  answer("GET a", "1");
  answer("GET a", "3");
  answer("GET b", "2");
  answer("GET c", "4");
  answer("WAIT 2 500", integer_reply(2));
  EXPECT_EQ(done(), "");
  answer("WAIT 2 500", integer_reply(1));
  EXPECT_EQ(done(), "abac = 1+1 2+2 3+1 4+2");
}

TEST_F(RouterTest, SharesTheNextWaitWhileOneIsUnderWay) {
  make_known_cluster();
  EXPECT_TRUE(submit("aa", {1, milliseconds(100)}).ok());
  EXPECT_EQ(done(), "a:1 GET a, a:1 GET a, a:1 WAIT 1 100");
  EXPECT_TRUE(submit("a", {1, milliseconds(300)}).ok());
  EXPECT_TRUE(submit("a", {2, milliseconds(200)}).ok());
  EXPECT_TRUE(submit("a").ok());
  EXPECT_EQ(done(), "a:1 GET a, a:1 GET a, a:1 GET a");
  answer("GET a", "1");
  answer("GET a", "2");
  answer("WAIT 1 100", integer_reply(1));
  EXPECT_EQ(done(), "aa = 1+1 2+1, a:1 WAIT 2 300");
  answer("GET a", "3");
  answer("GET a", "4");
  answer("GET a", "5");
  answer("WAIT 2 300", integer_reply(1));
  EXPECT_EQ(done(), "a = 5, a = 3+1, a = 4+1");
}

TEST_F(RouterTest, SendsNoWaitOnTheNextConnectionForCallsOfTheLast) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_TRUE(submit("aa", kTwo).ok());
  answer("GET a", "1");
  answer("GET a", "2");
  (void)done();
  down(kA);
  EXPECT_EQ(done(), "a = 1+(gone), aa = 2+(gone) unknown(gone), b:1 CLUSTER SLOTS");
  up(kA);
  EXPECT_EQ(done(), "");
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_EQ(done(), "a:1 GET a, a:1 WAIT 2 500");
}

TEST_F(RouterTest, CountsNoAcknowledgementThatItDoesNotKnow) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", kTwo).ok());
  answer("GET a", "1");
  answer("WAIT 2 500", "-ERR WAIT cannot be used with replica instances");
  EXPECT_TRUE(submit("b", kTwo).ok());
  answer("GET b", "2");
  (void)done();
  down(kB);
  EXPECT_EQ(done(), "b = 2+(gone), a:1 CLUSTER SLOTS");
}

TEST_F(RouterTest, FollowsMovedAndItsWaitGoesWithIt) {
  make_known_cluster();
  EXPECT_TRUE(submit("aa", kTwo).ok());
  (void)done();
  answer("GET a", "-MOVED 15495 b:1");
  EXPECT_EQ(done(), "b:1 GET a, b:1 WAIT 2 500, b:1 CLUSTER SLOTS");
  answer("GET a", "-MOVED 15495 b:1");
  EXPECT_EQ(done(), "b:1 GET a");
  // That of the node which carried out none of them counts for none.
  answer("WAIT 2 500", integer_reply(2));
  answer("GET a", "1");
  answer("GET a", "2");
  answer("WAIT 2 500", integer_reply(0));
  EXPECT_EQ(done(), "b:1 WAIT 2 500");
  answer("WAIT 2 500", integer_reply(1));
  EXPECT_EQ(done(), "aa = 1+0 2+1");
  // Remembered.
  EXPECT_TRUE(submit("a").ok());
  EXPECT_EQ(done(), "b:1 GET a");
}

TEST_F(RouterTest, FollowsAskOnceAndForThisCallAlone) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", kTwo).ok());
  (void)done();
  answer("GET a", "-ASK 15495 c:1");
  EXPECT_EQ(done(), "open c:1");
  up(kC);
  EXPECT_EQ(done(), "c:1 ASKING GET a, c:1 WAIT 2 500");
  answer("WAIT 2 500", integer_reply(2));  // of the master, for nothing
  answer("GET a", "-TRYAGAIN later");
  EXPECT_EQ(done(), "");
  pass_time_until(25);
  EXPECT_EQ(done(), "a:1 GET a, a:1 WAIT 2 500");
  EXPECT_TRUE(submit("a").ok());
  EXPECT_EQ(done(), "a:1 GET a");
}

TEST_F(RouterTest, GoesBackToTheMasterWhenWhereAnAskLedIsNotThere) {
  make_known_cluster();
  EXPECT_TRUE(submit("a").ok());
  answer("GET a", "-ASK 15495 c:1");
  (void)done();
  down(kC);
  pass_time_until(25);
  EXPECT_EQ(done(), "b:1 CLUSTER SLOTS, a:1 GET a");
}

TEST_F(RouterTest, TakesARedirectionWithoutAHostForTheSameHost) {
  make_known_cluster();
  EXPECT_TRUE(submit("a").ok());
  (void)done();
  answer("GET a", "-MOVED 15495 :9");
  EXPECT_EQ(done(), "open a:9, b:1 CLUSTER SLOTS");
}

TEST_F(RouterTest, WaitsForAMapWhenARedirectionNamesNobody) {
  make_known_cluster();
  EXPECT_TRUE(submit("a").ok());
  (void)done();
  answer("GET a", "-MOVED 15495 ?:1");
  EXPECT_EQ(done(), "b:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", map_of({kB}, {kB}));
  pass_time_until(25);
  EXPECT_EQ(done(), "close a:1, b:1 GET a");
}

TEST_F(RouterTest, GivesUpWhereRedirectionsGoRound) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", {}, 60'000).ok());
  int sent = 0;
  while (log.find("a = ") == std::string::npos) {
    for (const auto& command : std::vector<UnderWay>(under_way)) {
      if (command.text != "GET a") continue;
      ++sent;
      answer("GET a", links.at(command.link) == kA ? "-MOVED 15495 b:1" : "-MOVED 15495 a:1");
    }
    ASSERT_LE(sent, 20);
    pass_time_until(static_cast<int>(now.time_since_epoch() / milliseconds(1)) + 400);
  }
  EXPECT_EQ(sent, 16);
  EXPECT_NE(log.find("a = not_sent(b:1 says: MOVED 15495 a:1)"), std::string::npos) << log;
}

TEST_F(RouterTest, TriesAgainWithinThePatienceOfTheCall) {
  for (const std::string error :
       {"TRYAGAIN t", "CLUSTERDOWN c", "LOADING l", "MASTERDOWN m", "READONLY r"}) {
    links.clear();
    up_links.clear();
    under_way.clear();
    now = at_ms(0);
    make_known_cluster();
    EXPECT_TRUE(submit("a", {}, 100).ok());
    (void)done();
    answer("GET a", "-" + error);
    const std::string map = error == "TRYAGAIN t" ? "" : "b:1 CLUSTER SLOTS";
    EXPECT_EQ(done(), map);
    wait_until(24);
    EXPECT_EQ(done(), "");
    wait_until(25);
    EXPECT_EQ(done(), "a:1 GET a");
    answer("GET a", "-" + error);
    wait_until(75);
    EXPECT_EQ(done(), "a:1 GET a");
    answer("GET a", "-" + error);
    EXPECT_EQ(router->next_due(), at_ms(100));
    wait_until(100);
    EXPECT_EQ(done(), "a = not_sent(a:1 says: " + error + ")");
  }
}

TEST_F(RouterTest, DeliversTheErrorsThatAreAnswers) {
  make_known_cluster();
  for (const std::string error : {"OOM o", "NOSCRIPT n", "ERR Function not found", "MISCONF m",
                                  "NOREPLICAS n", "BUSY b", "NOPERM n", "CROSSSLOT c", "ERR e"}) {
    EXPECT_TRUE(submit("a").ok());
    answer("GET a", "-" + error);
    EXPECT_EQ(done(), "a:1 GET a, a = " + error);
  }
}

TEST_F(RouterTest, NeverRepeatsWhatMayHaveBeenCarriedOutUnlessItMay) {
  make_known_cluster();
  EXPECT_TRUE(submit("a").ok());
  EXPECT_TRUE(submit("aa", {}, 1'000, true).ok());
  (void)done();
  down(kA);
  EXPECT_EQ(done(), "a = unknown(gone), b:1 CLUSTER SLOTS");
  // Its replica has been elected.
  answer("CLUSTER SLOTS", map_of({kB}, {kC}));
  up(kC);
  pass_time_until(25);
  EXPECT_EQ(done(), "open c:1, close a:1, c:1 GET a, c:1 GET a");
}

TEST_F(RouterTest, KnowsThatWhatItRepeatsMayHaveBeenCarriedOut) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", {}, 100, true).ok());
  EXPECT_TRUE(submit("a", {}, 30'000, true).ok());
  down(kA, "gone");
  pass_time_until(100);
  EXPECT_EQ(done(), "a:1 GET a, a:1 GET a, b:1 CLUSTER SLOTS, a = unknown(gone)");
  up(kA);
  EXPECT_EQ(done(), "a:1 GET a");
  router->stop("the end");
  end("GET a", {Fate::not_sent, {}, "not now"});
  EXPECT_EQ(done(), "a = unknown(not now)");
}

TEST_F(RouterTest, SendsElsewhereWhatWasNotSent) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", kTwo).ok());
  (void)done();
  end("GET a", {Fate::not_sent, {}, "gone"});
  end("WAIT 2 500", {Fate::not_sent, {}, "gone"});
  down(kA);
  answer("CLUSTER SLOTS", map_of({kB}, {kC}));
  up(kC);
  pass_time_until(25);
  EXPECT_EQ(done(), "b:1 CLUSTER SLOTS, open c:1, close a:1, c:1 GET a, c:1 WAIT 2 500");
}

TEST_F(RouterTest, HoldsCallsOfALostMasterAndLooksForTheNextAmongItsReplicas) {
  make_cluster();
  up(kSeed);
  answer("CLUSTER SLOTS", map_of({kB}, {kA, kC}));
  up(kA);
  up(kB);
  down(kA);
  (void)done();
  EXPECT_TRUE(submit("a", {}, 5'000).ok());
  EXPECT_TRUE(submit("b", {}, 5'000).ok());
  EXPECT_EQ(done(), "open c:1, b:1 GET b");
  // Nobody knows better yet; asked again and again, ever more seldom, one at a time.
  int maps = 0;
  for (int ms = 0; ms < 3'000; ms += 100) {
    pass_time_until(ms);
    const bool asked = !under_way.empty() && under_way.back().text == "CLUSTER SLOTS";
    maps += asked ? 1 : 0;
    if (asked) answer("CLUSTER SLOTS", map_of({kB}, {kA, kC}));
  }
  EXPECT_GE(maps, 4);
  EXPECT_LE(maps, 12);
  up(kC);
  pass_time_until(4'000);
  EXPECT_NE(done().find("CLUSTER SLOTS"), std::string::npos);
  answer("CLUSTER SLOTS", map_of({kB}, {kC}));
  EXPECT_EQ(done(), "c:1 GET a, close a:1");
  answer("GET a", "1");
  EXPECT_EQ(done(), "a = 1");
}

TEST_F(RouterTest, FallsBackToTheSeedsWhenNobodyIsThere) {
  make_known_cluster();
  down(kA, "no a");
  down(kB, "no b");
  EXPECT_TRUE(submit("a", {}, 200).ok());
  pass_time_until(200);
  EXPECT_EQ(done(), "b:1 CLUSTER SLOTS, a = not_sent(no a), open seed:1");
  up(kSeed);
  pass_time_until(2'000);
  EXPECT_EQ(done(), "seed:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", map_of({kC}, {kC}));
  EXPECT_EQ(done(), "open c:1, close b:1, close a:1, close seed:1");
  EXPECT_FALSE(router->is_ready());
  up(kC);
  EXPECT_TRUE(router->is_ready());
}

TEST_F(RouterTest, ClosesWhatLeftTheMapWhenItIsIdle) {
  make_known_cluster();
  EXPECT_TRUE(submit("a").ok());
  EXPECT_TRUE(submit("b").ok());
  (void)done();
  answer("GET b", "-MOVED 3300 c:1");
  answer("CLUSTER SLOTS", map_of({kC}, {kC}));
  up(kC);
  EXPECT_EQ(done(), "open c:1, b:1 CLUSTER SLOTS, close b:1, c:1 GET b");
  answer("GET a", "1");
  EXPECT_EQ(done(), "a = 1, close a:1");
}

TEST_F(RouterTest, ClosesNoLinkBeforeItsCallsHaveHadTheirWait) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_TRUE(submit("b").ok());
  answer("GET b", "-MOVED 3300 c:1");
  answer("CLUSTER SLOTS", map_of({kC}, {kC}));
  (void)done();
  // All of it in one turn, so that nothing is under way at its end.
  end("GET a", {Fate::answered, text_reply("1"), {}}, false);
  end("WAIT 2 500", {Fate::answered, integer_reply(2), {}}, false);
  end("GET a", {Fate::answered, text_reply("2"), {}}, false);
  settle();
  EXPECT_EQ(done(), "a = 1+2, a:1 WAIT 2 500");
  answer("WAIT 2 500", integer_reply(2));
  EXPECT_EQ(done(), "a = 2+2, close a:1");
}

TEST_F(RouterTest, LooksForANewMasterWithoutAnyCalls) {
  make_known_cluster();
  down(kA);
  answer("CLUSTER SLOTS", map_of({kB}, {kA}));
  (void)done();
  pass_time_until(1'000);
  EXPECT_EQ(done(), "b:1 CLUSTER SLOTS");
  answer("CLUSTER SLOTS", map_of({kB}, {kB}));
  EXPECT_TRUE(router->is_ready());
  pass_time_until(60'000);
  EXPECT_EQ(done(), "close a:1");
}

TEST_F(RouterTest, GivesAnAnswerItsTimeBeyondTheWaitsBeforeIt) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", {}, 1).ok());
  EXPECT_EQ(under_way.back().deadline, at_ms(2'000));
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_EQ(under_way.back().text, "WAIT 2 500");
  EXPECT_EQ(under_way.back().deadline, at_ms(2'500));
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_EQ(under_way.back().text, "GET a");
  EXPECT_EQ(under_way.back().deadline, at_ms(2'500));
  EXPECT_TRUE(submit("b").ok());
  EXPECT_EQ(under_way.back().deadline, at_ms(2'000));
  answer("GET a", "1");
  answer("GET a", "2");
  answer("WAIT 2 500", integer_reply(2));
  EXPECT_TRUE(submit("a").ok());
  EXPECT_EQ(under_way.back().deadline, at_ms(2'500));
}

TEST_F(RouterTest, SpreadsGroupsOverTheLinksOfANode) {
  RouterOptions options;
  options.links_per_node = 2;
  make_known_cluster(options);
  const auto of_a = links_of(kA);
  ASSERT_EQ(of_a.size(), 2U);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(submit("aa", kTwo).ok());
  std::vector<LinkId> used;
  for (const auto& sent : under_way) used.push_back(sent.link);
  EXPECT_EQ(used, (std::vector<LinkId>{of_a[0], of_a[0], of_a[0], of_a[1], of_a[1], of_a[1],
                                       of_a[0], of_a[0]}));
}

TEST_F(RouterTest, AsksOneNodeAndDeliversWhatItSays) {
  make_known_cluster();
  ASSERT_TRUE(router->submit_to(kC, {"CONFIG", "GET", "x"}, at_ms(50), noted("c")).ok());
  settle();
  EXPECT_EQ(done(), "open c:1");
  up(kC);
  answer("CONFIG GET x", "-LOADING l");
  EXPECT_EQ(done(), "c:1 CONFIG GET x, c = LOADING l");
  down(kC, "no c");
  ASSERT_TRUE(router->submit_to(kC, {"PING"}, at_ms(50), noted("c")).ok());
  settle();
  pass_time_until(50);
  EXPECT_NE(done().find("c = not_sent(no c)"), std::string::npos);
}

TEST_F(RouterTest, HasBounds) {
  RouterOptions options;
  options.calls = 3;
  options.bytes = 150;
  make_known_cluster(options);
  EXPECT_TRUE(submit("ab").ok());
  EXPECT_EQ(submit("ab").error().code, ErrorCode::overloaded);
  EXPECT_TRUE(submit("a").ok());
  EXPECT_EQ(submit("a").error().code, ErrorCode::overloaded);
  answer("GET a", "1");
  EXPECT_TRUE(submit("a").ok());
  answer("GET b", "1");
  answer("GET a", "1");
  answer("GET a", "1");
  EXPECT_TRUE(submit("ab").ok());
  answer("GET a", "1");
  answer("GET b", "1");
  const std::string big(135, 'x');
  EXPECT_EQ(router->submit({{"a", {big}}}, {}, at_ms(100), noted("x")).error().code,
            ErrorCode::overloaded);
  EXPECT_EQ(router->unanswered(), 0U);
}

TEST_F(RouterTest, RefusesWhatIsNoGroup) {
  make_known_cluster();
  for (const auto& [calls, barrier] : std::vector<std::pair<std::vector<Call>, Barrier>>{
           {{}, {}}, {{{"a", {}}}, {}}, {{{"a", {"GET", "a"}}}, {1, milliseconds(0)}}}) {
    EXPECT_EQ(router->submit(calls, barrier, at_ms(100), noted("x")).error().code,
              ErrorCode::invalid_argument);
  }
  settle();
  EXPECT_EQ(done(), "");
}

TEST_F(RouterTest, EndsEverythingWhenItStops) {
  make_known_cluster();
  EXPECT_TRUE(submit("a", kTwo).ok());
  EXPECT_TRUE(submit("aa", {}, 1'000, true).ok());
  EXPECT_TRUE(submit("b", {}, 5'000).ok());
  answer("GET b", "-CLUSTERDOWN c");
  answer("GET a", "1");
  (void)done();
  router->stop("the end");
  EXPECT_EQ(router->next_due(), Moment::max());
  for (const auto& sent : std::exchange(under_way, {})) {
    router->answered(sent.ticket, {Fate::unknown, {}, "the end"}, now);
  }
  settle();
  EXPECT_EQ(done(),
            "b = not_sent(the end), a = 1+(the end), aa = unknown(the end) unknown(the end)");
  EXPECT_EQ(submit("a").error().code, ErrorCode::overloaded);
  EXPECT_EQ(router->unanswered(), 0U);
}

TEST_F(RouterTest, TellsTheConditionOfItsNodes) {
  make_known_cluster();
  down(kA, "why");
  const auto nodes = router->condition();
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].node, kB);
  EXPECT_TRUE(nodes[0].is_up && nodes[0].is_master && nodes[0].reason.empty());
  EXPECT_EQ(nodes[1].node, kA);
  EXPECT_TRUE(!nodes[1].is_up && nodes[1].is_master);
  EXPECT_EQ(nodes[1].reason, "why");
}

}  // namespace
}  // namespace doorbuster::redis
