#pragma once
// What one worker needs to read and splice JSON, owned and lent so that its tables are allocated
// once. Every use is synchronous: a value lasts until its document is read again, edits until
// the next ones begin.
// One thread.

#include <simdjson.h>

#include "providers/wire/edits.h"
#include "providers/wire/json_document.h"

namespace providers {

struct JsonWorkspace {
  JsonDocument document;
  JsonDocument nested;  // for JSON text found inside `document`
  Edits edits;          // of a request or a whole answer
};

}  // namespace providers
