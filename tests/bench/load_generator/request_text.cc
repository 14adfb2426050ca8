#include "tests/bench/load_generator/request_text.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace bench {
namespace {

// What OpenAI's SDK for Python sends beside the key.
constexpr std::string_view kBeforeKey =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: gateway.example.org\r\n"
    "Accept-Encoding: identity\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.51.0\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 1.51.0\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.2\r\n"
    "X-Stainless-Async: false\r\n"
    "Authorization: Bearer ";

constexpr std::string_view kSentence =
    "Tell me, in a few sentences, which city is the capital of France and how it became so. ";

std::string number(std::uint64_t value) {
  return fmt::format("{:04}", value);
}

}  // namespace

RequestText::RequestText(const RequestSettings& settings)
    : keys_(settings.keys), models_(settings.models), before_key_(kBeforeKey) {
  if (keys_.empty()) throw std::invalid_argument("no key to ask with");
  if (models_ == 0 || models_ > 10'000) throw std::invalid_argument("1 to 10000 models");
  const bool alike = std::ranges::all_of(
      keys_, [this](const std::string& key) { return key.size() == keys_.front().size(); });
  if (!alike) throw std::invalid_argument("the keys differ in length");

  const std::string_view opening = "{\"model\":\"bench-";
  std::string rest = settings.stream
                         ? "\",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
                         : "\",\"stream\":false";
  rest += ",\"max_tokens\":500,\"temperature\":0.7,\"messages\":[{\"role\":\"user\",\"content\":\"";
  const std::string_view closing = "\"}]}";
  const std::size_t around = opening.size() + 4 + rest.size() + closing.size();
  std::string text;
  while (around + text.size() < settings.body_bytes) text += kSentence;
  if (around < settings.body_bytes) text.resize(settings.body_bytes - around);

  body_size_ = around + text.size();
  before_model_ = fmt::format("\r\nContent-Length: {}\r\n\r\n{}", body_size_, opening);
  after_model_ = rest + text + std::string(closing);
}

RequestText::Turn RequestText::turn(std::uint64_t asked) const {
  // A stride, so that neighbours in time are none in a table.
  const std::string digits = number(asked * 7919 % models_);
  Turn turn{.key = keys_[asked * 104729 % keys_.size()], .model = {}};
  std::ranges::copy(digits, turn.model.begin());
  return turn;
}

RequestText::Pieces RequestText::pieces(const Turn& turn, std::size_t sent) const {
  const std::array<std::string_view, 5> all{before_key_, turn.key, before_model_,
                                            std::string_view(turn.model.data(), turn.model.size()),
                                            after_model_};
  Pieces out{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t skipped = std::min(sent, all[i].size());
    sent -= skipped;
    // iovec has no const; whoever writes only reads them.
    out[i] = {.iov_base = const_cast<char*>(all[i].data() + skipped),
              .iov_len = all[i].size() - skipped};
  }
  return out;
}

std::string RequestText::flat(const Turn& turn) const {
  std::string out;
  for (const auto& piece : pieces(turn, 0))
    out.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return out;
}

std::size_t RequestText::size() const {
  return before_key_.size() + keys_.front().size() + before_model_.size() + 4 + after_model_.size();
}

}  // namespace bench
