#pragma once
// Routes and requests for tests of who is chosen.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "gateway/chat/choice.h"

namespace gateway::chat {

// One route over targets that are called "0", "1", …
struct Routes : testing::Test {
  void targets(const std::vector<int>& weights) {
    route.model = &model;
    route.targets.clear();
    for (const int weight : weights) {
      RouteTarget target{};
      target.target.name = config::TargetName(std::to_string(route.targets.size()));
      target.target.weight = weight;
      route.targets.push_back(target);
    }
  }
  Targets all() const {
    Targets out;
    for (const RouteTarget& target : route.targets) out.push_back(&target);
    return out;
  }
  // "201": the last one first.
  static std::string names(const Targets& targets) {
    std::string out;
    for (const RouteTarget* target : targets) out += target->target.name.view();
    return out;
  }
  // A chat request of that body.
  void ask(std::string_view body) {
    bytes = body;
    bytes.append(simdjson::SIMDJSON_PADDING, '\0');
    auto read = providers::read_chat_request(json, providers::Operation::chat,
                                             std::string_view(bytes).substr(0, body.size()));
    ASSERT_TRUE(read) << read.error().message;
    chat = *std::move(read);
  }

  config::Model model;
  Route route;
  std::string bytes;
  providers::JsonWorkspace json;
  providers::ChatRequest chat;
  VirtualKey caller;
  std::mt19937_64 random{7};
};

}  // namespace gateway::chat
