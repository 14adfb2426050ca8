#include "config/limits.h"

namespace config {

std::string_view to_string(Window window) {
  switch (window) {
    case Window::hour:
      return "hour";
    case Window::day:
      return "day";
    case Window::week:
      return "week";
    case Window::month:
      return "month";
    case Window::total:
      return "total";
  }
  return "";
}

}  // namespace config
