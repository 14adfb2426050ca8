#include "gateway/task_group.h"

#include <memory>

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

}  // namespace
}  // namespace gateway
