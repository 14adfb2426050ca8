#pragma once
// The JSON documents one worker owns and lends, so that their tables are allocated
// once. Every use is synchronous: a value lasts until its document is read again.
// One thread.

#include <simdjson.h>

#include "providers/wire/json_document.h"

namespace providers {

struct JsonWorkspace {
  JsonDocument document;
  JsonDocument nested;  // for JSON text found inside `document`
};

}  // namespace providers
