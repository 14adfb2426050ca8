#include "config/calendar.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A moment by its civil date and time in UTC.
Clock::Wall utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0,
                int second = 0) {
  return std::chrono::sys_days{std::chrono::year(year) / std::chrono::month(month) /
                               std::chrono::day(day)} +
         hours(hour) + minutes(minute) + seconds(second);
}

std::string shown(Window window, const char* zone, Clock::Wall at) {
  const auto span = window_of(window, zone, at);
  EXPECT_TRUE(span.holds(at));
  return rfc3339(span.begins, zone) + " " + rfc3339(span.ends, zone);
}

TEST(Calendar, WindowsBeginAtLocalMidnight) {
  const auto at = utc(2026, 11, 19, 13, 32, 7);  // a Thursday
  EXPECT_EQ(shown(Window::hour, "Europe/Berlin", at),
            "2026-11-19T14:00:00+01:00 2026-11-19T15:00:00+01:00");
  EXPECT_EQ(shown(Window::day, "Europe/Berlin", at),
            "2026-11-19T00:00:00+01:00 2026-11-20T00:00:00+01:00");
  EXPECT_EQ(shown(Window::week, "Europe/Berlin", at),
            "2026-11-16T00:00:00+01:00 2026-11-23T00:00:00+01:00");
  EXPECT_EQ(shown(Window::month, "Europe/Berlin", at),
            "2026-11-01T00:00:00+01:00 2026-12-01T00:00:00+01:00");
  EXPECT_EQ(window_of(Window::total, "UTC", at), (Span{Clock::Wall::min(), Clock::Wall::max()}));
}

TEST(Calendar, G08_AMomentOnTheBorderBelongsToWhatBegins) {
  const auto border = utc(2026, 12, 1) - hours(1);  // midnight in Berlin
  EXPECT_EQ(window_of(Window::month, "Europe/Berlin", border).begins, border);
  EXPECT_EQ(window_of(Window::month, "Europe/Berlin", border - std::chrono::nanoseconds(1)).ends,
            border);
}

TEST(Calendar, G08_DaysHave23And25HoursWhereClocksChange) {
  const auto spring = window_of(Window::day, "Europe/Berlin", utc(2026, 3, 29, 12));
  EXPECT_EQ(spring.ends - spring.begins, hours(23));
  const auto autumn = window_of(Window::day, "Europe/Berlin", utc(2026, 10, 25, 12));
  EXPECT_EQ(autumn.ends - autumn.begins, hours(25));
  EXPECT_EQ(shown(Window::week, "Europe/Berlin", utc(2026, 3, 29, 12)),
            "2026-03-23T00:00:00+01:00 2026-03-30T00:00:00+02:00");
  EXPECT_EQ(shown(Window::month, "America/New_York", utc(2026, 3, 8, 12)),
            "2026-03-01T00:00:00-05:00 2026-04-01T00:00:00-04:00");
}

TEST(Calendar, G08_TheHourThatIsShownTwiceIsTwoWindows) {
  EXPECT_EQ(shown(Window::hour, "Europe/Berlin", utc(2026, 10, 25, 0, 30)),
            "2026-10-25T02:00:00+02:00 2026-10-25T02:00:00+01:00");
  EXPECT_EQ(shown(Window::hour, "Europe/Berlin", utc(2026, 10, 25, 1, 30)),
            "2026-10-25T02:00:00+01:00 2026-10-25T03:00:00+01:00");
  EXPECT_EQ(shown(Window::hour, "Europe/Berlin", utc(2026, 3, 29, 1, 30)),
            "2026-03-29T03:00:00+02:00 2026-03-29T04:00:00+02:00");
}

TEST(Calendar, ZonesMayBeHalfAnHourOffAndChangeByHalfAnHour) {
  EXPECT_EQ(shown(Window::hour, "Asia/Kolkata", utc(2026, 6, 1, 12, 45)),
            "2026-06-01T18:00:00+05:30 2026-06-01T19:00:00+05:30");
  EXPECT_EQ(shown(Window::day, "Asia/Kathmandu", utc(2026, 6, 1, 12)),
            "2026-06-01T00:00:00+05:45 2026-06-02T00:00:00+05:45");
  // 2:00 becomes 1:30: the hour ends where the clock is put back.
  EXPECT_EQ(shown(Window::hour, "Australia/Lord_Howe", utc(2026, 4, 4, 15, 15)),
            "2026-04-05T01:30:00+10:30 2026-04-05T02:00:00+10:30");
}

TEST(Calendar, DaysBeginWhereMidnightIsSkippedOrShownTwice) {
  // Beirut goes from 0:00 to 1:00.
  EXPECT_EQ(shown(Window::day, "Asia/Beirut", utc(2026, 3, 29, 12)),
            "2026-03-29T01:00:00+03:00 2026-03-30T00:00:00+03:00");
  // Havana goes from 1:00 back to 0:00.
  EXPECT_EQ(shown(Window::day, "America/Havana", utc(2026, 11, 1, 5, 30)),
            "2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00");
  // St. John's went from 0:01 back to 23:01: that evening is of the new day already.
  EXPECT_EQ(shown(Window::day, "America/St_Johns", utc(2006, 10, 29, 3, 0)),
            "2006-10-29T00:00:00-02:30 2006-10-30T00:00:00-03:30");
  // Samoa had no 30 December.
  EXPECT_EQ(shown(Window::day, "Pacific/Apia", utc(2011, 12, 30, 9)),
            "2011-12-29T00:00:00-10:00 2011-12-31T00:00:00+14:00");
}

TEST(Calendar, G08_LeapDaysAndYearBordersAreInTheirMonths) {
  EXPECT_EQ(shown(Window::month, "UTC", utc(2028, 2, 29, 23, 59, 59)),
            "2028-02-01T00:00:00+00:00 2028-03-01T00:00:00+00:00");
  EXPECT_EQ(shown(Window::day, "UTC", utc(2028, 2, 29)),
            "2028-02-29T00:00:00+00:00 2028-03-01T00:00:00+00:00");
  EXPECT_EQ(shown(Window::month, "UTC", utc(2026, 12, 31, 23, 59, 59)),
            "2026-12-01T00:00:00+00:00 2027-01-01T00:00:00+00:00");
  EXPECT_EQ(shown(Window::week, "Asia/Tokyo", utc(2026, 12, 31, 16)),
            "2026-12-28T00:00:00+09:00 2027-01-04T00:00:00+09:00");
}

TEST(Calendar, G08_EveryMomentIsInExactlyOneWindow) {
  std::mt19937_64 random(20261121);
  const char* zones[] = {
      "UTC",          "Europe/Berlin",       "America/New_York", "America/Havana",
      "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut",      "Pacific/Apia",
      "Asia/Tehran",  "America/St_Johns",    "Africa/Casablanca"};
  std::uniform_int_distribution<std::int64_t> when(946'684'800, 2'208'988'800);  // 2000 to 2040
  for (int i = 0; i < 4000; ++i) {
    const Clock::Wall at{seconds(when(random))};
    const char* zone = zones[random() % std::size(zones)];
    const auto window = static_cast<Window>(random() % 4);
    const auto span = window_of(window, zone, at);
    ASSERT_TRUE(span.holds(at)) << zone << ' ' << to_string(window) << ' ' << rfc3339(at, zone);
    ASSERT_EQ(window_of(window, zone, span.begins), span) << zone << ' ' << rfc3339(at, zone);
    ASSERT_EQ(window_of(window, zone, span.ends).begins, span.ends) << rfc3339(at, zone);
    ASSERT_EQ(window_of(window, zone, span.ends - std::chrono::nanoseconds(1)), span);
  }
}

TEST(Calendar, ZonesAreKnownByTheirExactName) {
  EXPECT_TRUE(is_zone("UTC"));
  EXPECT_TRUE(is_zone("America/Argentina/Buenos_Aires"));
  EXPECT_FALSE(is_zone("europe/berlin"));
  EXPECT_FALSE(is_zone("Europe/Berlim"));
  EXPECT_FALSE(is_zone(""));
  EXPECT_FALSE(is_zone("../../etc/passwd"));
}

TEST(Calendar, MomentsBeforeASecondsEndAreRoundedDown) {
  EXPECT_EQ(rfc3339(utc(2026, 1, 1) - std::chrono::nanoseconds(1), "UTC"),
            "2025-12-31T23:59:59+00:00");
}

}  // namespace
}  // namespace config
