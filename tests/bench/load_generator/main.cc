// load-generator: the clients of a measurement. Writes a line of JSON when all connections are
// there ("connected"), when the window begins and ends ("begin", "end"), and what it found
// ("done").

#include <cstdio>
#include <exception>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/bench/load_generator/generator.h"

namespace {

using bench::Generator;
using bench::LoadCounts;
using bench::Nanoseconds;

void say(Generator::Moment moment, Nanoseconds time, const LoadCounts& counts) {
  const char* at = moment == Generator::Moment::connected ? "connected"
                   : moment == Generator::Moment::begin   ? "begin"
                                                          : "end";
  fmt::print("{{\"at\":\"{}\",\"time\":{:.6f},\"answered\":{},\"events\":{}}}\n", at,
             static_cast<double>(time) / 1e9, counts.answered, counts.events);
  std::fflush(stdout);
}

std::string percentiles(const bench::Histogram& histogram) {
  std::string out = fmt::format("{{\"count\":{}", histogram.count());
  const std::map<std::string, double> wanted{
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}};
  for (const auto& [name, share] : wanted) {
    out += fmt::format(",\"{}_us\":{:.1f}", name,
                       static_cast<double>(histogram.percentile(share)) / 1e3);
  }
  return out + "}";
}

void say_done(const Generator& generator, const bench::RequestText& text) {
  const auto& counts = generator.counts();
  std::string statuses;
  for (const auto& [status, count] : counts.statuses)
    statuses += fmt::format("{}\"{}\":{}", statuses.empty() ? "" : ",", status, count);
  const bool any = counts.most_body > 0;
  fmt::print(
      "{{\"at\":\"done\",\"asked\":{},\"answered\":{},\"body_bytes\":{},\"events\":{},"
      "\"broken\":{},\"closed\":{},\"unfinished\":{},\"unsent\":{},\"statuses\":{{{}}},"
      "\"least_body\":{},\"most_body\":{},\"least_events\":{},\"most_events\":{},"
      "\"request_body\":{},\"latency\":{},\"first_content\":{}}}\n",
      counts.asked, counts.answered, counts.body_bytes, counts.events, counts.broken, counts.closed,
      counts.unfinished, counts.unsent, statuses, any ? counts.least_body : 0, counts.most_body,
      any ? counts.least_events : 0, counts.most_events, text.body_size(),
      percentiles(generator.latency()), percentiles(generator.first_content()));
}

std::vector<std::string> read_keys(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> keys;
  for (std::string line; std::getline(file, line);) keys.push_back(line);
  if (keys.empty()) throw std::runtime_error("no keys in " + path);
  return keys;
}

struct Options {
  bench::LoadSettings load;
  bench::RequestSettings request;
  std::string key_file;
  std::string authority;
};

void describe(CLI::App& app, Options& options) {
  const std::map<std::string, bench::Mode> modes{{"closed", bench::Mode::closed},
                                                 {"open", bench::Mode::open},
                                                 {"streams", bench::Mode::streams}};
  const auto seconds = [&app](const char* name, Nanoseconds& out, const char* help) {
    app.add_option_function<double>(
        name, [&out](double value) { out = static_cast<Nanoseconds>(value * 1e9); }, help);
  };
  auto& load = options.load;
  app.add_option("--mode", load.mode, "closed, open or streams")
      ->required()
      ->transform(CLI::CheckedTransformer(modes));
  app.add_option("--port", load.port, "of the server on 127.0.0.1")->required();
  app.add_option("--connections", load.connections, "at once; of streams, how many");
  app.add_option("--rate", load.rate, "open: requests per second");
  seconds("--opening", load.opening, "streams: seconds over which all are asked for");
  seconds("--warm-up", load.warm_up, "seconds before the window");
  app.add_option("--warm-up-answers", load.warm_up_answers,
                 "closed: the window waits for so many too, a minute at most");
  seconds("--window", load.window, "seconds that count");
  seconds("--drain", load.drain, "seconds that answers under way have at the end");
  app.add_flag("--to-the-end", load.to_the_end, "streams: read each to its end");
  app.add_flag("--spin", load.spin, "never sleep");
  app.add_option("--body-bytes", options.request.body_bytes, "of a request");
  app.add_option("--models", options.request.models, "ask for so many models in turn");
  app.add_option("--keys", options.key_file, "a file with a key in each line")->required();
  app.add_option("--tls", options.authority, "PEM; speak TLS with a server it vouches for");
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  CLI::App app("Clients for measurements; reports in JSON");
  describe(app, options);
  CLI11_PARSE(app, argc, argv);

  std::optional<bench::TlsContext> tls;
  if (!options.authority.empty()) tls = bench::TlsContext::client(options.authority);
  options.load.tls = tls ? &*tls : nullptr;
  options.request.keys = read_keys(options.key_file);
  options.request.stream = options.load.mode == bench::Mode::streams;
  const bench::RequestText text(options.request);
  Generator generator(options.load, text, say);
  generator.run();
  say_done(generator, text);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "load-generator: {}\n", error.what());
  return 1;
}
