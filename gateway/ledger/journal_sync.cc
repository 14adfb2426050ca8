#include "gateway/ledger/journal_sync.h"

#include <algorithm>
#include <pthread.h>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "gateway/log.h"

namespace gateway {
namespace {

using std::chrono::microseconds;

void count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

// A timer that never expires is Asio's way to wait for no descriptor at all.
using Timer = net::basic_waitable_timer<std::chrono::steady_clock,
                                        net::wait_traits<std::chrono::steady_clock>, Executor>;

// Touched on the worker's thread only; the syncing thread just hands it back there.
struct Wait {
  explicit Wait(const Executor& executor) : timer(executor, Timer::time_point::max()) {}
  Timer timer;
  std::optional<bool> answer;
};

}  // namespace

JournalSync::JournalSync(JournalFolder& folder, std::chrono::milliseconds every)
    : folder_(folder), every_(every), thread_([this] { work(); }) {}

JournalSync::~JournalSync() {
  stop();
}

void JournalSync::ask(std::shared_ptr<Segment> segment, std::function<void(bool)> done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      questions_.push_back({std::move(segment), std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  done(false);
}

void JournalSync::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void JournalSync::work() {
  ::pthread_setname_np(::pthread_self(), "journal-sync");
  auto next_look = std::chrono::steady_clock::now() + every_;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_until(lock, next_look, [&] { return stopping_ || !questions_.empty(); });
    auto questions = std::exchange(questions_, {});
    const bool last = stopping_;
    lock.unlock();
    answer(std::move(questions));
    if (const auto now = std::chrono::steady_clock::now(); last || now >= next_look) {
      sync_what_is_new();
      next_look = now + every_;
    }
    if (last) return;
    lock.lock();
  }
}

void JournalSync::answer(std::vector<Question> questions) {
  // One sync for all that ask about the same file, and they may be many.
  std::sort(questions.begin(), questions.end(),
            [](const Question& a, const Question& b) { return a.segment < b.segment; });
  for (auto first = questions.begin(); first != questions.end();) {
    const auto end = std::find_if(first, questions.end(), [&](const Question& question) {
      return question.segment != first->segment;
    });
    const bool good = sync(*first->segment);
    for (; first != end; ++first) first->done(good);
  }
}

void JournalSync::sync_what_is_new() {
  for (const auto& segment : folder_.segments()) {
    if (segment->written() > segment->synced()) sync(*segment);
  }
}

bool JournalSync::sync(Segment& segment) {
  if (segment.distrusted()) return false;
  error_code error;
  count(counts_.syncs);
  if (segment.sync(error)) return true;
  count(counts_.failures);
  log::error("journal sync failed",
             {{"file", segment.path().native()}, {"reason", error.message()}});
  return false;
}

Awaitable<config::Result<microseconds>> on_disk(JournalSync& sync, const Journal& journal,
                                                const config::Clock& clock) {
  if (journal.folder().mode() == config::JournalMode::process || !journal.current()) {
    co_return microseconds(0);
  }
  const auto began = clock.now();
  const Executor executor = co_await net::this_coro::executor;
  const auto wait = std::make_shared<Wait>(executor);
  std::function<void(bool)> done = [wait = wait, executor](bool good) mutable {
    // The timer belongs to the worker's thread, its end too: nothing of it stays here.
    net::post(executor, [wait = std::move(wait), good] {
      wait->answer = good;
      wait->timer.cancel();
    });
  };
  sync.ask(journal.current(), std::move(done));
  if (!wait->answer) co_await wait->timer.async_wait(kAsTuple);
  if (!wait->answer.value_or(false)) {
    co_return config::failure(config::ErrorCode::overloaded,
                              "The gateway cannot record usage right now; try again shortly.",
                              "the journal could not be synced");
  }
  co_return std::chrono::duration_cast<microseconds>(clock.now() - began);
}

}  // namespace gateway
