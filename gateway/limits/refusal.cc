#include "gateway/limits/refusal.h"

#include <fmt/format.h>

#include "config/base/money.h"
#include "gateway/limits/duration_text.h"

namespace gateway::limits {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string spoken(const AccountId& account) {
  switch (account.kind) {
    case AccountKind::gateway:
      return "The gateway";
    case AccountKind::team:
      return fmt::format("Team \"{}\"", account.name);
    case AccountKind::key:
      break;
  }
  return fmt::format("Key \"{}\"", account.name);
}

std::string spoken(config::Window window) {
  if (window == config::Window::total) return "in total";
  return fmt::format("per {}", config::to_string(window));
}

// What the caller can do about it; empty where only time helps.
std::string_view remedy(const BudgetRefusal& refusal) {
  if (refusal.asked > refusal.budget.limit) {
    return "That is more than the whole budget: ask for less (max_tokens). ";
  }
  const bool some_left = refusal.spent < refusal.budget.limit;
  return !refusal.may_fit_soon() && some_left ? "Less (max_tokens) may fit. " : "";
}

}  // namespace

config::Error to_error(const RateRefusal& refusal) {
  config::Error error;
  error.code = config::ErrorCode::rate_limited;
  const auto whose = spoken(refusal.whose);
  switch (refusal.what) {
    case RateRefusal::What::requests:
      error.message = fmt::format("{} may make {} requests per minute", whose, refusal.limit);
      break;
    case RateRefusal::What::tokens:
      error.message = fmt::format("{} may use {} tokens per minute, and this request may need {}",
                                  whose, refusal.limit, refusal.asked);
      break;
    case RateRefusal::What::concurrent:
      error.message = fmt::format("{} may have {} requests at once", whose, refusal.limit);
      break;
  }
  if (!refusal.wait) {
    error.message += ": more than the limit itself; ask for less (max_tokens).";
    return error;
  }
  error.retry_after = std::chrono::ceil<milliseconds>(*refusal.wait);
  error.message += refusal.what == RateRefusal::What::concurrent
                       ? "; try again when one of them has ended."
                       : fmt::format("; try again in {}.", duration_text(*refusal.wait));
  return error;
}

bool BudgetRefusal::may_fit_soon() const {
  return static_cast<__int128>(spent.value) + asked.value <= budget.limit.value;
}

config::Error to_error(const BudgetRefusal& refusal, config::Clock::Wall now) {
  const auto& budget = refusal.budget;
  const bool resets = budget.window != config::Window::total;
  config::Error error;
  error.code = config::ErrorCode::budget_exceeded;
  error.message = fmt::format(
      "{} has a budget of {} USD {} ({}): {} USD are spent, {} USD held for requests "
      "under way, and this one may cost {} USD more. {}{}",
      spoken(refusal.whose), config::to_usd(budget.limit), spoken(budget.window), budget.zone,
      config::to_usd(refusal.spent), config::to_usd(refusal.held), config::to_usd(refusal.asked),
      remedy(refusal),
      resets ? "It resets at " + config::rfc3339(refusal.window.ends, budget.zone) + "."
             : "It does not reset.");
  if (refusal.may_fit_soon()) {
    error.retry_after = seconds(1);
  } else if (resets && refusal.asked <= budget.limit && now < refusal.window.ends) {
    error.retry_after = std::chrono::ceil<milliseconds>(refusal.window.ends - now);
  }
  return error;
}

}  // namespace gateway::limits
