// Whatever an upstream answers, an Error made from it holds no answer and no prompt:
// its detail goes to the log, its message to the client.

#include <array>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "providers/registry.h"
#include "providers/upstream_error.h"

namespace providers {
namespace {

constexpr std::string_view kKinds[] = {"haimaker", "openai", "openrouter", "reka", "reka_chat"};

class NoAnswerInErrors : public testing::Test {
 protected:
  NoAnswerInErrors() {
    target_.model = "m";
    target_.quoted_model = "\"m\"";
    chat_.model = "m";
  }

  void expect_clean(const config::Error& error, std::string_view source) {
    for (const std::string& text : {error.message, error.detail, error.upstream_code}) {
      EXPECT_EQ(text.find("MARKER"), std::string::npos) << source << "\n  gave: " << text;
    }
    EXPECT_LE(error.detail.size(), 600u) << source;
  }

  void whole(std::string_view body) {
    for (const auto kind : kKinds) {
      const auto done = find_adapter(kind)->decode(call_, AnswerHead{200, {}}, padded(body));
      ASSERT_FALSE(done) << kind << body;
      expect_clean(done.error(), fmt::format("{} {}", kind, body));
    }
  }

  // The event twice, since one that is garbled is passed over.
  void stream(std::string_view name, std::string_view data) {
    for (const auto kind : kKinds) {
      const AnswerHead head{200, {}};
      const auto decoder = find_adapter(kind)->open_stream(call_, head);
      Body out;
      auto done = decoder->decode(SseEvent{name, data}, out);
      if (done) done = decoder->decode(SseEvent{name, data}, out);
      if (done) done = decoder->finish(out);
      ASSERT_FALSE(done) << kind << data;
      expect_clean(done.error(), fmt::format("{} {}", kind, data));
    }
  }

  void refusal(int status, std::string_view body) {
    for (const auto kind : kKinds) {
      const auto error =
          find_adapter(kind)->decode_error(call_, AnswerHead{status, {}}, padded(body));
      expect_clean(error, fmt::format("{} {} {}", kind, status, body));
    }
  }

  std::string_view padded(std::string_view body) {
    text_ = std::string(body) + std::string(64, '\0');
    return std::string_view(text_).substr(0, body.size());
  }

  JsonWorkspace json_;
  ChatRequest chat_;
  config::Target target_;
  std::string text_;
  Call call_{chat_, target_, json_};
};

TEST_F(NoAnswerInErrors, AWholeAnswerThatCannotBeUsed) {
  for (const char* body : {
           R"({"choices":[{"finish_reason":"abort","message":{"content":"MARKER"}}]})",
           R"({"choices":[{"finish_reason":"error","message":"MARKER","text":"MARKER"}]})",
           R"({"choices":[{"finish_reason":"error","detail":"MARKER","code":"MARKER"}]})",
           R"({"choices":[{"error":{"code":502},"message":{"content":"MARKER"}}]})",
           R"({"choices":[{"MARKER":"MARKER"}]})",
           R"({"choices":[],"output":"MARKER"})",
           R"({"output":[{"content":"MARKER"}]})",
           R"({"responses":[{"finish_reason":"error","message":{"content":"MARKER"}}]})",
           R"({"responses":[{"text":"MARKER"}]})",
           R"(["MARKER"])",
           R"("MARKER")",
           R"({"choices":[{"message":{"content":"MARKER)",
           "MARKER",
           "<html>MARKER</html>",
       }) {
    whole(body);
  }
}

TEST_F(NoAnswerInErrors, AStreamThatBreaks) {
  for (const char* data : {
           R"({"choices":[{"finish_reason":"abort","delta":{"content":"MARKER"}}]})",
           R"({"choices":[{"finish_reason":"error","message":"MARKER","text":"MARKER"}]})",
           R"({"choices":[{"error":{"code":502},"delta":{"content":"MARKER"}}]})",
           R"({"choices":[{"index":999,"delta":{"content":"MARKER"}}]})",
           R"({"error":{"code":502},"choices":[{"delta":{"content":"MARKER"}}]})",
           R"(["MARKER"])",
           R"({"choices":[{"delta":{"content":"MARKER)",
           "MARKER",
           "<html>MARKER</html>",
       }) {
    stream("message", data);
  }
  for (const char* data :
       {"MARKER", "<html>MARKER</html>", R"({"choices":[{"delta":"MARKER"}]})", R"(["MARKER"])"}) {
    stream("error", data);
  }
}

TEST_F(NoAnswerInErrors, ARefusalThatEchoesWhatWasAsked) {
  for (const int status : {429, 500, 503}) {
    for (const char* body : {
             "<html>MARKER</html>",
             "MARKER",
             R"({"error":{"message":"MARKER)",
             R"({"choices":[{"message":{"content":"MARKER"}}]})",
             R"({"error":{"code":503},"input":"MARKER"})",
             R"({"detail":[{"loc":["body"],"msg":"bad","input":"MARKER"}]})",
             R"({"error":{"message":"x","metadata":{"raw":{"detail":[{"input":"MARKER"}]}}}})",
             R"({"error":{"message":"x","metadata":{"raw":"{\"input\":\"MARKER\"}"}}})",
             R"({"error":{"message":"x","metadata":{"raw":"data: {\"input\":\"MARKER"}}})",
             R"({"error":{"message":"x","metadata":{"flagged_input":"MARKER","reasons":["y"]}}})",
             "\xff\xfeMARKER",
         }) {
      refusal(status, body);
    }
  }
}

// Here the upstream's own error message is told, and its raw bytes still are not.
TEST_F(NoAnswerInErrors, ARefusalThatIsRelayed) {
  for (const char* body : {
           "<html>MARKER</html>",
           R"({"error":{"message":"MARKER)",
           R"({"detail":[{"loc":["body"],"msg":"bad","input":"MARKER"}]})",
           R"({"error":{"message":"x","metadata":{"raw":"{\"input\":\"MARKER\"}"}}})",
       }) {
    refusal(400, body);
  }
  // In plain words: told, but not logged.
  const auto error = upstream_error(call_, AnswerHead{400, {}}, "messages is missing");
  EXPECT_EQ(error.message, "messages is missing");
  EXPECT_EQ(error.detail, "400: 19 bytes that are no JSON");
}

TEST_F(NoAnswerInErrors, AtMostThreeHundredBytesOfItsMessageAreLogged) {
  const std::string body = R"({"error":{"message":")" + std::string(2000, 'x') + R"("}})";
  EXPECT_EQ(upstream_error(call_, AnswerHead{500, {}}, body).detail,
            "500: " + std::string(300, 'x'));
}

}  // namespace
}  // namespace providers
