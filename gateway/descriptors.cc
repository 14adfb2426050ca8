#include "gateway/descriptors.h"

#include <sys/resource.h>

namespace gateway {

std::size_t raise_descriptor_limit() {
  constexpr std::size_t kWhereNobodyKnows = 1'024;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kWhereNobodyKnows;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace gateway
