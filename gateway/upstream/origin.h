#pragma once
// Where an upstream listens, the way there, and whom it must prove to be: what makes two
// connections interchangeable. OriginView borrows from a Target for lookups without a copy.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace gateway::upstream {

template <class Text>
struct BasicOrigin {
  Text host;
  std::uint16_t port = 0;
  bool tls = false;
  Text ca_file;  // empty: the system's store
  Text proxy{};  // Proxy::name; empty: reached directly
  Text crl_file{};
};

using Origin = BasicOrigin<std::string>;
using OriginView = BasicOrigin<std::string_view>;

inline OriginView view(const Origin& o) {
  return {o.host, o.port, o.tls, o.ca_file, o.proxy, o.crl_file};
}
inline OriginView view(const OriginView& o) {
  return o;
}
inline OriginView origin_of(const config::Target& target) {
  return {target.base_url.host, target.base_url.port, target.base_url.tls,
          target.ca_file,       target.proxy.name,    target.crl_file};
}
inline Origin owned(const OriginView& o) {
  return {std::string(o.host),    o.port, o.tls, std::string(o.ca_file), std::string(o.proxy),
          std::string(o.crl_file)};
}

struct OriginEqual {
  using is_transparent = void;
  bool operator()(const auto& a, const auto& b) const {
    const OriginView x = view(a);
    const OriginView y = view(b);
    return x.port == y.port && x.tls == y.tls && x.host == y.host && x.ca_file == y.ca_file &&
           x.proxy == y.proxy && x.crl_file == y.crl_file;
  }
};

struct OriginHash {
  using is_transparent = void;
  std::size_t operator()(const auto& origin) const {
    const OriginView o = view(origin);
    const std::hash<std::string_view> hash;
    return hash(o.host) * 31 + hash(o.ca_file) * 7 + hash(o.crl_file) * 5 + hash(o.proxy) * 3 +
           o.port * 2u + (o.tls ? 1u : 0u);
  }
};

}  // namespace gateway::upstream
