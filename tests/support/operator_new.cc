#include "tests/support/operator_new.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace {
thread_local std::size_t counted = 0;
thread_local bool next_fails = false;
}  // namespace

void* operator new(std::size_t size) {
  ++counted;
  if (std::exchange(next_fails, false)) throw std::bad_alloc();
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace test {

std::size_t allocations() {
  return counted;
}

void fail_next_allocation(bool fail) {
  next_fails = fail;
}

}  // namespace test
