#pragma once
// A dialect: one upstream's manners, as strict and as odd as the real one. Stateless and
// const; any thread. What it must remember between requests lies in State.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/upstream_simulator/faults.h"
#include "tests/support/upstream_simulator/json.h"
#include "tests/support/upstream_simulator/received.h"
#include "tests/support/upstream_simulator/reply.h"
#include "tests/support/upstream_simulator/state.h"

namespace simulator {

// One request as a dialect sees it. Views live as long as the request.
struct Exchange {
  const Received& request;
  std::string_view path;             // after the dialect's prefix: "/v1/chat/completions"
  std::string_view query;            // after the question mark
  const js::object* body = nullptr;  // absent: no body, or no JSON object
  std::string model;                 // without its faults
  Faults faults;
  std::uint64_t number = 0;
  std::string_view run;  // eight hexadecimal digits, or empty
  std::string id;        // what its ids are made of: the run, where there is one, and the number
  State& state;
};

// Why an answer is a refusal, where the status does not say it all.
enum class Cause : std::uint8_t {
  by_status,
  credits,
  budget,
  no_deployments,
  rate_as_400,
  context,
  unsupported,
  policy,
  unknown_model,
  moderation,
  availability,
  limits_in_metadata,
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual std::string_view name() const = 0;
  virtual Reply answer(Exchange& exchange) const = 0;

  // A refusal in this dialect's words; `text` replaces its usual message when not empty.
  virtual Reply refuse(unsigned status, Cause cause, std::string_view text = {}) const = 0;

  // The error object of a stream that fails after its head, as one event's JSON.
  virtual std::string failing_event() const = 0;
  virtual bool done_after_failure() const { return true; }

  // Fields of every answer, refusals too.
  virtual void dress(Reply& reply, const Exchange& exchange) const = 0;
};

std::unique_ptr<Dialect> make_reka();
std::unique_ptr<Dialect> make_openrouter();
std::unique_ptr<Dialect> make_haimaker();
std::unique_ptr<Dialect> make_onprem();

}  // namespace simulator
