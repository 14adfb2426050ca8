#include "gateway/task_group.h"

#include <chrono>
#include <utility>

namespace gateway {

namespace {

// What has been cut ends within milliseconds.
constexpr std::chrono::seconds kEndWithin{5};

}  // namespace

TaskGroup::Task::Task(TaskGroup& group) : group_(group) {
  group_.tasks_.push_back(*this);
  ++group_.size_;
}

TaskGroup::Task::~Task() {
  unlink();
  if (--group_.size_ == 0 && group_.empty_) std::exchange(group_.empty_, nullptr)();
}

void TaskGroup::drain() {
  draining_ = true;
  for (Task& task : tasks_) task.drain();
}

void TaskGroup::hurry() {
  hurried_ = true;
  for (Task& task : tasks_) task.hurry();
}

void TaskGroup::cut() {
  for (Task& task : tasks_) task.cut();
}

void TaskGroup::when_empty(std::function<void()> empty) {
  if (size_ == 0) return empty();
  empty_ = std::move(empty);
}

bool end_all(TaskGroup& group, net::io_context& io) {
  const auto until = std::chrono::steady_clock::now() + kEndWithin;
  group.cut();
  io.restart();
  while (group.size() > 0 && io.run_one_until(until) > 0) {
  }
  return group.size() == 0;
}

}  // namespace gateway
