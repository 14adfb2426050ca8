#include "gateway/metrics/process_metrics.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace gateway::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

void add(std::vector<MetricFamily>& families, const char* name, const char* help, MetricType type,
         double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.emplace_back();
  family.metric.back().counter.value = value;
  family.metric.back().gauge.value = value;
  families.push_back(std::move(family));
}

// Fields of /proc/self/stat as proc(5) numbers them, from the third: the second, the
// program's name, may hold spaces and parentheses.
struct Stat {
  double user_ticks = 0;      // 14
  double system_ticks = 0;    // 15
  double start_ticks = 0;     // 22, since boot
  double resident_pages = 0;  // 24
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;

  std::istringstream rest(line.substr(name_end + 1));
  Stat stat;
  std::string skipped;
  for (int field = 3; field <= 24; ++field) {
    double* const wanted = field == 14   ? &stat.user_ticks
                           : field == 15 ? &stat.system_ticks
                           : field == 22 ? &stat.start_ticks
                           : field == 24 ? &stat.resident_pages
                                         : nullptr;
    if (wanted != nullptr) {
      rest >> *wanted;
    } else {
      rest >> skipped;
    }
  }
  return rest ? std::optional(stat) : std::nullopt;
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator listing("/proc/self/fd", error);
  if (error) return std::nullopt;
  // The listing itself is one of them.
  return static_cast<double>(std::distance(begin(listing), end(listing)) - 1);
}

}  // namespace

void add_process_metrics(std::vector<MetricFamily>& families) {
  if (const auto stat = read_stat()) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    add(families, "process_cpu_seconds_total", "Processor time, user and system.",
        MetricType::Counter, (stat->user_ticks + stat->system_ticks) / ticks);
    add(families, "process_resident_memory_bytes", "Memory resident.", MetricType::Gauge,
        stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
    if (const auto boot = boot_time()) {
      add(families, "process_start_time_seconds", "Start, in seconds since 1970.",
          MetricType::Gauge, *boot + stat->start_ticks / ticks);
    }
  }
  if (const auto open = open_descriptors()) {
    add(families, "process_open_fds", "Descriptors open.", MetricType::Gauge, *open);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add(families, "process_max_fds", "Descriptors allowed.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace gateway::metrics
