#pragma once
// What calls of the admin API say beside their path, read strictly. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "config/base/error.h"
#include "providers/wire/json_document.h"
#include "providers/wire/strict_object.h"

namespace gateway::admin {

// The body's members, told to `read`. An empty body is an object without any.
template <class Read>
config::Result<void> read_body(std::string_view body, const Read& read) {
  providers::JsonDocument document;
  if (!document.read(body.empty() ? std::string_view("{}") : body)) {
    return config::invalid_request(
        fmt::format("The body is not valid JSON: {}.", to_string(document.fault())));
  }
  const providers::Place place;
  providers::StrictObject object(document.root(), place);
  read(object);
  return object.done();
}

// Errors: there is a member.
config::Result<void> expect_no_body(std::string_view body);

// What If-Match says: "7" or "\"7\"", as an ETag would be written; nullopt: any version.
config::Result<std::optional<std::int64_t>> version_in(std::string_view if_match);

// The value of `name` in a query of whole numbers; nullopt: it is not there.
config::Result<std::optional<std::int64_t>> number_in(std::string_view query,
                                                      std::string_view name);

}  // namespace gateway::admin
