#include "tests/support/upstream_simulator/usage_plan.h"

#include <functional>
#include <limits>

namespace simulator {
namespace {

void each_count(js::object& usage, const std::function<void(js::value&)>& change) {
  for (auto& entry : usage) {
    auto& value = entry.value();
    const std::string_view name(entry.key().data(), entry.key().size());
    if (value.is_object()) {
      each_count(value.get_object(), change);
    } else if (value.is_int64() && name.ends_with("tokens")) {
      change(value);
    }
  }
}

void rename(js::object& usage, std::string_view from, std::string_view to) {
  js::object renamed;
  for (const auto& entry : usage) {
    const std::string_view name(entry.key().data(), entry.key().size());
    renamed.emplace(json_string(name == from ? to : name), entry.value());
  }
  usage = std::move(renamed);
}

}  // namespace

UsagePlan plan_usage(UsagePlace usual, const Faults& faults) {
  UsagePlan plan{.place = usual};
  if (faults.has(fault("usage-on-finish"))) plan.place = UsagePlace::on_finish;
  if (faults.has(fault("usage-extra-chunk"))) plan.place = UsagePlace::empty_choices;
  if (faults.has(fault("usage-empty-delta"))) plan.place = UsagePlace::empty_delta;
  plan.twice = faults.has(fault("usage-twice"));
  if (plan.twice && plan.place == UsagePlace::on_finish) plan.place = UsagePlace::empty_delta;
  plan.every_chunk = faults.has(fault("usage-every-chunk"));
  plan.first = faults.has(fault("usage-first"));
  if (plan.first || faults.has(fault("usage-none"))) plan.place = UsagePlace::nowhere;
  return plan;
}

std::optional<js::value> bend_usage(js::object usage, const Faults& faults) {
  if (faults.has(fault("usage-none"))) return std::nullopt;
  if (faults.has(fault("usage-null"))) return js::value(nullptr);
  if (faults.has(fault("usage-no-total"))) usage.erase("total_tokens");
  if (faults.has(fault("usage-no-cost"))) usage.erase("cost");
  if (faults.has(fault("usage-cost-zero")) && usage.contains("cost")) usage["cost"] = 0;
  if (faults.has(fault("usage-zero"))) each_count(usage, [](js::value& count) { count = 0; });
  if (faults.has(fault("usage-huge")))
    each_count(usage,
               [](js::value& count) { count = std::numeric_limits<std::int64_t>::max() - 7; });
  if (faults.has(fault("usage-negative")))
    each_count(usage, [](js::value& count) { count = -count.get_int64(); });
  if (faults.has(fault("usage-string")))
    each_count(usage,
               [](js::value& count) { count = json_string(std::to_string(count.get_int64())); });
  if (faults.has(fault("usage-fraction")))
    each_count(usage, [](js::value& count) {
      count = exact_number(std::to_string(count.get_int64()) + ".5");
    });
  if (faults.has(fault("usage-input-output"))) {
    rename(usage, "prompt_tokens", "input_tokens");
    rename(usage, "completion_tokens", "output_tokens");
    usage.erase("total_tokens");
  }
  return usage;
}

std::string usd_text(std::int64_t pico_usd) {
  constexpr std::int64_t kPicoPerUsd = 1'000'000'000'000;
  std::string text = std::to_string(pico_usd / kPicoPerUsd);
  std::string fraction = std::to_string(pico_usd % kPicoPerUsd);
  fraction.insert(0, 12 - fraction.size(), '0');
  while (fraction.ends_with('0')) fraction.pop_back();
  if (!fraction.empty()) text += "." + fraction;
  return text;
}

}  // namespace simulator
