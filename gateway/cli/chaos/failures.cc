#include "gateway/cli/chaos/failures.h"

#include <algorithm>
#include <array>

namespace gateway::cli::chaos {
namespace {

constexpr std::string_view kError =
    R"({"error":{"message":"it broke","type":"error","code":null}})";

constexpr std::array kFailures{
    Failure{"refused", "takes no connections", Manner::nobody_there},
    Failure{"unknown-name", "its name is unknown", Manner::no_such_name},
    Failure{"no-tls", "its TLS fails", Manner::no_tls},
    Failure{"reset", "resets the connection", Manner::resets},
    Failure{"silent", "says nothing", Manner::silent},
    Failure{"408", "408", Manner::says, 408, kError},
    Failure{"429", "429", Manner::says, 429, kError},
    Failure{"500", "500", Manner::says, 500, kError},
    Failure{"502", "502", Manner::says, 502, kError},
    Failure{"503", "503", Manner::says, 503, kError},
    Failure{"504", "504", Manner::says, 504, kError},
    Failure{"529", "529", Manner::says, 529, kError},
    Failure{"401", "401: our key", Manner::says, 401, kError},
    Failure{"402", "402: our credit", Manner::says, 402, kError},
    Failure{"403", "403: our key", Manner::says, 403, kError},
    Failure{"404", "404: our model", Manner::says, 404, kError},
    Failure{"garbage", "no JSON", Manner::says, 200, "\x02 not json at all }{"},
    Failure{"html", "a web page", Manner::says, 200, "<html><body>Welcome!</body></html>"},
    Failure{"empty", "an empty answer", Manner::says, 200, ""},
    Failure{"error-in-200", "an error inside a 200", Manner::says, 200,
            R"({"error":{"message":"it broke","code":503}})"},
    Failure{"breaks-off", "breaks off in the middle", Manner::breaks_off},
    Failure{"head-then-closes", "opens and dies", Manner::head_then_closes},
    Failure{"head-then-ends", "ends without content", Manner::head_then_ends},
    Failure{"error-first", "begins with an error", Manner::error_first},
    Failure{"cut", "cut after some content", Manner::cut},
    Failure{"stalls", "stalls after some content", Manner::stalls},
    Failure{"errs", "an error after some content", Manner::errs},
    Failure{"ends", "ends unfinished", Manner::ends},
};

}  // namespace

std::span<const Failure> failures() {
  return kFailures;
}

const Failure* find_failure(std::string_view name) {
  const auto* const found = std::ranges::find(kFailures, name, &Failure::name);
  return found == kFailures.end() ? nullptr : &*found;
}

}  // namespace gateway::cli::chaos
