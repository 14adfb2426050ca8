#include "gateway/chat/rescue.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "providers/tokens/token_counter.h"

namespace gateway::chat {
namespace {

using config::ErrorCode;

// Of one answer in plain words, which can be told from another by its text alone: choices beside
// it, probabilities of its tokens, sound, or a schema that it is the second half of cannot be
// asked for again.
bool can_be_gone_on_with(const providers::ChatRequest& chat) {
  const providers::Features& wants = chat.wants;
  return chat.operation == providers::Operation::chat && chat.stream && chat.choices == 1 &&
         !wants.logprobs && !wants.json_schema && !wants.audio_output;
}

}  // namespace

Rescue::Rescue(const config::Model& model, const providers::ChatRequest& chat,
               std::span<const RouteTarget* const> order, Meter& meter)
    : model_(model),
      chat_(chat),
      order_(order),
      meter_(meter),
      possible_(model.rescue != config::Rescue::off && order.size() > 1 &&
                can_be_gone_on_with(chat)) {}

bool Rescue::may_be_asked(const config::Target& target) const {
  return model_.rescue == config::Rescue::restart || target.can.prefill;
}

void Rescue::watch(const config::Target& target, providers::StreamDecoder& decoder) const {
  if (!possible_ || state_ != nullptr) return;
  auto behind = std::find_if(order_.begin(), order_.end(), [&](const RouteTarget* candidate) {
    return candidate->target.name == target.name;
  });
  if (behind != order_.end()) ++behind;
  const bool somebody = std::any_of(behind, order_.end(), [&](const RouteTarget* candidate) {
    return may_be_asked(candidate->target);
  });
  if (somebody || comes_again_) decoder.keep_content(kLongest);
}

void Rescue::broke_off(const config::Error& why, const providers::StreamDecoder& decoder) {
  if (state_ != nullptr || !why.another_target_may_try()) return;
  const std::string* content = decoder.delivered().content();
  auto frame = decoder.unfinished();
  if (content == nullptr || content->empty() || !frame) return;
  state_ = std::make_unique<State>();
  state_->begun = {*std::move(frame), *content, meter_.summary().usage};
  state_->why = why;
  meter_.rescue("nobody");
}

const providers::ChatRequest* Rescue::request_for(const config::Target& target,
                                                  providers::JsonWorkspace& json) {
  if (state_->begun_again >= kMost || !may_be_asked(target)) return nullptr;
  const providers::BegunStream& begun = state_->begun;
  const bool prefills = model_.rescue == config::Rescue::prefill;
  const std::size_t given = prefills ? providers::given_of(begun.content) : 0;
  const providers::ChatRequest* request = &chat_;
  if (given > 0) {
    const std::string_view content = begun.content;
    const auto again = providers::count_tokens(content.substr(given), target.tokenizer);
    const auto fewer = std::max<std::int64_t>(begun.usage.completion.value_or(0) - again, 0);
    auto next = providers::continued(json, chat_, content.substr(0, given), fewer, again + 1);
    if (!next) return nullptr;
    state_->request = *std::move(next);
    request = &state_->request->chat;
  }
  state_->rest = std::make_unique<providers::ContinuedStream>(begun, given, target, meter_.spent());
  return request;
}

void Rescue::asked(const config::Result<void>& done) {
  if (rest() == nullptr) return;
  if (done) {
    meter_.rescue("ok");
    meter_.answered_in_all(state_->rest->usage(meter_.summary().usage));
    state_->rest.reset();
    return;
  }
  const config::Error& error = done.error();
  const bool ours = error.fault() == config::Fault::gateway && !error.another_target_may_try();
  state_->given_up = error.code == ErrorCode::client_left || ours;
  if (state_->rest->fits() || state_->rest->does_not_fit()) ++state_->begun_again;
  if (state_->rest->fits()) {
    meter_.rescue("broke");
    took_over(error);
  } else {
    meter_.rescue(state_->rest->does_not_fit() ? "no_fit" : "failed");
  }
  meter_.answered_in_all(state_->begun.usage);
  state_->rest.reset();
}

// What is there now is what the next one goes on with.
void Rescue::took_over(const config::Error& broke) {
  const providers::ContinuedStream& rest = *state_->rest;
  const std::string added = rest.content();
  const bool over = rest.finished() || rest.has_called();
  providers::BegunStream& begun = state_->begun;
  begun.content += added;
  begun.usage.completion =
      begun.usage.completion.value_or(0) + providers::count_tokens(added, model_.tokenizer);
  state_->why = broke;
  const bool goes_on = broke.another_target_may_try() && begun.content.size() <= kLongest;
  state_->given_up = state_->given_up || over || !goes_on;
}

}  // namespace gateway::chat
