#pragma once
// Path and headers of a request to Reka, whatever its body.

#include <string_view>

#include "providers/adapter.h"

namespace providers::reka {

// Both ways of naming the key go out: the documentation changed from one to the
// other, and either is understood (wire-facts 1.1). `path` follows the base URL's.
void address(const Call& call, std::string_view path, UpstreamRequest& request);

// The same for what costs nothing to ask (Adapter::lookup): `request` is what any adapter
// makes of it.
UpstreamRequest with_both_keys(UpstreamRequest request, const config::Target& target);

}  // namespace providers::reka
