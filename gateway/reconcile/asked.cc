#include "gateway/reconcile/asked.h"

#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/ledger/usage_query.h"
#include "gateway/reconcile/pass_text.h"
#include "providers/wire/json_writer.h"

namespace gateway::reconcile {

using config::Result;

Result<Wanted> wanted_by(const Asked& asked, config::Clock::Wall now) {
  std::vector<Parameter> parameters;
  if (!asked.since.empty()) parameters.emplace_back("since", asked.since);
  if (!asked.until.empty()) parameters.emplace_back("until", asked.until);
  const auto query = read_usage_query(parameters, now, "UTC", 0);
  if (!query) return query.error();
  Wanted wanted;
  wanted.spans = {{query->since, query->until}};
  wanted.provider = asked.provider;
  wanted.all = asked.all;
  wanted.dry_run = asked.dry_run;
  return wanted;
}

Result<void> check_provider(const std::string& provider, const config::Config& config) {
  if (provider.empty()) return {};
  std::set<std::string_view> names;
  for (const config::Model& model : config.models) {
    for (const config::Target& target : model.targets) names.insert(target.provider.view());
  }
  if (names.contains(provider)) return {};
  return config::invalid_request(
      fmt::format("No model is served by a provider `{}`; there are: {}.", provider,
                  fmt::join(names, ", ")),
      "provider");
}

std::string to_json(const Asked& asked) {
  std::string out;
  providers::JsonWriter json(out);
  json.begin_object();
  if (!asked.since.empty()) json.member("since", asked.since);
  if (!asked.until.empty()) json.member("until", asked.until);
  if (!asked.provider.empty()) json.member("provider", asked.provider);
  json.member("all", asked.all).member("dry_run", asked.dry_run);
  if (!asked.format.empty()) json.member("format", asked.format);
  json.end_object();
  return out;
}

std::string Printout::heading() const {
  if (format_ == "csv") return csv_heading();
  if (format_ == "json") return R"({"attempts":[)";
  return table_heading();
}

std::string Printout::line(const Finding& finding) {
  if (format_ == "csv") return csv_line(finding);
  if (format_ != "json") return table_line(finding);
  return (std::exchange(first_, false) ? "\n" : ",\n") + finding_json(finding);
}

std::string Printout::end(const Outcomes& outcomes) const {
  if (format_ == "csv") return {};
  if (format_ != "json") return table_summary(outcomes, dry_run_);
  return fmt::format("],\n\"summary\":{}}}\n", summary_json(outcomes, dry_run_));
}

}  // namespace gateway::reconcile
