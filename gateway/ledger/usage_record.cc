#include "gateway/ledger/usage_record.h"

namespace gateway {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::failed:
      return "failed";
    case Outcome::truncated:
      return "truncated";
    case Outcome::client_left:
      return "client_left";
    case Outcome::stopped:
      return "stopped";
    case Outcome::interrupted:
      return "interrupted";
  }
  return "failed";
}

}  // namespace gateway
