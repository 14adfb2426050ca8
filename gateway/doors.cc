#include "gateway/doors.h"

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace gateway {
namespace {

using config::Result;

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr int kMostDescriptors = 1024;

// Taken away, so that no child takes it for its own.
std::string taken(const char* name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): read while the process has one thread
  const char* value = std::getenv(name);
  std::string out = value == nullptr ? "" : value;
  ::unsetenv(name);
  // NOLINTEND(concurrency-mt-unsafe)
  return out;
}

int number_in(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

// A door as the configuration has it, and what its socket is called in systemd's unit.
struct Wanted {
  config::Endpoint at;
  std::string_view setting;
  std::string_view name;
};

Result<void> check(const http::ListeningSocket& socket, const Wanted& wanted, const Wanted& other) {
  const config::Endpoint where = socket.where();
  const bool any_port = wanted.at.port == 0;
  if (where.host == wanted.at.host && (any_port || where.port == wanted.at.port)) return {};
  if (where == other.at) {
    return config::failure(
        config::ErrorCode::internal,
        fmt::format("the socket that this gateway was given for {} listens at {}, which is {}: say "
                    "FileDescriptorName={} in that socket's unit",
                    wanted.setting, to_string(where), other.setting, other.name));
  }
  return config::failure(
      config::ErrorCode::internal,
      fmt::format("the socket that this gateway was given listens at {}, and {} is {}: make them "
                  "the same, or stop the gateway that runs before another is started",
                  to_string(where), wanted.setting, to_string(wanted.at)));
}

}  // namespace

std::vector<std::vector<http::ListeningSocket>> Doors::for_workers(const config::Endpoint& where,
                                                                   int workers) {
  const auto count = static_cast<std::size_t>(workers);
  std::vector<std::vector<http::ListeningSocket>> out(count);
  if (clients.empty()) {
    config::Endpoint at = where;
    for (auto& mine : out) {
      const auto claim = &mine == &out.front() ? http::Claim::first : http::Claim::further;
      mine.push_back(http::ListeningSocket::bind(at, claim));
      at.port = mine.back().where().port;  // port 0: the first one's for all
    }
    return out;
  }
  for (std::size_t worker = clients.size(); worker < count; ++worker) {
    out[worker].push_back(clients[worker % clients.size()].duplicate());
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    out[i % count].push_back(std::move(clients[i]));
  }
  clients.clear();
  return out;
}

http::ListeningSocket Doors::for_admin(const config::Endpoint& where) {
  if (admin) return std::move(admin);
  return http::ListeningSocket::bind(where, http::Claim::first);
}

Result<Doors> doors_from_environment() {
  const int process = number_in(taken("LISTEN_PID"));
  const int count = number_in(taken("LISTEN_FDS"));
  const std::string names = taken("LISTEN_FDNAMES");
  Doors doors;
  if (process != ::getpid() || count <= 0) return doors;
  if (count > kMostDescriptors) {
    return config::failure(config::ErrorCode::internal,
                           fmt::format("LISTEN_FDS is {}; at most {}", count, kMostDescriptors));
  }
  std::string_view rest = names;
  for (int i = 0; i < count; ++i) {
    const auto name = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    auto socket = http::ListeningSocket::adopt(kFirstDescriptor + i);
    if (!socket) return std::move(socket).error();
    if (name != "admin") {
      doors.clients.push_back(*std::move(socket));
    } else if (!doors.admin) {
      doors.admin = *std::move(socket);
    } else {
      return config::failure(config::ErrorCode::internal,
                             "two of the sockets that this gateway was given are called admin "
                             "(FileDescriptorName in their units); one of them is the clients'");
    }
  }
  return doors;
}

Result<void> check_addresses(const Doors& doors, const config::Config& config) {
  const Wanted client{config.server.listen, "server.listen", "client"};
  const Wanted admin{config.admin.listen, "admin.listen", "admin"};
  for (const http::ListeningSocket& socket : doors.clients) {
    if (auto same = check(socket, client, admin); !same) return same;
  }
  if (!doors.admin) return {};
  return check(doors.admin, admin, client);
}

}  // namespace gateway
