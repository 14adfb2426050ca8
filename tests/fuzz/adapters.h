#pragma once
// The adapters under fuzzing: every kind, preset and bundle of capabilities that
// changes how one speaks, and the requests a client may have made.

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "providers/adapter.h"

namespace fuzz {

// Our key at every upstream.
inline constexpr std::string_view kApiKey = "sk-fuzz-0123456789";

struct AdapterUnderTest {
  const providers::Adapter* adapter = nullptr;
  config::Target target;
};

// Kinds in the order of the registry; never empty.
const std::vector<AdapterUnderTest>& adapters();

// A request that was read, and the bytes it points into.
struct Asked {
  std::string_view name;
  std::string bytes;  // padded
  providers::ChatRequest chat;
};
const std::vector<Asked>& requests();

providers::JsonWorkspace& workspace();

// The input with the room behind it that simdjson may read, in memory of its own.
class Padded {
 public:
  explicit Padded(std::string_view text);
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string bytes_;
};

// What a client would be told: complete, short and in JSON.
void check_error(const config::Error& error);
// Neither it nor the log shows our key, though an upstream repeated it.
void check_key_hidden(const config::Error& error);

// What a client is streamed: each event JSON, one [DONE] at the end and only where the
// stream is whole.
void check_client_stream(std::string_view stream, bool whole);

}  // namespace fuzz
