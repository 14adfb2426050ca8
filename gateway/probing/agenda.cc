#include "gateway/probing/agenda.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gateway::probing {
namespace {

using config::ErrorCode;
using config::FreeQuestion;
using std::chrono::milliseconds;
using upstream::CircuitBreaker;

bool of_the_key(ErrorCode why) {
  return why == ErrorCode::upstream_denied || why == ErrorCode::upstream_no_credit;
}

// Whether an answer says anything of what it is left alone for. A rate limit passes when the
// upstream said.
bool tells_of(ErrorCode why, const config::Target& target) {
  switch (why) {
    case ErrorCode::upstream_unavailable:
    case ErrorCode::upstream_timeout:
    case ErrorCode::upstream_garbled:
      return true;
    default:
      return of_the_key(why) && target.probe.ask == FreeQuestion::key;
  }
}

// Twice as long each time, up to 32 times.
milliseconds pause(const config::Probe& probe, int belied) {
  constexpr int kMostDoublings = 5;
  return probe.every * (1 << std::min(belied, kMostDoublings));
}

}  // namespace

std::vector<Agenda::Question> Agenda::due(const std::map<std::string, WatchedTarget>& targets,
                                          Now now) {
  std::map<const CircuitBreaker*, Rest> rests;
  std::map<config::ProviderName, Question> wanted;
  for (const auto& [name, watched] : targets) {
    const config::Target& target = *watched.target;
    if (target.probe.ask == FreeQuestion::none) continue;
    for (const auto& [asked, breaker] : watched.breakers) {
      const auto status = breaker->status(now);
      if (status.state == CircuitBreaker::State::closed) continue;
      Rest& rest = rests[breaker];
      if (const auto known = rests_.find(breaker); known != rests_.end()) rest = known->second;
      if (!status.why) continue;
      if (rest.opened_when_let_in) {
        if (*rest.opened_when_let_in == breaker->opened()) continue;  // a request finds out
        rest.not_before = now + pause(target.probe, ++rest.belied);
        rest.opened_when_let_in.reset();
      }
      if (now < rest.not_before || !tells_of(*status.why, target)) continue;
      Question& question = wanted[target.provider];
      question.asked = &target;
      question.about.push_back({breaker, *status.why, &target});
    }
  }
  rests_ = std::move(rests);

  std::erase_if(providers_, [&](const auto& known) {
    return !known.second.under_way && !wanted.contains(known.first);
  });
  std::vector<Question> out;
  for (auto& [provider, question] : wanted) {
    const auto every = question.asked->probe.every;
    Asking& asking = providers_.try_emplace(provider, Asking{now + every}).first->second;
    if (asking.under_way || now < asking.next) continue;
    asking = {now + every, true};
    out.push_back(std::move(question));
  }
  return out;
}

int Agenda::answered(const Question& question, const config::Result<void>& answer, Now now) {
  if (const auto found = providers_.find(question.asked->provider); found != providers_.end()) {
    found->second.under_way = false;
  }
  int changed = 0;
  for (const About& about : question.about) {
    if (answer) {
      const auto opened = about.breaker->opened();
      if (!about.breaker->end_rest(about.why, now)) continue;
      rests_[about.breaker].opened_when_let_in = opened;
      ++changed;
    } else if (of_the_key(answer.error().code)) {
      // What rests for its key already is tried by a request when that rest is over, whatever is
      // said here meanwhile.
      const auto at_least =
          of_the_key(about.why) ? milliseconds(0) : about.target->breaker.unusable_for;
      if (about.breaker->rest_for(about.why, answer.error().code, at_least, now)) ++changed;
    }
  }
  return changed;
}

}  // namespace gateway::probing
