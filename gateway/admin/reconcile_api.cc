#include "gateway/admin/reconcile_api.h"

#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gateway/admin/error_json.h"
#include "gateway/admin/read_call.h"
#include "gateway/http/client_watch.h"
#include "gateway/reconcile/asked.h"
#include "gateway/reconcile/pass_text.h"
#include "providers/wire/json_writer.h"

namespace gateway::admin {
namespace {

using config::Result;
using reconcile::Asked;

Result<Asked> read_asked(std::string_view body) {
  constexpr std::size_t kLongest = 256;
  Asked asked;
  auto read = read_body(body, [&](providers::StrictObject& object) {
    object.text("since", asked.since, kLongest);
    object.text("until", asked.until, kLongest);
    object.text("provider", asked.provider, kLongest);
    object.flag("all", asked.all);
    object.flag("dry_run", asked.dry_run);
    object.text("format", asked.format, kLongest);
  });
  if (!read) return std::move(read).error();
  const std::string& format = asked.format;
  if (!format.empty() && format != "table" && format != "json" && format != "csv") {
    return config::invalid_request("`format` must be table, json or csv, or left out.", "format");
  }
  return asked;
}

std::string text_json(std::string_view text) {
  std::string out;
  providers::JsonWriter json(out);
  json.begin_object().member("text", text).end_object();
  return out;
}

// The pass as events to one client, who may leave meanwhile.
class Events final : public reconcile::Listener {
 public:
  Events(reconcile::Background& passes, http::Reply& reply, const Asked& asked)
      : passes_(passes), reply_(reply), watch_(reply, [this] { left(); }) {
    if (!asked.format.empty()) printout_.emplace(asked);
  }

  bool client_left() const { return left_ || watch_.client_left(); }

  Awaitable<void> found(const reconcile::Finding& finding) override {
    std::string data;
    if (!printout_) {
      data = reconcile::finding_json(finding);
    } else {
      std::string text = std::exchange(begun_, true) ? "" : printout_->heading();
      data = text_json(text + printout_->line(finding));
    }
    co_await send(fmt::format("data: {}\n\n", data));
  }

  Awaitable<void> end(const reconcile::Outcomes& outcomes, bool dry_run) {
    std::string last;
    if (printout_) {
      const std::string text = begun_ ? "" : printout_->heading();
      last = fmt::format("data: {}\n\n", text_json(text + printout_->end(outcomes)));
    }
    last += fmt::format("event: summary\ndata: {}\n\n", summary_json(outcomes, dry_run));
    co_await finish(last);
  }

  Awaitable<void> fail(const config::Error& error) {
    co_await finish(fmt::format("event: error\ndata: {}\n\n", error_json(error, "")));
  }

 private:
  Awaitable<void> send(const std::string& event) {
    if (client_left()) co_return;
    providers::Body body;
    body.borrow(event);
    const auto sent = co_await reply_.stream(body);
    if (!sent) left();
  }

  Awaitable<void> finish(const std::string& event) {
    providers::Body body;
    body.borrow(event);
    const auto sent = co_await reply_.finish_stream(body);
    if (!sent) left_ = true;
  }

  void left() {
    left_ = true;
    passes_.end(*this);
  }

  reconcile::Background& passes_;
  http::Reply& reply_;
  std::optional<reconcile::Printout> printout_;
  bool begun_ = false;
  bool left_ = false;
  http::ClientWatch watch_;
};

}  // namespace

Awaitable<Result<void>> reconcile(const ReconcileSource& source, const Call& call,
                                  http::Reply& reply) {
  if (!call.query.empty()) {
    co_return config::invalid_request("What to reconcile stands in the body, not in the query.");
  }
  auto asked = read_asked(call.body);
  if (!asked) co_return std::move(asked).error();
  auto wanted = wanted_by(*asked, source.clock.wall());
  if (!wanted) co_return std::move(wanted).error();
  auto free = source.passes.may_run(*wanted);
  if (!free) co_return std::move(free).error();
  if (!asked->dry_run) {
    auto noted = co_await source.note(call.who, to_json(*asked));
    if (!noted) co_return std::move(noted).error();
  }

  Events events(source.passes, reply, *asked);
  auto outcomes = co_await source.passes.run(*std::move(wanted), events);
  if (!events.client_left()) {
    if (!outcomes && !reply.committed()) co_return std::move(outcomes).error();
    if (outcomes) {
      co_await events.end(*outcomes, asked->dry_run);
    } else {
      co_await events.fail(outcomes.error());
    }
  }
  if (events.client_left()) reply.abandon();
  co_return Result<void>();
}

}  // namespace gateway::admin
