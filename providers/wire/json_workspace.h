#pragma once
// The simdjson parsers one worker owns and lends, so that their tables are
// allocated once. Every use is synchronous: a document from one of them lasts
// until the same parser is used again. One thread.

#include <simdjson.h>

#include "providers/wire/json_document.h"

namespace providers {

struct JsonWorkspace {
  simdjson::ondemand::parser ondemand;
  simdjson::dom::parser dom;
  JsonDocument document;
  JsonDocument nested;  // for JSON text found inside `document`
};

}  // namespace providers
