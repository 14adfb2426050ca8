// The tokenizer as a program, for tokens.test.js: a JSON string per line in, the tokens of
// its text per line out.

#include <iostream>
#include <string>
#include <vector>

#include "providers/tokens/cl100k.h"
#include "providers/wire/json_document.h"

int main() {
  std::ios::sync_with_stdio(false);
  providers::JsonDocument document;
  std::vector<providers::Rank> tokens;
  for (std::string line; std::getline(std::cin, line);) {
    if (!document.read(line)) {
      std::cerr << "no JSON: " << line << '\n';
      return 1;
    }
    const std::string text = document.root().text();
    tokens.clear();
    providers::cl100k::encode(text, tokens);
    const auto counted = providers::cl100k::count(text);
    if (counted != static_cast<std::int64_t>(tokens.size())) {
      std::cerr << "counted " << counted << " of " << tokens.size() << " tokens\n";
      return 1;
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) std::cout << (i > 0 ? " " : "") << tokens[i];
    std::cout << '\n';
  }
}
