#pragma once
// The log: facts with fields, one structured line per request, written by a thread of
// its own. Whoever logs never waits: when the reader of the log is too slow, what no longer
// fits among the lines that wait is dropped and counted. Never a prompt, never an answer, never a
// key.
//
//   log::info("listening", {{"address", address}, {"port", port}});

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/base/error.h"
#include "config/config.h"
#include "gateway/ledger/usage_record.h"
#include "gateway/log_text.h"

namespace gateway::log {

// Where lines go while it lives; one at a time. Built before the threads that log and
// destroyed after them: its end writes what waits, for a second at most.
class Logging {
 public:
  // An Error where the log's file cannot be opened.
  static config::Result<std::unique_ptr<Logging>> start(const config::Log& settings);
  // The same onto an open descriptor, which stays the caller's. `most_waiting`: bytes.
  static std::unique_ptr<Logging> start_on(int descriptor, const config::Log& settings,
                                           std::size_t most_waiting);
  ~Logging();
  Logging(const Logging&) = delete;
  Logging& operator=(const Logging&) = delete;

  struct Backend;  // log.cc's own

 private:
  explicit Logging(std::unique_ptr<Backend> backend);
  std::unique_ptr<Backend> backend_;
};

// Any thread. Without a Logging, nothing happens. `message` is a literal of ours, not
// text from outside; that belongs into fields.
void debug(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, std::initializer_list<Field> fields = {});
void warn(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, std::initializer_list<Field> fields = {});

// The one line of a request.
void request(const RequestSummary& summary);

// An error's detail as the log may have it: without credentials, and none of a client's own
// mistake, since what an upstream says of that may quote the prompt. `ours`: names of ours that may
// stand in it.
std::optional<std::string> detail_of(config::ErrorCode code, std::string_view detail,
                                     std::initializer_list<std::string_view> ours = {});

// Lines given up since the process began. Any thread.
std::uint64_t dropped();

}  // namespace gateway::log
