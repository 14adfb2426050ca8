#include "gateway/task_group.h"

#include <utility>

namespace gateway {

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

void TaskGroup::cut() {
  for (Task& task : tasks_) task.cut();
}

void TaskGroup::when_empty(std::function<void()> empty) {
  if (size_ == 0) return empty();
  empty_ = std::move(empty);
}

}  // namespace gateway
