// Any interleaving of holds, extensions, records, failures of the ledger and deaths of the
// process leaves one record per attempt, the right sum, and nothing held.
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "gateway/ledger/journal.h"
#include "gateway/ledger/ledger_writer.h"
#include "tests/gateway/ledger/journal_rig.h"

namespace {

using namespace gateway;
using namespace std::chrono_literals;

constexpr int kWorkers = 2;
constexpr std::size_t kBytes = 1024UL * 1024;  // files small enough to come and go

class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {}

  void live(int processes) {
    for (int process = 0; process < processes; ++process) one_process(process);
    // The last one just ends well; whatever the others left is its to replay.
    const auto folder = open(processes);
    LedgerWriter writer(ledger_, *folder, clock_);
    ledger_.fail_next(0);
    ASSERT_TRUE(writer.recover());
    writer.start();
    ASSERT_TRUE(writer.stop(20s));
    check();
  }

 private:
  struct Open {
    Hold hold;
    int worker;
  };

  std::unique_ptr<JournalFolder> open(int process) {
    return JournalFolder::open(place_.settings(kBytes), kWorkers,
                               static_cast<std::uint64_t>(process))
        .value();
  }
  int below(int end) { return std::uniform_int_distribution<>(0, end - 1)(random_); }

  void one_process(int process) {
    const auto folder = open(process);
    LedgerWriter writer(ledger_, *folder, clock_,
                        {.batch = 1ms, .batch_records = 50, .longest_pause = 4ms});
    (void)writer.recover();  // may fail with its ledger; the thread goes on with it
    writer.start();
    std::vector<std::unique_ptr<Journal>> journals;
    for (int worker = 0; worker < kWorkers; ++worker) {
      journals.push_back(std::make_unique<Journal>(*folder, worker, clock_));
    }
    open_.clear();
    for (int step = below(3'000); step > 0; --step) one_step(journals, writer);
    // Its death: the journals' ends write nothing, and the writer's carries nothing more
    // than it might have before.
    if (below(2) == 0) tear(*journals[0]);
  }

  void one_step(std::vector<std::unique_ptr<Journal>>& journals, LedgerWriter& writer) {
    const int dice = below(1'000);
    if (dice < 480 || open_.empty()) {
      const int worker = below(kWorkers);
      Hold hold = test::hold_of(next_++, 1 + below(3));
      if (journals[static_cast<std::size_t>(worker)]->hold(hold)) {
        expected_[{hold.request.str(), hold.attempt}] = *hold.reserved;
        open_.push_back({std::move(hold), worker});
      }
    } else if (dice < 600) {
      Open& open = open_[static_cast<std::size_t>(below(static_cast<int>(open_.size())))];
      const config::PicoUsd more{open.hold.reserved->value + below(1'000)};
      auto& journal = *journals[static_cast<std::size_t>(open.worker)];
      if (journal.extend({open.hold.request, open.hold.attempt, more})) {
        open.hold.reserved = more;
        expected_[{open.hold.request.str(), open.hold.attempt}] = more;
      }
    } else if (dice < 990) {
      const std::size_t which = static_cast<std::size_t>(below(static_cast<int>(open_.size())));
      const Open open = open_[which];
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
      const test::AttemptId id(open.hold.request.str(), open.hold.attempt);
      expected_[id] = config::PicoUsd{below(1'000'000)};
      settled_.insert(id);
      journals[static_cast<std::size_t>(open.worker)]->settle(
          test::record_of(open.hold, expected_[id].value));
    } else if (dice < 995) {
      ledger_.fail_next(below(6));
    } else {
      EXPECT_TRUE(writer.flush(20s));
    }
  }

  // A write that the process's death cut short.
  void tear(const Journal& journal) {
    if (!journal.current()) return;
    std::fstream file(journal.current()->path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(journal.current()->written()));
    file << "\x40\x01" << std::string_view("\0\0torn", 6);
  }

  void check() {
    const auto records = ledger_.records();
    ASSERT_EQ(records.size(), expected_.size());
    std::int64_t sum = 0;
    for (const auto& [id, cost] : expected_) {
      const auto found = records.find(id);
      ASSERT_TRUE(found != records.end()) << id.first;
      EXPECT_EQ(found->second.cost.amount, cost) << id.first;
      EXPECT_EQ(found->second.outcome, settled_.contains(id) ? Outcome::ok : Outcome::interrupted);
      sum += cost.value;
    }
    EXPECT_EQ(ledger_.sum(), sum);
    for (const auto& entry : std::filesystem::directory_iterator(place_.settings().journal)) {
      EXPECT_EQ(entry.path().filename(), "lock") << "nothing is left to replay";
    }
  }

  std::mt19937_64 random_;
  config::SystemClock clock_;
  test::JournalPlace place_;
  test::MemoryLedger ledger_;
  int next_ = 0;
  std::vector<Open> open_;  // of the process that lives
  std::map<test::AttemptId, config::PicoUsd> expected_;
  std::set<test::AttemptId> settled_;
};

TEST(JournalProperty, AnyInterleavingKeepsOneRecordPerAttemptAndTheSum) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Story(seed).live(4);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
