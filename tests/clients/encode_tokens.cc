// The tokenizer and the estimates as a program, for tokens.test.js: a JSON string per line in;
// per line out, the tokens of its text, or with a word as argument how many they are:
//   exact    by cl100k_base
//   unknown  by the guess for other vocabularies
//   prompt   of a request that asks it, by cl100k_base
//   quick    of the same, at a glance

#include <iostream>
#include <string>
#include <vector>

#include "providers/estimate.h"
#include "providers/tokens/cl100k.h"
#include "providers/tokens/token_counter.h"
#include "providers/wire/json_document.h"

namespace {

using config::Tokenizer;

void print_tokens(const std::string& text) {
  std::vector<providers::Rank> tokens;
  providers::cl100k::encode(text, tokens);
  if (providers::cl100k::count(text) != static_cast<std::int64_t>(tokens.size())) {
    std::cout << "counted otherwise ";
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) std::cout << (i > 0 ? " " : "") << tokens[i];
}

std::int64_t of_prompt(const std::string& quoted, bool quick) {
  std::string body = R"({"model":"m","messages":[{"role":"user","content":)" + quoted + "}]}";
  const std::size_t size = body.size();
  body.append(simdjson::SIMDJSON_PADDING, '\0');
  providers::JsonWorkspace json;
  const auto chat = providers::read_chat_request(json, providers::Operation::chat,
                                                 std::string_view(body).substr(0, size));
  if (!chat) return -1;
  return quick ? chat->quick_prompt_tokens
               : providers::prompt_tokens(*chat, Tokenizer::cl100k_base);
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  providers::JsonDocument document;
  for (std::string line; std::getline(std::cin, line); std::cout << '\n') {
    if (!document.read(line)) {
      std::cerr << "no JSON: " << line << '\n';
      return 1;
    }
    const std::string text = document.root().text();
    if (mode.empty()) {
      print_tokens(text);
    } else if (mode == "prompt" || mode == "quick") {
      std::cout << of_prompt(line, mode == "quick");
    } else {
      std::cout << providers::count_tokens(
          text, mode == "exact" ? Tokenizer::cl100k_base : Tokenizer::unknown);
    }
  }
}
