#include "gateway/chat/choice_sticky.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include <boost/container/small_vector.hpp>

namespace gateway::chat {
namespace {

using providers::JsonType;
using providers::JsonValue;

// A prompt that grows by what was answered begins as before.
constexpr std::size_t kBeginning = 1'024;
constexpr std::size_t kUsual = 8;  // targets of a route

// SplitMix64's last steps: every bit depends on every bit.
std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31U);
}

class Hash {
 public:
  // libstdc++'s is not seeded: the same text is the same number in every process.
  void add(std::string_view text) {
    bits_ = mixed(bits_ * 3 + std::hash<std::string_view>()(text));
  }
  std::uint64_t bits() const { return bits_; }

 private:
  std::uint64_t bits_ = 0x9e3779b97f4a7c15U;
};

// What is said, without what clients change from turn to turn (cache marks, names).
void add_content(Hash& hash, JsonValue content) {
  if (!content.is(JsonType::array)) return hash.add(content.raw());
  for (const JsonValue part : content.elements()) {
    const JsonValue text = part["text"];
    hash.add(text ? text.raw() : part.raw());
  }
}

void add_beginning(Hash& hash, JsonValue messages) {
  for (const JsonValue message : messages.elements()) {
    hash.add(message["role"].raw_text());
    add_content(hash, message["content"]);
    if (message["role"].equals("user")) return;
  }
}

}  // namespace

std::uint64_t conversation_of(const providers::ChatRequest& chat, const config::Model& model,
                              const VirtualKey& caller, providers::JsonWorkspace& json) {
  Hash hash;
  hash.add(caller.name.view());
  hash.add(model.name.view());
  if (const auto* messages = chat.find("messages"); messages != nullptr) {
    if (json.nested.read(chat.raw(*messages))) add_beginning(hash, json.nested.root());
  }
  for (const char* text : {"prompt", "input"}) {
    if (const auto* member = chat.find(text); member != nullptr) {
      hash.add(chat.raw(*member).substr(0, kBeginning));
    }
  }
  return hash.bits();
}

void by_conversation(Targets& targets, std::uint64_t conversation) {
  boost::container::small_vector<std::pair<double, const RouteTarget*>, kUsual> drawn;
  for (const RouteTarget* target : targets) {
    Hash hash;
    hash.add(target->target.name.view());
    const std::uint64_t bits = mixed(conversation ^ hash.bits());
    // Between 0 and 1; the logarithm makes shares of weights (who waits least wins a race).
    const double lot = (static_cast<double>(bits >> 11U) + 0.5) * 0x1p-53;
    const int weight = target->target.weight;
    drawn.emplace_back(weight > 0 ? -std::log(lot) / weight : std::numeric_limits<double>::max(),
                       target);
  }
  std::sort(drawn.begin(), drawn.end());
  for (std::size_t i = 0; i < drawn.size(); ++i) targets[i] = drawn[i].second;
}

}  // namespace gateway::chat
