#include "tests/bench/wire/poller.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <system_error>
#include <unistd.h>

namespace bench {
namespace {

volatile std::sig_atomic_t stop_asked = 0;

void note_stop(int) {
  stop_asked = 1;
}

}  // namespace

Poller::Poller() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);  // else a wait may end 50 µs late
  sigset_t held{};
  sigemptyset(&held);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGINT);
  ::sigprocmask(SIG_BLOCK, &held, &while_waiting_);
  sigdelset(&while_waiting_, SIGTERM);
  sigdelset(&while_waiting_, SIGINT);
  struct sigaction action{};
  action.sa_handler = note_stop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Poller::~Poller() {
  ::close(descriptor_);
}

void Poller::add(int descriptor, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = token;
  if (::epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Poller::wait(Nanoseconds until, const std::function<void(std::uint64_t)>& ready) {
  timespec left{};
  timespec* limit = nullptr;
  if (until != kNever) {
    const auto span = std::max<Nanoseconds>(0, until - now());
    left = {.tv_sec = span / kSecond, .tv_nsec = span % kSecond};
    limit = &left;
  }
  std::array<epoll_event, 512> events;
  const int count = ::epoll_pwait2(descriptor_, events.data(), static_cast<int>(events.size()),
                                   limit, &while_waiting_);
  if (count < 0 && errno != EINTR)
    throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
  for (int i = 0; i < count; ++i) ready(events[static_cast<std::size_t>(i)].data.u64);
}

bool Poller::asked_to_stop() {
  return stop_asked != 0;
}

}  // namespace bench
