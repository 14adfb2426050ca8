// JsonDocument and simdjson's DOM parser agree on every text.

#include "tests/fuzz/check.h"
#include "tests/fuzz/json_agreement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_json_agreement(fuzz::view(data, size));
  return 0;
}
