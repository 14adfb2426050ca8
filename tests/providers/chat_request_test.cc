#include "providers/chat_request.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/providers/chat_request_texts.h"

namespace providers {
namespace {

using test::kMessages;
using test::read;
using test::verdict;
using test::with;
using test::with_messages;
using ::testing::HasSubstr;

TEST(ChatRequest, RemembersWhereEachMemberStands) {
  const std::string body =
      R"( {"model" : "re\u006ba" , "messages":[{"role":"user","content":"x"}],)"
      R"("stream":true,"max_tokens":5,"max_completion_tokens":7,"n":2,)"
      R"("stream_options":{"include_usage":true}} )";
  const auto chat = read(body);
  ASSERT_TRUE(chat) << chat.error().message;
  EXPECT_EQ(chat->model, "reka");
  EXPECT_TRUE(chat->stream);
  EXPECT_TRUE(chat->include_usage);
  EXPECT_EQ(chat->max_tokens, 7);
  EXPECT_EQ(chat->choices, 2);
  EXPECT_EQ(body[chat->object_begin], '{');
  EXPECT_EQ(body[chat->object_end], '}');
  ASSERT_NE(chat->find("model"), nullptr);
  EXPECT_EQ(chat->raw(*chat->find("model")), R"("re\u006ba")");
  EXPECT_EQ(chat->raw(*chat->find("stream_options")), R"({"include_usage":true})");
  EXPECT_EQ(chat->find("tools"), nullptr);
  EXPECT_EQ(chat->members.size(), 7u);
}

TEST(ChatRequest, NotesWhatTheRequestAsksFor) {
  const std::string body = R"({"model":"m","messages":[
    {"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a/b.png"}},
      {"type":"image_url","image_url":"https://a/c.png"},
      {"type":"video_url","video_url":"https://a/b.mp4"},
      {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}},
      {"type":"file","file":{"file_data":"data:application/pdf;base64,AA=="}},
      {"type":"text","text":"what?"}]},
    {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
      "function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"12"}],
    "tools":[{"type":"function","function":{"name":"f"}}],"logprobs":true,
    "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},
    "modalities":["text","audio"]})";
  const auto chat = read(body);
  ASSERT_TRUE(chat) << chat.error().message;
  const Features& wants = chat->wants;
  EXPECT_TRUE(wants.tools && wants.images && wants.video && wants.audio && wants.files);
  EXPECT_TRUE(wants.json_schema && wants.logprobs && wants.tool_messages && wants.audio_output);
  EXPECT_FALSE(wants.json_object);
  EXPECT_EQ(wants.image_count, 2);

  const std::string plain_body =
      with(R"("tools":[],"functions":null,"logprobs":false,"top_logprobs":0,"audio":null,)"
           R"("modalities":["text"],"response_format":{"type":"text"})");
  const auto plain = read(plain_body);
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_FALSE(plain->wants.tools || plain->wants.logprobs || plain->wants.audio_output ||
               plain->wants.json_object || plain->wants.json_schema || plain->wants.tool_messages);
}

TEST(ChatRequest, J12_MaxTokensIsAPositiveNumberThatFits) {
  for (const char* name : {"max_tokens", "max_completion_tokens"}) {
    for (const char* value :
         {"-1", "0", "1.5", "\"10\"", "true", "[]", "{}", "2147483648", "9223372036854775808",
          "18446744073709551616", "1000000000000000000000000000000", "1e2", "-0", "1e400"}) {
      EXPECT_EQ(verdict(with(fmt::format(R"("{}":{})", name, value))), fmt::format("400 {}", name))
          << value;
    }
    for (const char* value : {"1", "2147483647", "null"}) {
      EXPECT_EQ(verdict(with(fmt::format(R"("{}":{})", name, value))), "") << value;
    }
  }
}

TEST(ChatRequest, J13_NIsBetweenOneAnd128) {
  for (const char* value : {"0", "-1", "1000000", "129", "1.5", "\"2\"", "true"}) {
    EXPECT_EQ(verdict(with(fmt::format(R"("n":{})", value))), "400 n") << value;
  }
  EXPECT_EQ(verdict(with(R"("n":8)")), "");
}

TEST(ChatRequest, J14_IllTypedOptionsNameTheirField) {
  struct Case {
    const char* members;
    const char* param;
  };
  const Case cases[] = {
      {R"("temperature":"hot")", "temperature"},
      {R"("temperature":3)", "temperature"},
      {R"("temperature":-1)", "temperature"},
      {R"("temperature":1e400)", "temperature"},
      {R"("top_p":2)", "top_p"},
      {R"("top_k":1.5)", "top_k"},
      {R"("presence_penalty":[])", "presence_penalty"},
      {R"("frequency_penalty":"1")", "frequency_penalty"},
      {R"("seed":0.5)", "seed"},
      {R"("stop":{})", "stop"},
      {R"("stop":["a",1])", "stop[1]"},
      {R"("tools":"x")", "tools"},
      {R"("tools":[1])", "tools[0]"},
      {R"("tools":[{}])", "tools[0].type"},
      {R"("tools":[{"type":"function"}])", "tools[0].function"},
      {R"("tools":[{"type":"function","function":{}}])", "tools[0].function.name"},
      {R"("tools":[{"type":"function","function":{"name":"f","parameters":"x"}}])",
       "tools[0].function.parameters"},
      {R"("functions":[{"name":1}])", "functions[0].name"},
      {R"("tool_choice":5)", "tool_choice"},
      {R"("tool_choice":"perhaps")", "tool_choice"},
      {R"("tool_choice":{"type":"function"})", "tool_choice.function"},
      {R"("tool_choice":{"type":"function","function":{}})", "tool_choice.function.name"},
      {R"("function_call":"perhaps")", "function_call"},
      {R"("function_call":{})", "function_call.name"},
      {R"("response_format":"json")", "response_format"},
      {R"("response_format":{})", "response_format.type"},
      {R"("response_format":{"type":"json_schema"})", "response_format.json_schema"},
      {R"("logprobs":"yes")", "logprobs"},
      {R"("top_logprobs":21)", "top_logprobs"},
      {R"("logit_bias":[])", "logit_bias"},
      {R"("user":5)", "user"},
      {R"("metadata":"x")", "metadata"},
      {R"("modalities":"text")", "modalities"},
      {R"("parallel_tool_calls":1)", "parallel_tool_calls"},
      {R"("stream_options":[])", "stream_options"},
      {R"("stream_options":{"include_usage":1})", "stream_options.include_usage"},
      {R"("reasoning_effort":1)", "reasoning_effort"},
      {R"("reasoning":"high")", "reasoning"},
      {R"("research":[])", "research"},
      {R"("models":[1])", "models[0]"},
      {R"("provider":"x")", "provider"},
      {R"("plugins":{})", "plugins"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(verdict(with(c.members)), fmt::format("400 {}", c.param)) << c.members;
  }

  std::string tools = R"("tools":[)";
  for (int i = 0; i < 5000; ++i) tools += R"({"type":"function","function":{"name":"f"}},)";
  tools.back() = ']';
  EXPECT_EQ(verdict(with(tools)), "400 tools");
}

TEST(ChatRequest, J14_ASeedsErrorNamesTheTrueLimits) {
  for (const char* seed : {"9223372036854775808", "-9223372036854775809", "0.5", "\"1\""}) {
    const auto bytes = with(fmt::format(R"("seed":{})", seed));
    const auto chat = read(bytes);
    ASSERT_FALSE(chat) << seed;
    EXPECT_THAT(chat.error().message,
                HasSubstr("from -9223372036854775808 to 9223372036854775807"));
  }
  EXPECT_EQ(verdict(with(R"("seed":9223372036854775807)")), "");
  EXPECT_EQ(verdict(with(R"("seed":-9223372036854775808)")), "");
}

TEST(ChatRequest, J14_NullIsAsGoodAsAbsent) {
  for (const char* name : {"temperature", "stop", "tools", "tool_choice", "response_format",
                           "stream_options", "n", "max_tokens", "user", "seed"}) {
    EXPECT_EQ(verdict(with(fmt::format(R"("{}":null)", name))), "") << name;
  }
}

TEST(ChatRequest, J15_IllFormedMessagesNameTheirIndex) {
  struct Case {
    const char* messages;
    const char* param;
  };
  const Case cases[] = {
      {"null", "messages"},
      {"{}", "messages"},
      {"\"x\"", "messages"},
      {"[]", "messages"},
      {"[1]", "messages[0]"},
      {"[null]", "messages[0]"},
      {R"([{"content":"x"}])", "messages[0].role"},
      {R"([{"role":"king","content":"x"}])", "messages[0].role"},
      {R"([{"role":5,"content":"x"}])", "messages[0].role"},
      {R"([{"role":"user"}])", "messages[0].content"},
      {R"([{"role":"user","content":null}])", "messages[0].content"},
      {R"([{"role":"user","content":"x"},{"role":"user","content":5}])", "messages[1].content"},
      {R"([{"role":"user","content":{}}])", "messages[0].content"},
      {R"([{"role":"user","content":[1]}])", "messages[0].content[0]"},
      {R"([{"role":"user","content":[{}]}])", "messages[0].content[0].type"},
      {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
      {R"([{"role":"user","content":[{"type":"text","text":5}]}])", "messages[0].content[0].text"},
      {R"([{"role":"user","content":[{"type":"image_url"}]}])", "messages[0].content[0].image_url"},
      {R"([{"role":"user","content":[{"type":"image_url","image_url":{}}]}])",
       "messages[0].content[0].image_url.url"},
      {R"([{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"a"}}]}])",
       "messages[0].content[0].input_audio.format"},
      {R"([{"role":"user","content":[{"type":"file","file":"x"}]}])",
       "messages[0].content[0].file"},
      {R"([{"role":"user","content":"x","name":1}])", "messages[0].name"},
      {R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
      {R"([{"role":"function","content":"x"}])", "messages[0].name"},
      {R"([{"role":"assistant","tool_calls":{}}])", "messages[0].tool_calls"},
      {R"([{"role":"assistant","tool_calls":[{}]}])", "messages[0].tool_calls[0].id"},
      {R"([{"role":"assistant","tool_calls":[{"id":"a"}]}])", "messages[0].tool_calls[0].function"},
      {R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}}]}])",
       "messages[0].tool_calls[0].function.arguments"},
      {R"([{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}}}]}])",
       "messages[0].tool_calls[0].function.arguments"},
      {R"([{"role":"assistant","reasoning_details":"x"}])", "messages[0].reasoning_details"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(verdict(with_messages(c.messages)), fmt::format("400 {}", c.param)) << c.messages;
  }
  for (const char* messages :
       {R"([{"role":"assistant","content":null,"tool_calls":null}])",
        R"([{"role":"assistant","content":"Paris is"}])",
        R"([{"role":"user","content":[{"type":"hologram","hologram":5}]}])",
        R"([{"role":"function","name":"f","content":null}])",
        R"([{"role":"assistant","content":"","reasoning_details":[{"a":1}],"later":{"x":1}}])"}) {
    EXPECT_EQ(verdict(with_messages(messages)), "") << messages;
  }
}

TEST(ChatRequest, J16_ModelIsAShortPrintableName) {
  const auto model = [](std::string_view value) {
    return fmt::format(R"({{"model":{},{}}})", value, kMessages);
  };
  EXPECT_EQ(verdict("{" + kMessages + "}"), "400 model");
  for (const char* value :
       {"null", "5", "\"\"", "[]", R"("a\r\nX-Evil: 1")", R"("a\u0000")", R"("\u007f")"}) {
    EXPECT_EQ(verdict(model(value)), "400 model") << value;
  }
  EXPECT_EQ(verdict(model("\"" + std::string(100 << 10, 'm') + "\"")), "400 model");
  EXPECT_EQ(verdict(model("\"" + std::string(257, 'm') + "\"")), "400 model");
  for (const char* value :
       {"\"%\"", "\"../\"", "\"x' OR 1=1\"", "\"{{7*7}}\"", "\"rekaai/reka-edge\""}) {
    EXPECT_EQ(verdict(model(value)), "") << value;
  }
}

TEST(ChatRequest, J17_AFieldWeReadOccursOnce) {
  struct Case {
    std::string body;
    const char* param;
  };
  const Case cases[] = {
      {R"({"model":"cheap","model":"dear",)" + kMessages + "}", "model"},
      {R"({"model":"dear",)" + kMessages + R"(,"model":"cheap"})", "model"},
      {R"({"model":"cheap","mod\u0065l":"dear",)" + kMessages + "}", "model"},
      {with(R"("stream":true,"stream":false)"), "stream"},
      {with(R"("max_tokens":1,"max_tokens":2)"), "max_tokens"},
      {with(R"("n":1,"\u006e":2)"), "n"},
      {with(kMessages), "messages"},
      {with(R"("x":1,"x":2)"), "x"},
      {with_messages(R"([{"role":"user","role":"system","content":"x"}])"), "messages[0].role"},
      {with_messages(R"([{"role":"user","content":"x","c\u006fntent":"y"}])"),
       "messages[0].content"},
      {with_messages(R"([{"role":"user","content":[{"type":"text","text":"a","text":"b"}]}])"),
       "messages[0].content[0].text"},
      {with_messages(
           R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"a","url":"b"}}]}])"),
       "messages[0].content[0].image_url.url"},
      {with(R"("stream_options":{"include_usage":true,"include_usage":false})"),
       "stream_options.include_usage"},
      {with(R"("response_format":{"type":"text","type":"json_object"})"), "response_format.type"},
      {with(R"("tools":[{"type":"function","function":{"name":"f","name":"g"}}])"),
       "tools[0].function.name"},
      {with(R"("reasoning":{"effort":"low","effort":"high"})"), "reasoning.effort"},
      {with(R"("research":{"web_search":{"max_uses":1,"max_uses":9}})"),
       "research.web_search.max_uses"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(verdict(c.body), fmt::format("400 {}", c.param)) << c.body;
  }
}

TEST(ChatRequest, J19_NamesInAnotherLetterCaseAreRefusedOddOnesPass) {
  EXPECT_EQ(verdict(R"({"Model":"m",)" + kMessages + "}"), "400 model");
  EXPECT_EQ(verdict(with(R"("Model":"dear")")), "400 Model");
  EXPECT_EQ(verdict(with(R"("MODEL":"dear")")), "400 MODEL");
  EXPECT_EQ(verdict(with(R"("Max_Tokens":5)")), "400 Max_Tokens");
  EXPECT_EQ(verdict(with(R"("__proto__":{},"":1,"Later":2)")), "");
  EXPECT_THAT(verdict(with("\"" + std::string(70 << 10, 'k') + "\":1")), HasSubstr("400 kkk"));
}

TEST(ChatRequest, J20_StreamIsABoolean) {
  for (const char* value : {"\"true\"", "1", "0", "\"false\"", "[]", "{}"}) {
    EXPECT_EQ(verdict(with(fmt::format(R"("stream":{})", value))), "400 stream") << value;
  }
  const std::string body = with(R"("stream":null)");
  const auto chat = read(body);
  ASSERT_TRUE(chat);
  EXPECT_FALSE(chat->stream);
}

TEST(ChatRequest, J41_MembersThatWouldSendTheRequestElsewhereAreRefused) {
  for (const char* name : {"api_base", "base_url", "callback_url", "custom_host", "webhook_url",
                           "proxy", "API_BASE", "Proxy"}) {
    EXPECT_EQ(verdict(with(fmt::format(R"("{}":"http://127.0.0.1:1/")", name))),
              fmt::format("400 {}", name));
  }
  EXPECT_EQ(verdict(with(R"("api\u005fbase":"x")")), "400 api_base");
  EXPECT_EQ(verdict(with(R"("metadata":{"api_base":"x"})")), "");
}

TEST(ChatRequest, CompletionsNeedAPrompt) {
  const auto prompt = [](std::string_view value) {
    return verdict(fmt::format(R"({{"model":"m","prompt":{}}})", value), Operation::completions);
  };
  for (const char* value : {"\"a\"", "[\"a\",\"b\"]", "[1,2]", "[[1],[2,3]]"}) {
    EXPECT_EQ(prompt(value), "") << value;
  }
  EXPECT_EQ(verdict(R"({"model":"m"})", Operation::completions), "400 prompt");
  EXPECT_EQ(prompt("null"), "400 prompt");
  EXPECT_EQ(prompt("[]"), "400 prompt");
  EXPECT_EQ(prompt("5"), "400 prompt");
  EXPECT_EQ(prompt("[\"a\",1]"), "400 prompt[1]");
  EXPECT_EQ(prompt("[[1],[]]"), "400 prompt[1]");
}

TEST(ChatRequest, EmbeddingsNeedInputAndAreNotStreamed) {
  EXPECT_EQ(
      verdict(R"({"model":"m","input":["a"],"encoding_format":"base64"})", Operation::embeddings),
      "");
  EXPECT_EQ(verdict(R"({"model":"m"})", Operation::embeddings), "400 input");
  EXPECT_EQ(verdict(R"({"model":"m","input":"a","stream":true})", Operation::embeddings),
            "400 stream");
  EXPECT_EQ(verdict(R"({"model":"m","input":"a","dimensions":0})", Operation::embeddings),
            "400 dimensions");
}

TEST(ChatRequest, ErrorsSayWhatIsWrongAndHowToMendIt) {
  EXPECT_EQ(read(with(R"("n":"2")")).error().message,
            "`n` must be a whole number from 1 to 128, but is a string.");
  EXPECT_EQ(read(with(R"("stream":1)")).error().message,
            "`stream` must be true or false, but is a number.");
  EXPECT_EQ(read(R"({"model":"m"})").error().message,
            "`messages` is required: an array of messages.");
  EXPECT_EQ(read(R"({"model":"m",})").error().message,
            "The body is not valid JSON: a comma, colon, bracket or value is missing or stands "
            "in the wrong place (at byte 13).");
}

}  // namespace
}  // namespace providers
