#pragma once
// What one worker has under way and must see ended before it ends itself: how
// draining works. Holds no task, only knows them; each removes itself when it is
// destroyed. Owned by the Worker and used on its thread. A group outlives its tasks.

#include <cstddef>
#include <functional>

#include <boost/intrusive/list.hpp>

#include "gateway/async.h"

namespace gateway {

class TaskGroup {
 public:
  class Task : public boost::intrusive::list_base_hook<
                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    explicit Task(TaskGroup& group);
    virtual ~Task();
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    // Finish what is under way and begin nothing new.
    virtual void drain() = 0;
    // There is no more time: tell whoever waits, in order, and end. Idempotent.
    virtual void hurry() {}
    // End now, whatever is lost. Idempotent. Never destroys a task before it returns.
    virtual void cut() = 0;

   private:
    TaskGroup& group_;
  };

  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  std::size_t size() const { return size_; }
  bool draining() const { return draining_; }
  bool hurried() const { return hurried_; }

  // Tells every task to drain() or hurry(); those that come later look at draining() and
  // hurried() themselves.
  void drain();
  void hurry();
  void cut();

  // Runs `empty` once, on this thread, when the last task has gone; at once if none is there.
  void when_empty(std::function<void()> empty);

 private:
  using Tasks = boost::intrusive::list<Task, boost::intrusive::constant_time_size<false>>;

  Tasks tasks_;
  std::size_t size_ = 0;
  bool draining_ = false;
  bool hurried_ = false;
  std::function<void()> empty_;
};

// Cuts every task and runs `io`, where they live and which nobody else runs any more, until
// the last has gone. False: one did not end in time.
bool end_all(TaskGroup& group, net::io_context& io);

}  // namespace gateway
