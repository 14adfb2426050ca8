#pragma once
// What a request asks of Reka Research beyond the conversation: its `research` object,
// or the one we make of OpenAI's fields; its limits are checked here, before any money
// is spent (wire-facts 1.5.1). Pure: the same request always gives the same options,
// so that encoding and pricing agree without remembering anything.

#include <string>
#include <string_view>

#include "config/base/error.h"
#include "providers/adapter.h"

namespace providers::reka {

struct ResearchOptions {
  // none, low or high: what the request is billed as.
  std::string parallel_thinking = "none";
  // The object to add to a request that has none; empty: nothing to add.
  std::string made;
  // The fields of OpenAI's that say more than Research can be told.
  bool drops_web_search_options = false;
  bool drops_reasoning_effort = false;
};

config::Result<ResearchOptions> read_research_options(const Call& call);

// response_format may only be a json_schema whose name is one to Research.
config::Result<void> check_research_format(const Call& call);

// Price::per_request_variants' name of a mode; empty for none.
std::string_view price_variant(std::string_view parallel_thinking);

}  // namespace providers::reka
