// Whatever comes in, what goes out is whole: requests and answers of the exchange files
// are damaged at random, and every translation that does not refuse them must give
// valid JSON; what is sent says no member twice.

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "providers/registry.h"
#include "providers/wire/json_fields.h"
#include "tests/support/exchange_file.h"

namespace providers {
namespace {

namespace fs = std::filesystem;

struct Case {
  std::string name;
  support::TargetUnderTest under_test;
  std::string request;
  std::string answer;  // empty: none
  std::string stream;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const char* folder : {"reka", "reka_chat", "reka_research"}) {
    for (const auto& entry :
         fs::directory_iterator(fs::path(TOLLGATE_SOURCE_DIR) / "tests/fixtures" / folder)) {
      const auto file = support::read_exchange(entry.path().string());
      const auto body = [&](std::string_view section) {
        const auto* found = file.find(section);
        return found == nullptr ? std::string() : found->body;
      };
      Case one{entry.path().string(), support::read_target(file.find("target"), folder),
               body("client request"), body("upstream answer"), body("upstream stream")};
      auto& target = one.under_test.target;
      target.can = target.overrides.over(*find_adapter(target.kind)->capabilities(target));
      out.push_back(std::move(one));
    }
  }
  return out;
}

using Random = std::mt19937;

// One or a few bytes changed, cut, doubled, or a piece of another text put in.
std::string damaged(std::string text, const std::string& other, Random& random) {
  constexpr std::string_view kBytes = "\"\\{}[]:,0-1eE.ntf\x80\xc3\xff \nAu";
  const auto at = [&](const std::string& in) { return random() % (in.size() + 1); };
  for (unsigned times = 1 + random() % 3; times > 0; --times) {
    const auto place = at(text);
    switch (random() % 5) {
      case 0:
        if (place < text.size()) text[place] = kBytes[random() % kBytes.size()];
        break;
      case 1:
        text.erase(place, random() % 8);
        break;
      case 2:
        text.insert(place, 1, kBytes[random() % kBytes.size()]);
        break;
      case 3:
        text.insert(place, text.substr(at(text), random() % 40));
        break;
      default:
        text.insert(place, other.substr(at(other), random() % 60));
    }
  }
  return text;
}

void expect_valid(std::string_view text, const std::string& from) {
  JsonDocument document;
  ASSERT_TRUE(document.read(text)) << text << "\nfrom " << from;
}

// What is sent is billed by: no upstream may read another member than we did.
void expect_unambiguous(std::string_view text, const std::string& from) {
  JsonDocument document;
  ASSERT_TRUE(document.read(text)) << text << "\nfrom " << from;
  EXPECT_FALSE(duplicate_key(document.root())) << text << "\nfrom " << from;
}

void expect_valid_events(const std::string& stream, const std::string& from) {
  SseParser parser;
  parser.feed(stream);
  while (const auto event = parser.next()) {
    if (event->data != "[DONE]") expect_valid(event->data, from);
  }
}

class RekaMutations : public testing::Test {
 protected:
  // The request of `one` read and encoded; nullopt: refused on the way.
  void run(const Case& one, std::string request, const std::string& answer,
           const std::string& stream) {
    request.reserve(request.size() + 64);
    auto chat = read_chat_request(json_, Operation::chat, request);
    if (!chat) return;
    chat->answer_id = "chatcmpl-1";
    const Call call{*chat, one.under_test.target, json_};
    const Adapter& adapter = *find_adapter(one.under_test.target.kind);
    auto encoded = adapter.encode(call);
    if (!encoded) {
      EXPECT_LT(encoded.error().http_status(), 500) << encoded.error().message;
      return;
    }
    expect_unambiguous(encoded->body.str(), request);
    const AnswerHead head{200, {}};
    if (!answer.empty()) decode(adapter, call, head, answer);
    if (!stream.empty()) relay(adapter, call, head, stream);
  }

 private:
  static void decode(const Adapter& adapter, const Call& call, const AnswerHead& head,
                     std::string answer) {
    answer.reserve(answer.size() + 64);
    auto completion = adapter.decode(call, head, answer);
    if (!completion) return;
    expect_valid(completion->body.str(), answer);
    auto stream = stream_from_completion(call, *completion);
    if (stream) expect_valid_events(stream->str(), answer);
  }

  static void relay(const Adapter& adapter, const Call& call, const AnswerHead& head,
                    const std::string& stream) {
    const auto decoder = adapter.open_stream(call, head);
    SseParser parser;
    Body out;
    bool failed = false;
    parser.feed(stream);
    while (const auto event = parser.next()) {
      failed = failed || !decoder->decode(*event, out);
    }
    if (!failed) failed = !decoder->finish(out);
    if (!failed) decoder->end(out);
    expect_valid_events(out.str(), stream);
  }

  JsonWorkspace json_;
};

constexpr int kRounds = 10;

TEST_F(RekaMutations, DamagedRequestsAreRefusedOrSentWhole) {
  Random random(11);
  const auto all = cases();
  for (int round = 0; round < kRounds; ++round) {
    for (const Case& one : all) {
      const Case& other = all[random() % all.size()];
      run(one, damaged(one.request, other.request, random), {}, {});
      if (HasFailure()) return;
    }
  }
}

TEST_F(RekaMutations, DamagedAnswersAreRefusedOrToldWhole) {
  Random random(12);
  const auto all = cases();
  for (int round = 0; round < kRounds; ++round) {
    for (const Case& one : all) {
      const Case& other = all[random() % all.size()];
      run(one, one.request, one.answer.empty() ? "" : damaged(one.answer, other.answer, random),
          one.stream.empty() ? "" : damaged(one.stream, other.stream, random));
      if (HasFailure()) return;
    }
  }
}

// An answer or stream meant for another request, of another kind even.
TEST_F(RekaMutations, AnswersToOtherRequestsAreRefusedOrToldWhole) {
  Random random(13);
  const auto all = cases();
  for (int round = 0; round < kRounds; ++round) {
    for (const Case& one : all) {
      const Case& other = all[random() % all.size()];
      run(one, one.request, other.answer, other.stream);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace providers
