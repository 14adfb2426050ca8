#include "gateway/admin/config_api.h"

#include <fmt/format.h>

#include "config/calendar.h"
#include "gateway/admin/read_call.h"
#include "providers/wire/json_writer.h"

namespace gateway::admin {
namespace {

using config::Result;
using providers::JsonWriter;

constexpr unsigned kCannotBeTaken = 422;

void write_problems(JsonWriter& json, std::string_view name,
                    const std::vector<config::Problem>& problems) {
  json.key(name).begin_array();
  for (const config::Problem& problem : problems) {
    json.begin_object().member("file", problem.file);
    json.key("line");
    if (problem.line > 0) {
      json.value(problem.line);
    } else {
      json.null();
    }
    json.member("path", problem.path).member("message", problem.message).end_object();
  }
  json.end_array();
}

void write_facts(JsonWriter& json, const ConfigSource& source) {
  const Reloader::Facts& facts = source.reloader.facts();
  const auto on_disk = source.reloader.hash_of_files();
  json.member("as_of", config::rfc3339(source.clock.wall(), "UTC")).member("zone", "UTC");
  json.member("path", facts.path).member("hash", facts.hash);
  json.member("loaded_at", config::rfc3339(facts.loaded_at, "UTC"));
  json.member("by", to_string(facts.by)).key("file_hash");
  if (on_disk) {
    json.value(*on_disk);
  } else {
    json.null();
  }
  json.member("differs", on_disk != facts.hash);
}

void write_names(JsonWriter& json, std::string_view name,
                 const std::vector<std::string_view>& names) {
  json.key(name).begin_array();
  for (const std::string_view one : names) json.value(one);
  json.end_array();
}

// Beside what every error says, all that has to be mended.
Answer refusal(const ConfigSource& source, const Call& call, const CompiledConfig& compiled) {
  Answer answer;
  answer.status = kCannotBeTaken;
  const auto count = compiled.problems.size();
  JsonWriter json(answer.body);
  json.begin_object().key("error").begin_object();
  json.member("code", "invalid_configuration");
  json.member("message", fmt::format("The configuration has {} problem{}; the old one stays.",
                                     count, count == 1 ? "" : "s"));
  json.key("param").null().member("request_id", call.request_id).end_object();
  write_facts(json, source);
  write_problems(json, "problems", compiled.problems);
  json.end_object();
  return answer;
}

}  // namespace

Awaitable<Result<Answer>> config(const ConfigSource& source, const Call& /*call*/) {
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object();
  write_facts(json, source);
  write_names(json, "needs_restart", source.reloader.facts().needs_restart);
  write_problems(json, "problems", source.reloader.facts().problems);
  json.end_object();
  co_return answer;
}

Awaitable<Result<Answer>> reload(const ConfigSource& source, const Call& call) {
  bool dry = false;
  auto read =
      read_body(call.body, [&](providers::StrictObject& object) { object.flag("dry_run", dry); });
  if (!read) co_return std::move(read).error();
  if (!dry) {
    auto noted = co_await source.note(call.who);
    if (!noted) co_return std::move(noted).error();
  }
  const CompiledConfig compiled =
      dry ? source.reloader.look() : source.reloader.reload(LoadedBy::api);
  if (!compiled.snapshot) co_return refusal(source, call, compiled);
  Answer answer;
  JsonWriter json(answer.body);
  json.begin_object();
  write_facts(json, source);
  json.member("dry_run", dry);
  write_names(json, "needs_restart", compiled.needs_restart);
  write_problems(json, "warnings", compiled.warnings);
  write_problems(json, "problems", {});
  json.end_object();
  co_return answer;
}

}  // namespace gateway::admin
