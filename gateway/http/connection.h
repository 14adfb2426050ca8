#pragma once
// One client connection: reads requests one after the other, lets the endpoints answer
// them, and closes where HTTP says. Owns its transport and buffers; lives on one worker's
// thread, and as long as its coroutine. All limits of time hang on one Deadline.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "config/base/error.h"
#include "gateway/async.h"
#include "gateway/deadlines.h"
#include "gateway/http/door.h"
#include "gateway/http/gather_write.h"
#include "gateway/http/head_rules.h"
#include "gateway/http/padded_buffer.h"
#include "gateway/http/parser.h"
#include "gateway/http/request.h"
#include "gateway/http/room.h"
#include "gateway/http/transport.h"
#include "gateway/task_group.h"

namespace gateway::http {

// What a head is put together in; keeps its memory from one answer to the next.
using HeadBuffer = fmt::basic_memory_buffer<char, 1>;

class ClientWatch;

// How long a client that says nothing may still ask once we are about to leave: it may be
// about to, and would find its connection closed.
inline constexpr std::chrono::milliseconds kLastOrders{1'000};

class Connection final : public TaskGroup::Task {
 public:
  // Serves the client until either side has had enough. `counted`: has entered the door's
  // count and leaves it at its end; not counted: it is told that we are full.
  static void start(Door& door, TcpSocket socket, bool counted);

  Connection(Door& door, TcpSocket socket, bool counted);
  ~Connection() override;

  void drain() override;
  void hurry() override;
  void cut() override;

  // For the Reply and its watch, while a request is being answered.
  Transport& transport() { return transport_; }
  TcpSocket& socket() { return transport_.socket(); }
  Deadlines& deadlines() { return door_.deadlines; }
  // Whoever answers is told through it when the connection is cut; nullptr: nobody waits.
  void watched_by(ClientWatch& watch);
  void unwatched_by(ClientWatch& watch);
  std::string_view request_id() const { return request_id_; }
  std::string_view date() { return door_.date.now(); }
  std::string error_json(const config::Error& error) const;
  bool speaks_1_1() const { return line_.minor_version >= 1; }
  bool head_only() const { return line_.method == verb::head; }
  // Whether the answer says that the connection ends with it; asked when its head is made.
  bool closes();
  void close_after_answer() { closes_ = true; }
  // Of requests in flight, where this is one no longer.
  void give_back_place() { place_.give_back(); }
  // The gateway has no more time for whatever is under way.
  bool hurried() const { return door_.tasks.hurried(); }
  // Ends the connection so that no client takes what it has for whole.
  void abandon();
  HeadBuffer& head() { return head_out_; }
  // Field lines that whatever head is written will have.
  HeadBuffer& added_fields() { return added_fields_; }
  GatherWrite& outgoing() { return outgoing_; }
  Awaitable<error_code> write_outgoing();

 private:
  // What is being waited for, and so what an expired deadline means.
  enum class Waiting : std::uint8_t {
    nothing,
    handshake,
    first_byte,
    head,
    body,
    client_to_take,
    farewell
  };

  static Awaitable<void> run(std::unique_ptr<Connection> self);
  // On a TLS port: false: the connection is over.
  Awaitable<bool> secure();
  Awaitable<Handshake> shake_hands();
  Awaitable<void> turn_away();
  Awaitable<bool> serve_one();
  Awaitable<void> answer(const Endpoint& endpoint);
  Awaitable<void> refuse(const config::Error& error);
  Awaitable<void> answer_options();
  Awaitable<void> farewell();

  void begin_request();
  // Lets go of what it took of the process's room.
  void end_request();
  // False: the connection ended before a request began or was whole.
  Awaitable<config::Result<bool>> read_head();
  config::Result<bool> look_at_head();
  config::Result<const Endpoint*> admit();
  // Before anything of the body is read, and as a chunked one grows.
  config::Result<void> take_room(const Endpoint& endpoint);
  config::Result<void> hold_body(std::size_t size);
  // False: the client left before its body was whole.
  Awaitable<config::Result<bool>> read_body();
  Awaitable<config::Result<bool>> read_counted_body(std::size_t size);
  Awaitable<config::Result<bool>> read_chunked_body();
  Awaitable<bool> invite_body();
  Awaitable<config::Result<std::size_t>> read_more_body(char* at, std::size_t room);
  config::Result<void> make_room_for_chunks(std::size_t room);
  Step take_chunks(std::size_t arrived);
  // Before an answer to a request whose body nobody reads.
  void plan_for_unread_body();
  Awaitable<void> discard_body();

  // 0: the client ended the connection, or the deadline did.
  Awaitable<std::size_t> read_some(char* at, std::size_t room) {
    return transport_.read_some(at, room);
  }
  void wait_for(Waiting what, std::chrono::milliseconds at_most);
  void stop_waiting();
  void expired();
  std::string_view buffered() { return {buffer_.data() + begin_, end_ - begin_}; }

  Door& door_;
  Transport transport_;
  const bool counted_;

  Deadline deadline_;
  Waiting waiting_ = Waiting::nothing;
  bool timed_out_ = false;
  std::chrono::steady_clock::time_point body_since_;  // of the door's clock
  std::size_t body_arrived_ = 0;

  // What was read: [begin_, end_) is not consumed yet. A request's head stays where it is
  // until the next request begins.
  PaddedBuffer buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  PaddedBuffer body_;  // bodies that did not arrive with their head
  std::size_t body_size_ = 0;
  Bound::Part body_share_;  // of the process's bytes of bodies
  std::string read_ahead_;  // behind a chunked body: the next request's beginning
  bool served_any_ = false;

  // The request under way.
  Parser parser_{Parser::Kind::request};
  RequestLine line_;
  bool line_known_ = false;
  RequestFacts facts_;
  Request request_;
  std::string request_id_;
  Bound::Part place_;  // among the process's requests in flight
  std::size_t to_discard_ = 0;
  bool closes_ = false;         // after this answer
  error_code unwritten_;        // what was to be sent is lost: nothing may follow it
  bool abandoned_ = false;      // no end in order may be seen
  bool more_may_come_ = false;  // the client may still be sending: close so that it can read

  // The answer.
  ClientWatch* watches_ = nullptr;  // the newest; each knows the one before
  HeadBuffer head_out_;
  HeadBuffer added_fields_;
  GatherWrite outgoing_;
};

}  // namespace gateway::http
