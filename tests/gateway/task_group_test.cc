#include "gateway/task_group.h"

#include <memory>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace gateway {
namespace {

struct Counted final : TaskGroup::Task {
  explicit Counted(TaskGroup& group) : Task(group) {}
  void drain() override { ++drained; }
  void cut() override { ++cuts; }
  int drained = 0;
  int cuts = 0;
};

TEST(TaskGroup, TellsEveryTaskAndKnowsWhenTheLastIsGone) {
  TaskGroup group;
  auto first = std::make_unique<Counted>(group);
  auto second = std::make_unique<Counted>(group);
  EXPECT_EQ(group.size(), 2U);
  EXPECT_FALSE(group.draining());
  group.drain();
  group.cut();
  EXPECT_TRUE(group.draining());
  EXPECT_EQ(first->drained + second->drained, 2);
  EXPECT_EQ(first->cuts + second->cuts, 2);
  int empty = 0;
  group.when_empty([&] { ++empty; });
  first.reset();
  EXPECT_EQ(empty, 0);
  second.reset();
  EXPECT_EQ(empty, 1);
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, IsEmptyAtOnceWhereNothingRuns) {
  TaskGroup group;
  int empty = 0;
  group.when_empty([&] { ++empty; });
  EXPECT_EQ(empty, 1);
}

// Ends, as a coroutine does, some time after it was told.
struct Ending final : TaskGroup::Task {
  Ending(TaskGroup& group, net::io_context& where) : Task(group), io(where) {}
  void drain() override {}
  void cut() override {
    net::post(io, [this] { delete this; });
  }
  net::io_context& io;
};

TEST(TaskGroup, EndAllRunsUntilTheLastHasGone) {
  TaskGroup group;
  net::io_context io{1};
  io.stop();
  new Ending(group, io);
  new Ending(group, io);
  EXPECT_TRUE(end_all(group, io));
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, EndAllTellsThatATaskDoesNotEnd) {
  TaskGroup group;
  net::io_context io{1};
  const Counted endless(group);
  EXPECT_FALSE(end_all(group, io));
  EXPECT_EQ(endless.cuts, 1);
}

}  // namespace
}  // namespace gateway
