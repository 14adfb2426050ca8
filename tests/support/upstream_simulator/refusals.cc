#include <array>

#include "tests/support/upstream_simulator/apply_faults.h"

namespace simulator {
namespace {

struct Refusal {
  std::size_t row;
  unsigned status;
  Cause cause;
};

constexpr std::array kRefusals{
    Refusal{fault("429-credits"), 429, Cause::credits},
    Refusal{fault("429-headers"), 429, Cause::limits_in_metadata},
    Refusal{fault("429-availability"), 429, Cause::availability},
    Refusal{fault("503-availability"), 503, Cause::availability},
    Refusal{fault("429-no-deployments"), 429, Cause::no_deployments},
    Refusal{fault("429-budget"), 429, Cause::budget},
    Refusal{fault("400-budget"), 400, Cause::budget},
    Refusal{fault("400-rate"), 400, Cause::rate_as_400},
    Refusal{fault("400-context"), 400, Cause::context},
    Refusal{fault("400-unsupported"), 400, Cause::unsupported},
    Refusal{fault("400-policy"), 400, Cause::policy},
    Refusal{fault("400-model"), 400, Cause::unknown_model},
    Refusal{fault("403-moderation"), 403, Cause::moderation},
};

Reply plain(unsigned status, std::string type, std::string body) {
  auto reply = json_reply(status, std::move(body));
  reply.content_type = std::move(type);
  return reply;
}

Reply moved(unsigned status, std::string where) {
  auto reply = plain(status, "text/plain", "");
  reply.headers.emplace_back("Location", std::move(where));
  return reply;
}

std::optional<Reply> odd_refusal(const Faults& faults) {
  if (faults.has(fault("html-503")))
    return plain(503, "text/html", "<html><body><h1>503 Service Unavailable</h1></body></html>");
  if (faults.has(fault("empty-500"))) return plain(500, "text/plain", "");
  if (faults.has(fault("error-text"))) return json_reply(500, R"({"error":"it broke"})");
  if (faults.has(fault("error-detail"))) return json_reply(500, R"({"detail":"it broke"})");
  if (faults.has(fault("422-detail")))
    return json_reply(
        422,
        R"({"detail":[{"loc":["body","messages",0],"msg":"field required","type":"value_error.missing"}]})");
  if (faults.has(fault("error-flat")))
    return json_reply(
        400,
        R"({"object":"error","message":"it broke","type":"BadRequestError","param":null,"code":400})");
  if (faults.has(fault("redirect-302"))) return moved(302, "http://127.0.0.1:9/elsewhere");
  if (faults.has(fault("redirect-307"))) return moved(307, "/v1/chat/completions");
  return std::nullopt;
}

std::optional<std::string> retry_after(const Faults& faults) {
  if (faults.has(fault("429-retry-date"))) return "Wed, 21 Oct 2099 07:28:00 GMT";
  if (faults.has(fault("429-retry-huge"))) return "86400";
  if (faults.has(fault("429-retry-bad"))) return "soon, I promise";
  return std::nullopt;
}

}  // namespace

std::optional<Reply> refusal_for(const Faults& faults, const Dialect& dialect) {
  for (const auto& refusal : kRefusals)
    if (faults.has(refusal.row)) return dialect.refuse(refusal.status, refusal.cause);
  if (auto reply = odd_refusal(faults)) return reply;
  if (const auto wait = retry_after(faults)) {
    auto reply = dialect.refuse(429, Cause::by_status);
    reply.headers.emplace_back("Retry-After", *wait);
    return reply;
  }
  if (const auto status = faults.number(fault("<status>-retry-after"))) {
    auto reply = dialect.refuse(static_cast<unsigned>(*status), Cause::by_status);
    reply.headers.emplace_back("Retry-After", "2");
    return reply;
  }
  const auto status = faults.number(fault("<status>"));
  if (!status) return std::nullopt;
  if (*status == 204 || *status == 304) return plain(static_cast<unsigned>(*status), "", "");
  return dialect.refuse(static_cast<unsigned>(*status), Cause::by_status);
}

}  // namespace simulator
