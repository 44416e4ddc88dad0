// The function library held to the pure core: generated calls, the same ones to both, every reply
// compared, and with its hash every byte of every event.
//
// DOORBUSTER_FUNCTION_SEQUENCES=100000: how many sequences of calls (400 otherwise).
// DOORBUSTER_FUNCTION_SEED=17: from that seed on, which a failure names; it alone without a count.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "store/redis/functions_world_test.h"

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time kBegin{milliseconds(1'700'000'000'000)};

// Calls that were sent, each with what the core says to it.
class Comparison {
 public:
  explicit Comparison(FunctionServer& server) : server_(server) {}

  template <typename ReadReply>
  void expect(const FunctionCall& call, std::string expected, ReadReply read) {
    ASSERT_TRUE(server_.client.submit(call.arguments()));
    expected_.push_back({server_.client.answers.size() + in_flight_++, what_, std::move(expected),
                         [read](const Reply& reply) { return words_of(read(reply)); }});
  }
  // Of what follows, where it differs.
  void name(std::string what) { what_ = std::move(what); }
  void set_clock(Time now) {
    server_.set_clock(now);
    ++in_flight_;
  }
  void flush_all() {
    ASSERT_TRUE(server_.client.submit({"FLUSHALL"}));
    ++in_flight_;
  }
  std::size_t in_flight() const { return in_flight_; }

  // Waits for the replies and compares them.
  void compare() {
    ASSERT_TRUE(
        server_.client.run_until([&] { return server_.client.answers.size() == in_flight_; }));
    for (const Expected& one : expected_) {
      const Answer& answer = server_.client.answers[one.at];
      ASSERT_EQ(answer.fate, Fate::answered) << one.what;
      ASSERT_EQ(one.words(answer.reply), one.expected) << one.what;
      ++compared_;
    }
    server_.client.answers.clear();
    expected_.clear();
    in_flight_ = 0;
  }
  std::uint64_t compared() const { return compared_; }

 private:
  struct Expected {
    std::size_t at;  // of the answer
    std::string what;
    std::string expected;
    std::function<std::string(const Reply&)> words;
  };

  FunctionServer& server_;
  std::vector<Expected> expected_;
  std::size_t in_flight_ = 0;
  std::string what_;
  std::uint64_t compared_ = 0;
};

// One generated sequence of calls about one sale, or about the recipe's rounds.
class Sequence {
 public:
  Sequence(std::uint64_t seed, Comparison& comparison)
      : random_(seed), seed_(seed), comparison_(comparison) {}

  void run() {
    comparison_.flush_all();
    crowded_ = one_in(12);
    rounds_ = !crowded_ && one_in(8);
    steered_ = one_in(4);
    slug_ = rounds_ ? "goods" : "sale";
    tick();
    open();
    const int steps = crowded_ ? 16 : 40;
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      comparison_.name("seed " + std::to_string(seed_) + ", step " + std::to_string(step));
      if (one_in(crowded_ ? 2 : 3)) tick();
      take_step();
    }
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t bound) { return below(bound) == 0; }
  template <typename Value>
  Value any_of(std::initializer_list<Value> values) {
    return *(values.begin() + below(values.size()));
  }

  void tick() {
    now_ += milliseconds(any_of({0, 1, 999, 1'000, 1'000, 4'999, 5'000, 5'000, 10'000}));
    if (one_in(40)) now_ -= milliseconds(3'000);  // the server's clock is put back
    core_.at(now_);
    comparison_.set_clock(now_);
  }

  sale::SaleDefinition definition() {
    sale::SaleDefinition sale;
    sale.slug = slug_;
    sale.title.emplace_back("", "Lamp");
    sale.title.emplace_back("de", "Lampe");
    sale.stock = static_cast<std::uint32_t>(crowded_ ? 130 + below(200) : 1 + below(7));
    sale.per_buyer_limit = static_cast<sale::Quantity>(1 + below(4));
    sale.hold_seconds = crowded_ ? 5 : any_of<std::uint32_t>({0, 5, 5, 10});
    if (one_in(3)) sale.opens_at = kBegin + seconds(below(15));
    if (one_in(3)) sale.closes_at = kBegin + seconds(below(90));
    if (sale.opens_at && sale.closes_at && *sale.closes_at <= *sale.opens_at) sale.closes_at = {};
    sale.late_payment = any_of({sale::LatePayment::reject, sale::LatePayment::reacquire});
    sale.claim_attempts = any_of<sale::Quantity>({1, 2, 5, 5});
    sale.max_extension_seconds = any_of<std::uint32_t>({0, 7, 60});
    sale.archive_after_seconds = any_of<std::uint32_t>({0, 4, 5});
    if (one_in(2)) sale.metadata = R"({"shelf":7})";
    return sale;
  }

  void open() {
    if (rounds_) return publish_round();
    publish(definition());
  }

  void publish(const sale::SaleDefinition& sale) {
    const TraceParent trace = any_trace();
    const sale::CreateSale command{std::make_shared<sale::SaleDefinition>(sale), trace};
    const auto ordinal = sale::SaleOrdinal{core_.catalog().size()};
    const auto* there = core_.catalog().find_ever(sale.slug);
    const ChainPoint known = there == nullptr ? ChainPoint{} : any_known(*there);
    comparison_.expect(publish_call(command, ordinal, known), core_.publish(sale, trace),
                       read_publish_reply);
  }

  void publish_round() {
    const std::uint32_t newest = core_.catalog().newest_round();
    const ChainPoint known = newest == 0 ? ChainPoint{} : any_known(*newest_sale());
    const auto stock = static_cast<std::uint32_t>(1 + below(5));
    const auto call =
        publish_round_call({stock, {}}, newest, sale::SaleOrdinal{core_.catalog().size()}, known);
    comparison_.expect(call, core_.publish_round(stock), read_publish_reply);
  }

  const sale::SaleState* newest_sale() const { return core_.catalog().find_ever(slug_); }

  // What a caller may have been told of the sale: any of its points, or nothing.
  ChainPoint any_known(const sale::SaleState& sale) {
    const std::vector<ChainPoint>& points = core_.points(sale.ordinal());
    return points[one_in(2) ? points.size() - 1 : below(points.size())];
  }

  TraceParent any_trace() {
    if (!one_in(4)) return {};
    return *TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  }

  std::string buyer() {
    if (crowded_) return "buyer" + std::to_string(below(500));
    return any_of<const char*>({"ann", "bob", "zo\xc3\xab, of 2% fame", "-"});
  }

  std::vector<sale::ClaimUnits> claims() {
    std::vector<sale::ClaimUnits> claims(crowded_ ? 100 + below(157) : 1 + below(5));
    for (sale::ClaimUnits& claim : claims) {
      claim.buyer.assign(buyer());
      claim.quantity = static_cast<sale::Quantity>(one_in(3) ? 1 + below(3) : 1);
      claim.key.assign(any_of<const char*>({"", "", "k1", "k 2,\n%", "-"}));
      claim.trace = any_trace();
    }
    return claims;
  }

  // Mostly one that there is.
  sale::ClaimPlace place(const sale::SaleState& sale) {
    const auto number = static_cast<std::uint32_t>(below(sale.granted() + 1));
    const std::uint32_t other = one_in(30) ? 1 : 0;
    return {{sale.ordinal().value + other}, {number}};
  }

  void take_step() {
    if (crowded_ && one_in(2)) return claim_some();
    if (rounds_ && one_in(12)) return publish_round();
    if (steered_ && one_in(8)) return steer_rarely();
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return claim_some();
      case 4:
      case 5:
      case 6:
        return confirm_one();
      case 7:
        return release_one();
      case 8:
        return extend_one();
      case 9:
        return read_something();
      case 10:
        return change_something();
      default:
        return one_in(3) ? steer_rarely() : settle_and_read();
    }
  }

  // The present sale as it is called, by its real slug.
  template <typename Use>
  void with_sale(Use use) {
    if (newest_sale() == nullptr) return publish(definition());  // it was to close in the past
    const sale::SaleState& state = *newest_sale();
    const std::string slug = state.definition().slug;
    const ChainPoint known = any_known(state);
    use(state, CalledSale{slug, rounds_, known});
  }

  void claim_some() {
    with_sale([&](const sale::SaleState&, const CalledSale& called) {
      const std::vector<sale::ClaimUnits> some = claims();
      comparison_.expect(
          claim_call(called, some), core_.claim(slug_, some),
          [count = some.size()](const Reply& reply) { return read_claim_reply(reply, count); });
    });
  }

  void confirm_one() {
    with_sale([&](const sale::SaleState& state, const CalledSale& called) {
      const auto claim = place(state);
      const char* reference = any_of<const char*>({"order-1", "order-1", "2, of %", "-"});
      comparison_.expect(confirm_call(called, claim, {{}, {}, sale::Reference(reference), {}}),
                         core_.confirm(slug_, claim, reference), read_claim_change_reply);
    });
  }

  void release_one() {
    with_sale([&](const sale::SaleState& state, const CalledSale& called) {
      const auto claim = place(state);
      std::string by = one_in(2) ? std::string{} : buyer();
      if (!by.empty() && one_in(2) && claim.claim.value < state.granted()) {
        by = state.claims().buyer(state.claims()[claim.claim]);
      }
      comparison_.expect(release_call(called, claim, {{}, {}, sale::BuyerId(by), {}}),
                         core_.release(slug_, claim, by), read_claim_change_reply);
    });
  }

  void extend_one() {
    with_sale([&](const sale::SaleState& state, const CalledSale& called) {
      const auto claim = place(state);
      const auto by = any_of<std::uint32_t>({0, 3, 8});
      comparison_.expect(extend_call(called, claim, {{}, {}, by, {}}),
                         core_.extend(slug_, claim, by), read_claim_change_reply);
    });
  }

  void read_something() {
    with_sale([&](const sale::SaleState& state, const CalledSale& called) {
      switch (below(4)) {
        case 0:
          return comparison_.expect(read_sale_call(called), core_.read_sale(slug_),
                                    read_read_reply);
        case 1: {
          const std::string who = buyer();
          return comparison_.expect(read_buyer_call(called, who), core_.read_buyer(slug_, who),
                                    read_read_reply);
        }
        case 2: {
          const auto claim = place(state);
          return comparison_.expect(read_claim_call(called, claim), core_.read_claim(slug_, claim),
                                    read_read_reply);
        }
        default: {
          const auto from = static_cast<std::uint32_t>(below(4));
          const auto limit = static_cast<std::uint32_t>(1 + below(256));
          const std::uint32_t end = one_in(2) ? 0xffffffff : from + 2;
          return comparison_.expect(list_claims_call(called, from, limit, end),
                                    core_.list_claims(slug_, from, limit, end), read_read_reply);
        }
      }
    });
  }

  void settle_and_read() {
    with_sale([&](const sale::SaleState&, const CalledSale& called) {
      comparison_.expect(settle_call(called), core_.settle(slug_), read_settle_reply);
    });
    with_sale([&](const sale::SaleState&, const CalledSale& called) {
      comparison_.expect(list_claims_call(called, 0, 256, 0xffffffff),
                         core_.list_claims(slug_, 0, 256, 0xffffffff), read_read_reply);
    });
  }

  sale::SaleChanges changes(const sale::SaleState& state) {
    sale::SaleChanges changes;
    const auto stock = state.definition().stock;
    switch (below(9)) {
      case 0:
      case 1:
        changes.stock = static_cast<std::uint32_t>(
            any_of<std::uint64_t>({stock + 1, stock + 3, stock == 1 ? 1 : stock - 1, 1}));
        break;
      case 2:
        changes.per_buyer_limit = static_cast<sale::Quantity>(1 + below(4));
        break;
      case 3:
        changes.hold_seconds = any_of<std::uint32_t>({0, 5, 10});
        break;
      case 4:
        changes.opens_at = one_in(3) ? std::optional<Time>{} : now_ + seconds(below(5));
        break;
      case 5:
        changes.closes_at =
            one_in(3) ? std::optional<Time>{} : now_ + seconds(below(40)) - seconds(4);
        break;
      case 6:
        changes.late_payment = any_of({sale::LatePayment::reject, sale::LatePayment::reacquire});
        changes.max_extension_seconds = any_of<std::uint32_t>({0, 60});
        break;
      case 7:
        changes.title.emplace().emplace_back("", any_of<const char*>({"Lamp", "Lamps"}));
        changes.archive_after_seconds = any_of<std::uint32_t>({0, 4});
        break;
      default:
        changes.claim_attempts = any_of<sale::Quantity>({1, 5});
        changes.metadata = any_of<const char*>({"{}", R"({"shelf":8})"});
        break;
    }
    return changes;
  }

  void change_something() {
    with_sale([&](const sale::SaleState& state, const CalledSale& called) {
      sale::ChangeSale command{sale::Slug(slug_), {}, {}, any_trace()};
      command.changes = std::make_shared<sale::SaleChanges>(changes(state));
      if (one_in(2)) command.if_version = one_in(4) ? 7 : state.version();
      comparison_.expect(change_call(called, command), core_.change(command),
                         read_sale_change_reply);
    });
  }

  void steer_rarely() {
    with_sale([&](const sale::SaleState&, const CalledSale& called) {
      if (one_in(steered_ ? 4 : 10)) {
        return comparison_.expect(delete_call(called, {sale::Slug(slug_), {}}), core_.remove(slug_),
                                  read_sale_change_reply);
      }
      using Action = sale::SaleAction;
      const sale::SteerSale command{
          sale::Slug(slug_),
          any_of({Action::pause, Action::pause, Action::resume, Action::resume, Action::resume,
                  Action::close, Action::cancel}),
          any_trace()};
      comparison_.expect(steer_call(called, command), core_.steer(command), read_sale_change_reply);
    });
    if (!rounds_ && one_in(3)) {
      const auto* there = newest_sale();
      publish(one_in(2) && there != nullptr ? there->definition() : definition());
    }
  }

  std::mt19937_64 random_;
  std::uint64_t seed_;
  Comparison& comparison_;
  bool crowded_ = false;
  bool rounds_ = false;
  bool steered_ = false;  // its merchant is restless
  std::string slug_;
  Time now_ = kBegin;
  Core core_{kBegin};
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(RedisFunctionsAgainstTheCore, AnswerAndRecordTheSame) {
  FunctionServer server;
  Comparison comparison(server);
  const std::uint64_t seed_given = number_from("DOORBUSTER_FUNCTION_SEED", 0);
  const std::uint64_t first = std::max<std::uint64_t>(seed_given, 1);
  const std::uint64_t count =
      number_from("DOORBUSTER_FUNCTION_SEQUENCES", seed_given == 0 ? 400 : 1);
  ASSERT_GT(count, 0U);
  for (std::uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    Sequence(seed, comparison).run();
    if (comparison.in_flight() > 500 || seed + 1 == first + count) comparison.compare();
  }
  std::printf("%llu sequences, %llu calls compared\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(comparison.compared()));
}

// A crowd is granted by another path than a single claim (crowd.lua): across every number at which
// a decimal or a varint gets longer, by calls of all sizes, with what ends a stretch of it in
// between.
TEST(RedisFunctionsAgainstTheCore, ACrowdIsGrantedAsEachByItself) {
  FunctionServer server;
  Comparison comparison(server);
  for (const std::uint32_t setting : {0U, 1U, 2U}) {
    std::mt19937_64 random(setting);
    comparison.flush_all();
    comparison.set_clock(kBegin);
    Core core(kBegin);
    sale::SaleDefinition definition;
    definition.slug = "lamp";
    definition.title.emplace_back("", "Lamp");
    definition.stock = 17'000;
    definition.per_buyer_limit = setting == 2 ? 3 : 1;
    definition.hold_seconds = setting == 0 ? 0 : 60;
    if (setting == 2) definition.late_payment = sale::LatePayment::reacquire;
    const auto shared = std::make_shared<sale::SaleDefinition>(definition);
    comparison.expect(publish_call({shared, {}}, {0}, {}), core.publish(definition),
                      read_publish_reply);
    const TraceParent trace =
        *TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    std::uint32_t buyers = 0;
    while (buyers < 17'500) {
      std::vector<sale::ClaimUnits> claims(random() % 3 == 0 ? 1 + random() % 256 : 256);
      for (sale::ClaimUnits& claim : claims) {
        std::string name = std::to_string(buyers++);
        if (random() % 50 == 0) name = std::to_string(random() % buyers);  // again
        if (random() % 9 == 0) name.resize(random() % 2 == 0 ? 128 : 20, 'x');
        claim.buyer = sale::BuyerId(name);
        if (random() % 20 == 0) claim.key = sale::Key("k 1");
        if (random() % 20 == 0) claim.trace = trace;
        if (random() % 100 == 0) claim.quantity = 2;
      }
      const ChainPoint known = core.points({0}).back();
      comparison.name("setting " + std::to_string(setting) + ", buyer " + std::to_string(buyers));
      comparison.expect(
          claim_call({"lamp", false, known}, claims), core.claim("lamp", claims),
          [count = claims.size()](const Reply& reply) { return read_claim_reply(reply, count); });
    }
    const ChainPoint known = core.points({0}).back();
    const CalledSale called{"lamp", false, known};
    comparison.expect(read_sale_call(called), core.read_sale("lamp"), read_read_reply);
    for (std::uint32_t from = 0; from < 17'000; from += 256) {
      comparison.expect(list_claims_call(called, from, 256, 17'000),
                        core.list_claims("lamp", from, 256, 17'000), read_read_reply);
    }
    comparison.compare();
  }
  EXPECT_GT(comparison.compared(), 300U);
}

}  // namespace
}  // namespace doorbuster::redis
