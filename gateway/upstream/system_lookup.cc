#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "gateway/upstream/resolver.h"

namespace gateway::upstream {
namespace {

struct Found {
  error_code error;
  Addresses addresses;
};

error_code error_of(int failure) {
  switch (failure) {
    case 0:
      return {};
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return net::error::host_not_found;
    case EAI_AGAIN:
      return net::error::host_not_found_try_again;
    case EAI_SYSTEM:
      return {errno, boost::system::system_category()};
    default:
      return net::error::no_recovery;
  }
}

Found find(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  Found out;
  out.error = error_of(::getaddrinfo(host.c_str(), nullptr, &hints, &list));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
    endpoint.resize(one->ai_addrlen);
    const auto address = endpoint.address();
    if (std::find(out.addresses.begin(), out.addresses.end(), address) == out.addresses.end()) {
      out.addresses.push_back(address);
    }
  }
  return out;
}

// getaddrinfo waits, and where a name server is silent for many seconds. So each lookup has a
// thread of its own: asked one after the other, as Asio does it, the next target's name would
// wait for the one that failed. There are as many at once as there are names. A thread may
// outlive the worker that asked, because nothing can end it; it keeps nothing of the worker's.
class SystemLookups {
 public:
  explicit SystemLookups(const Executor& executor)
      : executor_(executor), door_(std::make_shared<Door>()) {
    door_->inside = this;
  }
  ~SystemLookups() {
    const std::lock_guard lock(door_->mutex);
    door_->inside = nullptr;
  }
  SystemLookups(const SystemLookups&) = delete;
  SystemLookups& operator=(const SystemLookups&) = delete;

  void begin(const std::string& host, Resolver::Done done) {
    const std::uint64_t number = ++last_;
    asked_.emplace(number, Asked{std::move(done), net::make_work_guard(executor_)});
    try {
      std::thread([door = door_, number, host] { tell(door, number, find(host)); }).detach();
    } catch (const std::system_error& error) {
      tell(door_, number, Found{error.code(), {}});
    }
  }

 private:
  // How a thread reaches the worker, if that is still there.
  struct Door {
    std::mutex mutex;
    SystemLookups* inside = nullptr;  // changed by the worker's thread alone
  };
  struct Asked {
    Resolver::Done done;
    net::executor_work_guard<Executor> until_told;
  };

  static void tell(const std::shared_ptr<Door>& door, std::uint64_t number, Found found) {
    const std::lock_guard lock(door->mutex);
    if (door->inside == nullptr) return;
    net::post(door->inside->executor_, [door, number, found = std::move(found)]() mutable {
      if (door->inside != nullptr) door->inside->ended(number, std::move(found));
    });
  }

  void ended(std::uint64_t number, Found found) {
    const auto place = asked_.find(number);
    const Asked asked = std::move(place->second);
    asked_.erase(place);
    asked.done(found.error, std::move(found.addresses));
  }

  const Executor executor_;
  const std::shared_ptr<Door> door_;

  // The worker's thread.
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Asked> asked_;
};

}  // namespace

Resolver::Lookup system_lookup(const Executor& executor) {
  auto lookups = std::make_shared<SystemLookups>(executor);
  return [lookups](const std::string& host, Resolver::Done done) {
    lookups->begin(host, std::move(done));
  };
}

}  // namespace gateway::upstream
