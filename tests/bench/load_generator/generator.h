#pragma once
// Asks one server over many kept connections and watches what comes back. Three ways:
//
//   closed   each connection asks again as soon as it has its answer: the most that goes
//   open     requests begin when the schedule says, whatever became of others; one that waits for
//            a free connection waits on the clock
//   streams  each connection asks once, evenly over a time, and keeps reading
//
// Connect, warm up, measure for a while, end; `announce` hears of each, so that whoever reads
// clocks of others reads them at the same moments. One thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "tests/bench/load_generator/answer_watch.h"
#include "tests/bench/load_generator/histogram.h"
#include "tests/bench/load_generator/open_schedule.h"
#include "tests/bench/load_generator/request_text.h"
#include "tests/bench/wire/channel.h"
#include "tests/bench/wire/clock.h"
#include "tests/bench/wire/poller.h"

namespace bench {

enum class Mode { closed, open, streams };

struct LoadSettings {
  Mode mode = Mode::closed;
  int port = 0;
  const TlsContext* tls = nullptr;  // null: plain
  std::size_t connections = 64;
  double rate = 1000;             // open: requests per second
  Nanoseconds opening = kSecond;  // streams: over which time all are asked for
  Nanoseconds warm_up = kSecond;
  std::uint64_t warm_up_answers = 0;  // closed: the window waits for so many too, a minute at most
  Nanoseconds window = 5 * kSecond;
  Nanoseconds drain = 30 * kSecond;  // the longest wait for answers under way at the end
  bool to_the_end = false;           // streams: read each to its end, else leave after the window
  bool spin = false;                 // never sleeps: wakes no later than the answer comes
};

struct LoadCounts {
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;  // to the last byte
  std::uint64_t body_bytes = 0;
  std::uint64_t events = 0;
  std::uint64_t broken = 0;      // connections that ended within an answer, or said nonsense
  std::uint64_t closed = 0;      // connections that the server closed while they lay idle
  std::uint64_t unfinished = 0;  // of those asked, when the time to drain was over
  std::uint64_t unsent = 0;      // due, and never asked
  std::map<int, std::uint64_t> statuses;
  std::uint64_t least_body = UINT64_MAX;  // of whole answers with 200
  std::uint64_t most_body = 0;
  std::uint64_t least_events = UINT64_MAX;  // of streams that ended
  std::uint64_t most_events = 0;
};

class Generator {
 public:
  // What happens, and the counts so far.
  enum class Moment { connected, begin, end };
  using Announce = std::function<void(Moment, Nanoseconds, const LoadCounts&)>;

  Generator(const LoadSettings& settings, const RequestText& text, Announce announce);

  // Throws where the server cannot be reached or breaks off again and again.
  void run();

  const LoadCounts& counts() const { return counts_; }
  // Of the window: from when a request should have begun to its answer's last byte, and to its
  // first content (streams; of all of them).
  const Histogram& latency() const { return latency_; }
  const Histogram& first_content() const { return first_content_; }

 private:
  struct Connection {
    Connection(Channel opened, std::uint64_t place) : channel(std::move(opened)), number(place) {}
    Channel channel;
    const std::uint64_t number;
    enum class State { opening, idle, asking, reading, spent } state = State::opening;
    Nanoseconds intended = 0;
    RequestText::Turn turn;
    std::size_t sent = 0;
    std::string flat;  // the request, where TLS wants it in one piece
    AnswerWatch watch;
    bool content_seen = false;
    std::uint64_t events_counted = 0;
  };

  void connect_all();
  void connect(std::uint64_t number);
  void ask_for_streams();
  void measure();
  void warm_up();
  void drain();
  void turn_over(Nanoseconds until);

  void ready(std::uint64_t number);
  void go_on_opening(Connection& connection);
  void start_due();
  void begin(Connection& connection, Nanoseconds intended);
  void send_rest(Connection& connection);
  void read_all(Connection& connection);
  void count_progress(Connection& connection, Nanoseconds time);
  void ended(Connection& connection, Nanoseconds time);
  void lost(Connection& connection);
  bool under_way() const { return counts_.asked > counts_.answered + counts_.broken; }

  const LoadSettings settings_;
  const RequestText& text_;
  const Announce announce_;
  Poller poller_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<std::uint64_t> idle_;  // the longest idle first
  std::optional<OpenSchedule> schedule_;
  std::size_t opening_ = 0;  // connections on their way
  bool asking_ = false;      // closed: whoever is idle asks again
  Nanoseconds window_begin_ = kNever;
  Nanoseconds window_end_ = kNever;
  std::uint64_t streams_with_content_ = 0;
  LoadCounts counts_;
  Histogram latency_;
  Histogram first_content_;
  std::vector<char> scratch_;
  std::function<void(std::uint64_t)> on_ready_;
};

}  // namespace bench
