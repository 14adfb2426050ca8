#include "tests/gateway/http/live_door.h"

#include <future>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

#include "gateway/http/client_watch.h"
#include "gateway/http/reply.h"
#include "tests/support/door_tls.h"
#include "tests/support/tls_ports.h"
#include "tests/support/wait_for.h"

namespace gateway::http {

namespace {

using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, Executor>;

config::Result<void> knows_the_key(const Request& head) {
  if (head.find("authorization") != "Bearer key") {
    return config::failure(config::ErrorCode::invalid_key, "That is not the key.");
  }
  return require_json(head);
}

config::DoorTls switched_on(config::DoorTls tls) {
  const auto* everywhere = test::door_tls();
  if (tls.on() || everywhere == nullptr) return tls;
  tls.certificate = everywhere->certificate_file;
  tls.key = everywhere->key_file;
  return tls;
}

std::unique_ptr<TlsDoor> tls_door(const config::DoorTls& tls, ConnectionCount& under_way,
                                  const Executor& executor) {
  if (!tls.on()) return nullptr;
  return std::make_unique<TlsDoor>(
      TlsDoor{.server = std::get<std::shared_ptr<const tls::Server>>(tls::Server::load(tls)),
              .time_limit = tls.handshake_timeout,
              .under_way = under_way,
              .turns = HandshakeTurns(executor)});
}

Awaitable<void> say(Reply& reply, std::string_view text) {
  providers::Body body;
  body.borrow(text);
  co_await reply.send(200, "text/plain", body);
}

}  // namespace

LiveDoor::LiveDoor(config::Server limits, std::uint16_t port)
    : count_(limits.max_connections),
      room_(limits),
      handshakes_under_way_(limits.tls.handshakes_at_once),
      door_{.endpoints = endpoints_,
            .limits = limits,
            .deadlines = deadlines_,
            .clock = clock_,
            .tasks = tasks_,
            .count = count_,
            .room = &room_,
            .ids = RequestIds(42),
            .on_refusal =
                [this](const Refusal& refusal) {
                  const std::lock_guard lock(mutex_);
                  refused_.push_back(refusal.error.code);
                },
            .on_exception =
                [this](std::string_view, std::string_view what) {
                  const std::lock_guard lock(mutex_);
                  exceptions_.emplace_back(what);
                },
            .tls = tls_door(switched_on(limits.tls), handshakes_under_way_, io_.get_executor())},
      listener_(io_, config::Endpoint{"127.0.0.1", port}, port == 0 ? Claim::first : Claim::further,
                door_),
      port_(listener_.port()),
      thread_([this] {
        listener_.start();
        io_.run();
      }) {
  if (!door_.tls) return;
  on_thread([this] {
    door_.tls->on_handshake = [this](Handshake end) {
      const std::lock_guard lock(mutex_);
      handshakes_.push_back(end);
    };
  });
  if (!limits.tls.on()) test::port_speaks_tls(port_, test::door_tls()->ca_file);
}

LiveDoor::~LiveDoor() {
  test::port_is_free_again(port_);
  net::post(io_, [this] {
    listener_.stop();
    tasks_.cut();
    tasks_.when_empty([this] { work_.reset(); });
  });
  thread_.join();
}

Awaitable<void> LiveDoor::chat(const Request& request, Reply& reply) {
  {
    const std::lock_guard lock(mutex_);
    served_.emplace_back(request.body);
  }
  if (!request.body.starts_with('{') || !request.body.ends_with('}')) {
    const auto error = config::invalid_request("The body is no JSON object.");
    co_await reply.send_error(error);
    co_return;
  }
  providers::Body body;
  body.borrow(request.body);
  co_await reply.send(200, "application/json", body);
}

Awaitable<void> LiveDoor::wait_for_nothing(Reply& reply) {
  Timer timer(io_, std::chrono::seconds(30));
  {
    ClientWatch watch(reply, [&timer] { timer.cancel(); });
    co_await timer.async_wait(kAsTuple);
    if (watch.client_left()) {
      const std::lock_guard lock(mutex_);
      ++left_;
      co_return reply.abandon();
    }
  }
  co_await say(reply, "waited");
}

std::vector<Endpoint> LiveDoor::table() {
  const auto chat_handler = [this](const Request& request, Reply& reply) {
    return chat(request, reply);
  };
  const auto wait = [this](const Request&, Reply& reply) { return wait_for_nothing(reply); };
  const auto echo = [](const Request& request, Reply& reply) -> Awaitable<void> {
    co_await say(reply, request.body.empty() ? "nothing" : request.body);
  };
  const auto models = [](const Request& request, Reply& reply) -> Awaitable<void> {
    co_await say(reply, request.path);
  };
  const auto stream = [](const Request&, Reply& reply) -> Awaitable<void> {
    providers::Body event;
    for (int i = 0; i < 3; ++i) {
      event.clear();
      event.own("data: ");
      event.own(std::to_string(i));
      event.borrow("\n\n");
      co_await reply.stream(event);
    }
    event.clear();
    event.borrow("data: [DONE]\n\n");
    co_await reply.finish_stream(event);
  };
  const auto cut_stream = [](const Request&, Reply& reply) -> Awaitable<void> {
    providers::Body event;
    event.borrow("data: 1\n\n");
    co_await reply.stream(event);
    co_await reply.end_stream(false);
  };
  const auto flood = [](const Request&, Reply& reply) -> Awaitable<void> {
    const std::string text(100'000, 'x');
    providers::Body event;
    event.borrow(text);
    while (true) {
      const auto written = co_await reply.stream(event);
      if (!written) co_return;
    }
  };
  const auto fail = [](const Request&, Reply&) -> Awaitable<void> {
    throw std::runtime_error("a bug");
    co_return;
  };
  const auto silent = [](const Request&, Reply&) -> Awaitable<void> { co_return; };
  const auto headers = [](const Request&, Reply& reply) -> Awaitable<void> {
    reply.add_header("X-Good", "fine");
    reply.add_header("X-Evil", "a\r\nSet-Cookie: b");
    reply.add_header("X Evil", "a");
    co_await say(reply, "ok");
  };
  const auto busy = [](const Request&, Reply& reply) -> Awaitable<void> {
    auto error = config::failure(config::ErrorCode::budget_exceeded, "Spent \"all\".", "hidden");
    error.retry_after = std::chrono::milliseconds(1500);
    error.param = "model";
    co_await reply.send_error(error);
  };
  return {
      {verb::get, "/", false, {}, echo},
      {verb::post, "/", false, {}, echo},
      {verb::get, "/healthz", false, {}, echo},
      {verb::post, "/v1/chat/completions", false, knows_the_key, chat_handler, true},
      {verb::get, "/v1/models", false, {}, models},
      {verb::get, "/v1/models/", true, {}, models},
      {verb::get, "/stream", false, {}, stream},
      {verb::get, "/cut-stream", false, {}, cut_stream},
      {verb::get, "/flood", false, {}, flood},
      {verb::get, "/wait", false, {}, wait},
      {verb::get, "/wait/upstream", false, {}, wait, true},
      {verb::post, "/wait", false, {}, wait},
      {verb::get, "/throw", false, {}, fail},
      {verb::get, "/silent", false, {}, silent},
      {verb::get, "/headers", false, {}, headers},
      {verb::get, "/busy", false, {}, busy},
  };
}

std::vector<std::string> LiveDoor::served() const {
  const std::lock_guard lock(mutex_);
  return served_;
}

std::vector<config::ErrorCode> LiveDoor::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

std::vector<std::string> LiveDoor::exceptions() const {
  const std::lock_guard lock(mutex_);
  return exceptions_;
}

std::vector<Handshake> LiveDoor::handshakes(std::size_t wanted) const {
  std::vector<Handshake> seen;
  test::wait_for(test::kSoon, [&] {
    const std::lock_guard lock(mutex_);
    seen = handshakes_;
    return seen.size() >= wanted;
  });
  return seen;
}

void LiveDoor::use_certificate(const config::DoorTls& files) {
  const auto next = std::get<std::shared_ptr<const tls::Server>>(tls::Server::load(files));
  on_thread([&] { door_.tls->server = next; });
}

std::size_t LiveDoor::clients_seen_leaving() const {
  const std::lock_guard lock(mutex_);
  return left_;
}

void LiveDoor::on_thread(const std::function<void()>& what) {
  std::promise<void> done;
  net::post(io_, [&] {
    what();
    done.set_value();
  });
  done.get_future().wait();
}

void LiveDoor::stop_listening_here() {
  listener_.stop();
}

void LiveDoor::listen_also(const config::Endpoint& where) {
  const Listener another(io_, where, Claim::first, door_);
}

void LiveDoor::drain() {
  on_thread([this] {
    listener_.stop();
    tasks_.drain();
  });
}
void LiveDoor::cut() {
  on_thread([this] { tasks_.cut(); });
}

std::size_t LiveDoor::open_connections() {
  std::size_t open = 0;
  on_thread([&] { open = tasks_.size(); });
  return open;
}

bool LiveDoor::open_connections_become(std::size_t wanted) {
  const auto until = std::chrono::steady_clock::now() + test::kSoon;
  while (open_connections() != wanted) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string chat_request(std::string_view body) {
  std::string request =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key\r\n"
      "Content-Type: application/json\r\nContent-Length: ";
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return request;
}

}  // namespace gateway::http
