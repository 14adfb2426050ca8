#pragma once
// What a request's head must obey beyond llhttp's grammar: RFC 9112 where it says
// MUST or lets a server choose, and our own narrowing. Pure functions over views; each
// rule is one function with one test. Messages name the rule and repeat nothing of
// what was sent.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>  // boost::core::string_view, inside verb.hpp, needs it complete
#include <span>
#include <string_view>

#include <boost/beast/http/verb.hpp>

#include "config/base/error.h"
#include "gateway/http/field.h"

namespace gateway::http {

using boost::beast::http::verb;

inline constexpr std::size_t kMaxTarget = 8 * 1024;

// Of a request's or an answer's whole head as it was received: a reason to refuse it, or
// empty. Every line ends in CRLF, no CR stands elsewhere, no line is folded.
std::string_view raw_problem(std::string_view head);

// Framing, routing and credentials: never from behind a body.
bool forbidden_in_trailers(std::string_view name);

// The request line, read strictly and before llhttp sees it, so that what is refused is
// refused as soon as the line is there. One empty line may stand before it.
struct RequestLine {
  verb method = verb::unknown;  // unknown: a token that is no method of ours
  std::string_view target;
  int minor_version = 1;
};
enum class LineState : std::uint8_t { more, done };
struct LineProgress {
  LineState state = LineState::more;
  RequestLine line;
};
config::Result<LineProgress> read_request_line(std::string_view bytes);

// What the fields of a lawful head say.
struct RequestFacts {
  std::string_view path;  // of the target, up to '?'
  std::string_view host;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};
config::Result<RequestFacts> check_request(const RequestLine& line, std::span<const Field> fields);

// The single rules.
bool is_token(std::string_view text);
bool lawful_host(std::string_view value);
std::optional<std::uint64_t> read_content_length(std::string_view value);
// The path of an origin-form target, of `*` for OPTIONS, or of an absolute-form that names
// `host`; nothing: refuse.
std::optional<std::string_view> path_of(verb method, std::string_view target,
                                        std::string_view host);

}  // namespace gateway::http
