#include "providers/reka_shared_history.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "providers/reka_shared_media.h"

namespace providers::reka {
namespace {

using config::Result;
using config::SystemRole;
using config::ToolResults;

// What of a message is left out of every turn, for the answer's header.
void name_dropped(const ChatMessage& message, Dropped& dropped) {
  if (!message.name.empty() && message.role != Role::function) dropped.name("messages.name");
  if (!message.reasoning_content.empty()) dropped.name("messages.reasoning_content");
  if (!message.raw_reasoning_details.empty()) dropped.name("messages.reasoning_details");
}

Turn turn_of(Speaker speaker, std::size_t message) {
  Turn turn;
  turn.speaker = speaker;
  turn.message = message;
  return turn;
}

class HistoryBuilder {
 public:
  HistoryBuilder(const config::Capabilities& can, std::string_view model, Dropped& dropped)
      : can_(can), model_(model), dropped_(dropped) {}

  Result<void> add(const ChatMessage& message, std::size_t index) {
    name_dropped(message, dropped_);
    switch (message.role) {
      case Role::system:
      case Role::developer:
        return add_system(message, index);
      case Role::user:
        return add_user(message, index);
      case Role::assistant:
        return add_assistant(message, index);
      case Role::tool:
      case Role::function:
        return add_tool_result(message, index);
    }
    return {};
  }

  Result<History> finish() {
    fold_what_is_left();
    if (can_.alternating_roles && !history_.turns.empty() &&
        history_.turns.front().speaker != Speaker::user) {
      return config::unsupported_parameter(
          fmt::format("The first message must be the user's: the model '{}' takes no history that "
                      "begins with another role.",
                      model_),
          fmt::format("messages[{}]", history_.turns.front().message));
    }
    if (!can_.prefill && !history_.turns.empty() &&
        history_.turns.back().speaker == Speaker::assistant) {
      return config::unsupported_parameter(
          fmt::format("The model '{}' does not continue an assistant message.", model_),
          fmt::format("messages[{}]", history_.turns.back().message));
    }
    return std::move(history_);
  }

 private:
  Result<void> add_system(const ChatMessage& message, std::size_t index) {
    if (message.has_media()) {
      return config::unsupported_parameter(
          fmt::format("The model '{}' takes only text in system messages.", model_),
          fmt::format("messages[{}].content", index));
    }
    if (can_.system_role == SystemRole::pass) {
      Turn turn = turn_of(Speaker::system, index);
      turn.texts.push_back(message.text());
      push(std::move(turn));
      return {};
    }
    if (system_.empty()) {
      system_index_ = index;
      system_ = message.text();
    } else {
      system_ += '\n' + message.text();
    }
    return {};
  }

  // At the end: fold_first has all system text to place, fold_next what no user
  // message followed. Without a user message it is one of its own.
  void fold_what_is_left() {
    if (system_.empty()) return;
    auto& turns = history_.turns;
    if (can_.system_role == SystemRole::fold_first) {
      const auto user = std::find_if(turns.begin(), turns.end(), [](const Turn& turn) {
        return turn.speaker == Speaker::user;
      });
      if (user != turns.end()) return put_before(user->texts, system_);
    }
    Turn turn = turn_of(Speaker::user, system_index_);
    turn.texts.push_back(std::exchange(system_, {}));
    push(std::move(turn));
  }

  static void put_before(std::vector<std::string>& texts, const std::string& text) {
    if (texts.empty() || texts.front().empty()) {
      texts.resize(std::max<std::size_t>(texts.size(), 1));
      texts.front() = text;
      return;
    }
    texts.front().insert(0, text + '\n');
  }

  Result<void> add_user(const ChatMessage& message, std::size_t index) {
    Turn turn = turn_of(Speaker::user, index);
    if (auto read = read_parts(message, index, turn); !read) return read;
    push_user(std::move(turn));
    return {};
  }

  void push_user(Turn turn) {
    if (can_.system_role == SystemRole::fold_next && !system_.empty()) {
      put_before(turn.texts, std::exchange(system_, {}));
    }
    push(std::move(turn));
  }

  Result<void> add_assistant(const ChatMessage& message, std::size_t index) {
    Turn turn = turn_of(Speaker::assistant, index);
    if (auto read = read_parts(message, index, turn); !read) return read;
    if (turn.texts.empty() && !message.refusal.empty()) {
      turn.texts.emplace_back(message.refusal);
    }
    for (std::size_t i = 0; i < message.tool_calls.size(); ++i) {
      turn.calls.push_back(
          {&message.tool_calls[i], fmt::format("messages[{}].tool_calls[{}]", index, i)});
    }
    if (!turn.calls.empty() && !can_.tools) return no_tools(turn.calls.front().param);
    history_.answers_tools = false;
    push(std::move(turn));
    return {};
  }

  Result<void> add_tool_result(const ChatMessage& message, std::size_t index) {
    const std::string param = fmt::format("messages[{}]", index);
    if (!can_.tools) return no_tools(param);
    if (message.has_media()) {
      return config::unsupported_parameter(
          fmt::format("The model '{}' takes only text as a tool's result.", model_),
          param + ".content");
    }
    history_.answers_tools = true;
    // A legacy function result goes by the function's name.
    const std::string_view id = message.tool_call_id.empty() ? message.name : message.tool_call_id;
    if (can_.tool_results == ToolResults::user_text) {
      Turn turn = turn_of(Speaker::user, index);
      turn.texts.push_back(fmt::format("[Tool result for {}]: {}", id, message.text()));
      push_user(std::move(turn));
      return {};
    }
    Turn turn = turn_of(Speaker::tool, index);
    turn.outputs.push_back({id, message.text()});
    push(std::move(turn));
    return {};
  }

  Result<void> read_parts(const ChatMessage& message, std::size_t index, Turn& turn) {
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      const ContentPart& part = message.parts[i];
      if (part.type == PartType::text || part.type == PartType::refusal) {
        turn.texts.emplace_back(part.text);
        continue;
      }
      const std::string param = fmt::format("messages[{}].content[{}]", index, i);
      auto media = read_media(part, can_, model_, param, dropped_);
      if (!media) return media.error();
      if (media->kind == "image_url" && can_.max_images > 0 && ++images_ > can_.max_images) {
        return config::unsupported_parameter(
            fmt::format("The model '{}' takes at most {} images in a request.", model_,
                        can_.max_images),
            param);
      }
      turn.media.push_back(*std::move(media));
    }
    return {};
  }

  // Adds a turn, joined to the one before where the same speaker goes on.
  void push(Turn turn) {
    const bool tool_outputs_share =
        turn.speaker == Speaker::tool && can_.tool_results == ToolResults::tool_output;
    const bool merges = can_.alternating_roles || tool_outputs_share;
    if (!merges || history_.turns.empty() || history_.turns.back().speaker != turn.speaker) {
      history_.turns.push_back(std::move(turn));
      return;
    }
    Turn& last = history_.turns.back();
    if (!last.texts.empty() && !turn.texts.empty()) {
      last.texts.back() += '\n' + turn.texts.front();
      turn.texts.erase(turn.texts.begin());
    }
    std::move(turn.texts.begin(), turn.texts.end(), std::back_inserter(last.texts));
    std::move(turn.media.begin(), turn.media.end(), std::back_inserter(last.media));
    std::move(turn.calls.begin(), turn.calls.end(), std::back_inserter(last.calls));
    std::move(turn.outputs.begin(), turn.outputs.end(), std::back_inserter(last.outputs));
  }

  config::Error no_tools(const std::string& param) const {
    return config::unsupported_parameter(fmt::format("The model '{}' does not take tools.", model_),
                                         param);
  }

  const config::Capabilities& can_;
  std::string_view model_;
  Dropped& dropped_;
  History history_;
  std::string system_;  // text of system messages that is not folded yet
  std::size_t system_index_ = 0;
  std::int64_t images_ = 0;
};

}  // namespace

Result<History> make_history(const Conversation& conversation, const config::Capabilities& can,
                             std::string_view model, Dropped& dropped) {
  HistoryBuilder builder(can, model, dropped);
  for (std::size_t i = 0; i < conversation.messages.size(); ++i) {
    if (auto added = builder.add(conversation.messages[i], i); !added) return added.error();
  }
  return builder.finish();
}

}  // namespace providers::reka
