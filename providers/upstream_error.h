#pragma once
// The Error that an upstream's refusal is to us, whatever its shape: an object (refusal.h),
// words, HTML, nothing at all. Pure.
//
// Only the client's own faults are told in the upstream's words; for the rest they
// stay in Error::detail, which goes to the log and so never holds a body, a choice or a
// delta: status, type, code and at most 300 bytes of the upstream's error message, without
// what that quotes of the request.

#include <string_view>

#include "config/base/error.h"
#include "providers/adapter.h"
#include "providers/wire/json_document.h"

namespace providers {

// A non-2xx answer.
config::Error upstream_error(const Call& call, const AnswerHead& head, std::string_view body);

// An error found inside a 2xx answer or a stream: `holder` is the object that has the
// `error` member, or is itself the error (`event: error`).
config::Error upstream_error_inside(const Call& call, const AnswerHead& head, JsonValue holder);

// The same for a choice that holds an error, or whose finish_reason says that it failed.
config::Error upstream_error_in_choice(const Call& call, const AnswerHead& head, JsonValue choice);

}  // namespace providers
