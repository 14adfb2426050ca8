#pragma once
// A program that links this counts what is asked of operator new, and can make it fail. Not under
// the sanitizers, which bring their own.

#include <cstddef>

namespace test {

// Of this thread, since it began.
std::size_t allocations();

// The next one of this thread throws std::bad_alloc, once.
void fail_next_allocation(bool fail = true);

}  // namespace test
