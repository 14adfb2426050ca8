// that the whole catalogue passes under a sanitizer means something only where a fault would
// have ended it. Each death here is one.

#include <cstdlib>
#include <memory>
#include <thread>

#include <climits>
#include <gtest/gtest.h>

namespace {

#if __has_feature(thread_sanitizer)

// Unordered on purpose.
int shared = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

TEST(Sanitizers, X11_ARaceFailsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        std::thread other([] { ++shared; });
        ++shared;
        other.join();
        std::exit(0);
      },
      testing::ExitedWithCode(66), "ThreadSanitizer: data race");
}

#else

TEST(Sanitizers, X11_MemoryThatIsGoneEndsTheProgram) {
  EXPECT_DEATH(
      {
        const volatile char* gone = nullptr;
        {
          const auto memory = std::make_unique<char[]>(8);
          gone = memory.get();
        }
        std::exit(*gone);
      },
      "AddressSanitizer: heap-use-after-free");
}

TEST(Sanitizers, X11_ASumThatDoesNotFitEndsTheProgram) {
  EXPECT_DEATH(
      {
        volatile int most = INT_MAX;
        most = most + 1;
      },
      "signed integer overflow");
}

#endif

}  // namespace
