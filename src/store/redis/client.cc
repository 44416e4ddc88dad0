#include "store/redis/client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <random>
#include <utility>
#include <variant>

namespace doorbuster::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// So wide that a connection takes what the router sends: a WAIT that is refused leaves its calls
// without one.
LinkLimits limits_for(const RouterOptions& routing, LinkLimits limits) {
  constexpr std::size_t kBytesOfAWait = 64;
  limits.commands = 4 * routing.calls;
  limits.waiting_bytes = routing.bytes + limits.commands * kBytesOfAWait;
  return limits;
}

}  // namespace

// Lives on in its handlers after the client is destroyed, and does nothing there.
class RedisClient::Driver final : public std::enable_shared_from_this<Driver> {
 public:
  Driver(boost::asio::io_context& io, ClientOptions options, SharedTls tls,
         OnNodeChange on_node_change)
      : io_(io),
        options_(std::move(options)),
        tls_(std::move(tls)),
        on_node_change_(std::move(on_node_change)),
        timer_(io),
        router(options_.routing) {}

  void drive();
  void drive_later();
  void stop();

 private:
  void act(OpenLink& open);
  void act(CloseLink& close) { connections_.erase(close.link); }
  void act(SendCommand& send);
  void act(Deliver& deliver) { deliver.on_answers(std::move(deliver.answers)); }
  void on_change(LinkId link, const Node& node, bool is_up, const std::string& reason);
  void arm();

  boost::asio::io_context& io_;
  const ClientOptions options_;
  const SharedTls tls_;
  OnNodeChange on_node_change_;
  boost::asio::steady_timer timer_;
  Moment armed_ = Moment::max();
  std::map<LinkId, std::unique_ptr<Connection>> connections_;
  bool drives_later_ = false;
  bool stopped_ = false;

 public:
  Router router;
};

// A callback may end it at any time.
void RedisClient::Driver::drive() {
  if (stopped_) return;
  router.settle(steady_clock::now());
  while (auto action = router.next_action()) {
    std::visit([this](auto& what) { act(what); }, *action);
    if (stopped_) return;
  }
  arm();
}

// At the end of what is ready now, and when a connection has told all that it has to.
void RedisClient::Driver::drive_later() {
  if (stopped_ || std::exchange(drives_later_, true)) return;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->drives_later_ = false;
    self->drive();
  });
}

void RedisClient::Driver::act(OpenLink& open) {
  auto options = options_.connection;
  options.address.node = open.node;
  connections_[open.link] = Connection::open(
      io_, std::move(options), tls_,
      [this, link = open.link, node = open.node](bool is_up, const std::string& reason) {
        on_change(link, node, is_up, reason);
      });
}

void RedisClient::Driver::act(SendCommand& send) {
  const auto left = send.deadline - steady_clock::now();
  const auto taken = connections_.at(send.link)->submit(
      send.arguments, std::chrono::ceil<milliseconds>(left),
      [this, ticket = send.ticket](Answer answer) {
        router.answered(ticket, std::move(answer), steady_clock::now());
        drive_later();
      },
      send.asking);
  if (taken.ok()) return;
  router.answered(send.ticket, {Fate::not_sent, {}, taken.error().message}, steady_clock::now());
  drive_later();
}

void RedisClient::Driver::on_change(LinkId link, const Node& node, bool is_up,
                                    const std::string& reason) {
  const auto self = shared_from_this();
  if (is_up) {
    router.link_up(link);
  } else {
    router.link_down(link, reason);
  }
  drive_later();
  if (on_node_change_) on_node_change_(node, is_up, reason);
}

// Set anew only if that is sooner: when it rings too early, it is set again.
void RedisClient::Driver::arm() {
  const Moment due = router.next_due();
  if (due >= armed_) return;
  armed_ = due;
  timer_.expires_at(due);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error) return;
    self->armed_ = Moment::max();
    self->drive();
  });
}

void RedisClient::Driver::stop() {
  if (std::exchange(stopped_, true)) return;
  on_node_change_ = nullptr;
  timer_.cancel();
  router.stop("the client was closed on this side");
  std::exchange(connections_, {}).clear();
  while (auto action = router.next_action()) {
    if (auto* const deliver = std::get_if<Deliver>(&*action)) act(*deliver);
  }
}

RedisClient::RedisClient(std::shared_ptr<Driver> driver) : driver_(std::move(driver)) {}

RedisClient::~RedisClient() { driver_->stop(); }

Result<std::unique_ptr<RedisClient>> RedisClient::open(boost::asio::io_context& io,
                                                       ClientOptions options,
                                                       OnNodeChange on_node_change) {
  const Address& address = options.connection.address;
  if (options.routing.deployment == Deployment::cluster && address.db != 0) {
    return Error{ErrorCode::invalid_argument,
                 "a cluster has the database 0 alone, and " + address.text() + " names another"};
  }
  auto tls = load_tls(address.tls, options.connection.tls);
  if (!tls) return tls.error();
  options.connection.limits = limits_for(options.routing, options.connection.limits);
  options.routing.seeds.insert(options.routing.seeds.begin(), address.node);
  options.routing.seed = std::random_device{}();
  auto driver =
      std::make_shared<Driver>(io, std::move(options), std::move(*tls), std::move(on_node_change));
  driver->drive_later();
  return std::unique_ptr<RedisClient>(new RedisClient(std::move(driver)));
}

Status RedisClient::submit(const std::vector<Call>& calls, const Barrier& barrier,
                           milliseconds patience, OnAnswers on_answers) {
  auto taken =
      driver_->router.submit(calls, barrier, steady_clock::now() + patience, std::move(on_answers));
  if (taken.ok()) driver_->drive_later();
  return taken;
}

Status RedisClient::submit_to(const Node& node, const Arguments& arguments, milliseconds patience,
                              OnAnswer on_answer) {
  auto taken = driver_->router.submit_to(
      node, arguments, steady_clock::now() + patience,
      [on_answer = std::move(on_answer)](std::vector<CallAnswer> answers) {
        on_answer(std::move(answers[0].answer));
      });
  if (taken.ok()) driver_->drive_later();
  return taken;
}

const SlotMap& RedisClient::map() const { return driver_->router.map(); }
bool RedisClient::is_ready() const { return driver_->router.is_ready(); }
std::vector<NodeCondition> RedisClient::condition() const { return driver_->router.condition(); }
std::size_t RedisClient::unanswered() const { return driver_->router.unanswered(); }

}  // namespace doorbuster::redis
