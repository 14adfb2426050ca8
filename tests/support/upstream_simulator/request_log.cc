#include "tests/support/upstream_simulator/request_log.h"

#include <algorithm>

#include "tests/support/upstream_simulator/base64.h"

namespace simulator {
namespace {

std::string_view name_of(Ended ended) {
  switch (ended) {
    case Ended::not_yet:
      return "not_yet";
    case Ended::complete:
      return "complete";
    case Ended::broken:
      return "broken";
    case Ended::client_left:
      return "client_left";
  }
  return "";
}

}  // namespace

js::object to_json(const LogEntry& entry) {
  js::array headers;
  for (const auto& [name, value] : entry.request.headers)
    headers.push_back(js::array{json_string(name), json_string(value)});
  js::array faults;
  for (const auto& name : entry.faults) faults.push_back(json_string(name));

  js::object json{
      {"number", entry.number},
      {"connection", entry.request.connection},
      {"request_on_connection", entry.request.request_on_connection},
      {"method", json_string(entry.request.method)},
      {"target", json_string(entry.request.target)},
      {"headers", std::move(headers)},
      {"dialect", json_string(entry.dialect)},
      {"model", json_string(entry.model)},
      {"faults", std::move(faults)},
      {"status", entry.status},
      {"streamed", entry.streamed},
      {"prompt_tokens", entry.accounting.prompt_tokens},
      {"completion_tokens", entry.accounting.completion_tokens},
      {"pico_usd", entry.accounting.pico_usd},
      {"ended", json_string(name_of(entry.ended))},
      {"bytes_sent", entry.bytes_sent},
  };
  // Bytes that are no UTF-8 cannot be a JSON string; they appear in base64 only.
  json["body_base64"] = json_string(base64(entry.request.body));
  if (is_utf8(entry.request.body)) json["body"] = json_string(entry.request.body);
  return json;
}

std::uint64_t RequestLog::connection_opened() {
  const std::lock_guard lock(mutex_);
  ++totals_.open_connections;
  return ++totals_.connections;
}

void RequestLog::connection_closed() {
  {
    const std::lock_guard lock(mutex_);
    --totals_.open_connections;
  }
  changed_.notify_all();
}

void RequestLog::add(LogEntry entry) {
  {
    const std::lock_guard lock(mutex_);
    ++totals_.requests;
    body_bytes_ += entry.request.body.size();
    // Threads draw their numbers before they get here: keep the entries in order.
    auto place = entries_.end();
    while (place != entries_.begin() && std::prev(place)->number > entry.number) --place;
    entries_.insert(place, std::move(entry));
    while (entries_.size() > max_entries_ ||
           (body_bytes_ > max_body_bytes_ && entries_.size() > 1)) {
      body_bytes_ -= entries_.front().request.body.size();
      entries_.pop_front();
    }
  }
  changed_.notify_all();
}

LogEntry* RequestLog::find(std::uint64_t number) {
  const auto found = std::ranges::lower_bound(entries_, number, {}, &LogEntry::number);
  return found != entries_.end() && found->number == number ? &*found : nullptr;
}

void RequestLog::answered(std::uint64_t number, const Reply& reply) {
  {
    const std::lock_guard lock(mutex_);
    totals_.prompt_tokens += static_cast<std::uint64_t>(reply.accounting.prompt_tokens);
    totals_.completion_tokens += static_cast<std::uint64_t>(reply.accounting.completion_tokens);
    totals_.pico_usd += static_cast<std::uint64_t>(reply.accounting.pico_usd);
    if (auto* entry = find(number)) {
      entry->status = reply.status;
      entry->streamed = reply.streamed;
      entry->accounting = reply.accounting;
    }
  }
  changed_.notify_all();
}

void RequestLog::ended(std::uint64_t number, Ended how, std::uint64_t bytes_sent) {
  {
    const std::lock_guard lock(mutex_);
    if (how == Ended::client_left) ++totals_.clients_left;
    if (auto* entry = find(number)) {
      entry->ended = how;
      entry->bytes_sent = bytes_sent;
    }
  }
  changed_.notify_all();
}

std::vector<LogEntry> RequestLog::entries(std::uint64_t after) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::ranges::upper_bound(entries_, after, {}, &LogEntry::number);
  return {first, entries_.end()};
}

RequestLog::Totals RequestLog::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void RequestLog::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  body_bytes_ = 0;
}

bool RequestLog::wait(const std::function<bool(const std::deque<LogEntry>&)>& ready,
                      std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] { return ready(entries_); });
}

}  // namespace simulator
