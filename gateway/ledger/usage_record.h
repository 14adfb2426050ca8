#pragma once
// What is remembered of one attempt, and of the request that its attempts belong to.
// Values: made by chat/, read by metrics and the log (and later the ledger).

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/base/clock.h"
#include "config/base/error.h"
#include "config/base/ids.h"
#include "config/config.h"
#include "gateway/ledger/tags.h"
#include "providers/chat_request.h"
#include "providers/usage.h"

namespace gateway {

enum class Outcome : std::uint8_t {
  ok,
  failed,     // the upstream refused or answered nonsense; nothing was delivered
  truncated,  // broke after content
  client_left,
  stopped,      // a budget ended it
  interrupted,  // we died
};
std::string_view to_string(Outcome outcome);

struct UsageRecord {
  config::RequestId request;
  int attempt = 1;  // from 1
  config::KeyName key;
  config::TeamName team;
  config::ModelName model;  // as configured, never as the client spelled it
  config::ProviderName provider;
  config::TargetName target;
  std::string upstream_model;  // as the upstream named what answered; may be empty
  std::string upstream_id;     // its generation id; may be empty
  providers::Operation operation = providers::Operation::chat;
  bool streamed = false;
  Outcome outcome = Outcome::failed;
  bool maybe_billed = false;  // written, and no verdict came
  std::optional<config::ErrorCode> error;
  providers::Usage usage;
  providers::Cost cost;  // what it is booked at
  // Our own price times the tokens, beside what the provider reports; nullopt: no price.
  std::optional<config::PicoUsd> priced;
  bool overrun = false;  // cost more than was held for it
  // What was done about a client that left; nullopt: it stayed.
  std::optional<config::OnClientGone> client_gone;
  // Which of its provider's keys it was asked with, from 1; 0: it has one. For metrics and the
  // log; the ledger does not keep it.
  int upstream_key = 0;
  Tags tags;
  config::Clock::Wall started;  // which budget window it belongs to
  std::chrono::microseconds duration{0};
  std::optional<std::chrono::microseconds> first_content;  // from the attempt's start
};

// One per request that named a known model and key, refused ones included.
struct RequestSummary {
  config::RequestId request;
  std::string client_request_id;  // what the client sent, if it was a plain token
  config::KeyName key;
  config::TeamName team;
  config::ModelName model;
  config::ProviderName provider;  // of the last attempt; empty: none was made
  config::TargetName target;      // where none was, the first that was left alone
  int upstream_key = 0;           // of the last attempt; 0: its provider has one
  providers::Operation operation = providers::Operation::chat;
  bool streamed = false;
  int attempts = 0;
  unsigned status = 0;  // as the client saw it
  // ok, truncated, client_left, client_error, upstream_error or gateway_error
  std::string_view outcome;
  std::optional<config::ErrorCode> error;
  std::string error_detail;  // for the log only
  Tags tags;
  // What came of going on with a stream that broke off: ok, broke, no_fit, failed or nobody
  // (Rescue); empty: it did not break, or such a one is not gone on with.
  std::string_view rescue;
  // What came of asking a second target beside the first: won, lost, failed, or withheld, since too
  // many were asked so; empty: the first was in time, or nobody else was there.
  std::string_view hedge;
  providers::Usage usage;  // of the attempt that answered; of all of a rescued answer
  providers::Cost cost;    // of all attempts
  std::chrono::microseconds duration{0};
  std::optional<std::chrono::microseconds> first_token;  // to the first content byte out
  std::chrono::microseconds overhead{0};  // ours: duration less waiting for upstream and client
};

}  // namespace gateway
