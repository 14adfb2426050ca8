#include "gateway/http/request.h"

namespace gateway::http {

std::string_view Request::find(std::string_view name) const { return find_field(fields, name); }

}  // namespace gateway::http
