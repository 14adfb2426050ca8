#pragma once
// What a target can do and how it wants to be asked: one list, from which come
// the struct that adapters read, the overrides an operator writes under
// `capabilities:`, and the configuration reference. A kind (and its preset)
// gives the defaults, the operator's file has the last word.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace config {

enum class SystemRole : std::uint8_t {
  pass,        // as it came
  fold_first,  // joined before the text of the first user message
  fold_next,   // joined before the text of the user message that follows it
};
enum class ToolsStyle : std::uint8_t {
  openai,  // {"type":"function","function":{…}}
  flat,    // {"name":…,"description":…,"parameters":…}; tool_choice auto | none | tool
};
enum class ToolResults : std::uint8_t {
  tool_role,    // role "tool", as OpenAI has it
  tool_output,  // Reka native: role "tool_output", content [{tool_call_id, output}]
  user_text,    // a user message "[Tool result for ID]: …", and no tools on that request
};
enum class MediaStyle : std::uint8_t {
  object,      // {"image_url":{"url":…}}
  plain_text,  // {"image_url":"…"}
};
enum class StreamText : std::uint8_t {
  delta,       // each chunk holds what is new
  cumulative,  // each chunk holds all text so far
  automatic,   // told apart from the second chunk, leaning to cumulative
};

using Words = std::vector<std::string>;

// X(type, name, default of an OpenAI-compatible server, what it says)
#define TOLLGATE_CAPABILITIES(X)                                                                  \
  X(bool, chat, true, "serves /v1/chat/completions")                                              \
  X(bool, completions, false, "serves /v1/completions")                                           \
  X(bool, embeddings, false, "serves /v1/embeddings")                                             \
  X(bool, tools, true, "takes tools and tool_choice")                                             \
  X(config::ToolsStyle, tools_style, config::ToolsStyle::openai, "shape of tools")                \
  X(config::ToolResults, tool_results, config::ToolResults::tool_role, "shape of tool results")   \
  X(bool, stream_with_tools, true, "streams while tools are given; else the stream is made here") \
  X(config::SystemRole, system_role, config::SystemRole::pass, "system and developer messages")   \
  X(bool, developer_role, false, "knows role developer; else it is sent as system")               \
  X(bool, alternating_roles, false, "user and assistant must alternate, user first")              \
  X(bool, images, true, "takes image_url parts")                                                  \
  X(bool, video, true, "takes video_url parts")                                                   \
  X(bool, audio, true, "takes input_audio parts")                                                 \
  X(bool, files, true, "takes file parts")                                                        \
  X(config::MediaStyle, media_style, config::MediaStyle::object, "shape of media parts")          \
  X(std::int64_t, max_images, 0, "images per request at most; 0: no limit known")                 \
  X(bool, json_object, true, "response_format json_object")                                       \
  X(bool, json_schema, true, "response_format json_schema")                                       \
  X(bool, logprobs, true, "logprobs and top_logprobs")                                            \
  X(bool, several_choices, false, "n above 1")                                                    \
  X(bool, prefill, true, "continues a trailing assistant message")                                \
  X(bool, reasoning_effort, true, "takes reasoning_effort")                                       \
  X(bool, max_completion_tokens, false, "knows the field; else it is renamed to max_tokens")      \
  X(bool, stream_options, true, "is asked for usage by stream_options.include_usage")             \
  X(config::Words, reasoning_tags, {}, "opening and closing tag of inline reasoning")             \
  X(config::Words, stop, {}, "stop strings added to every request")                               \
  X(config::StreamText, stream_text, config::StreamText::delta, "what a chunk's text holds")      \
  X(bool, web_search, false, "web_search_options switches on the provider's own search")          \
  X(bool, research, false, "researches by itself, dearly; never beside targets that do not")      \
  X(bool, parallel_thinking, false, "reasoning_effort high buys Research's parallel thinking")

struct Capabilities {
#define TOLLGATE_FIELD(type, name, value, doc) type name = value;
  TOLLGATE_CAPABILITIES(TOLLGATE_FIELD)
#undef TOLLGATE_FIELD
};

// What the operator's file says; absent: the kind's default stands.
struct CapabilityOverrides {
#define TOLLGATE_FIELD(type, name, value, doc) std::optional<type> name;
  TOLLGATE_CAPABILITIES(TOLLGATE_FIELD)
#undef TOLLGATE_FIELD

  Capabilities over(Capabilities defaults) const {
#define TOLLGATE_FIELD(type, name, value, doc) \
  if (name) defaults.name = *name;
    TOLLGATE_CAPABILITIES(TOLLGATE_FIELD)
#undef TOLLGATE_FIELD
    return defaults;
  }
};

}  // namespace config
