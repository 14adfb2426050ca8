// mock-upstream: what stands behind a proxy while tests/bench/load measures it.

#include <cstdio>
#include <exception>
#include <fstream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/bench/mock_upstream/mock_server.h"

namespace {

// Written beside its place and renamed, so that a reader never sees half a file.
void publish(const std::string& path, const std::string& text) {
  const std::string draft = path + ".new";
  std::ofstream(draft) << text << "\n";
  if (std::rename(draft.c_str(), path.c_str()) != 0)
    throw std::runtime_error("cannot write " + path);
}

}  // namespace

int main(int argc, char** argv) try {
  std::string port_file;
  std::string certificate;
  std::string key;
  std::size_t answer_bytes = 1024;
  std::size_t contents = 0;
  double interval_ms = 50;
  CLI::App app(
      "An upstream for measurements; says what it counted when it is told to stop (SIGTERM)");
  app.add_option("--port-file", port_file, "where to write its ports")->required();
  app.add_option("--answer-bytes", answer_bytes, "the body of a whole answer");
  app.add_option("--contents", contents, "answer with streams of so many pieces of content");
  app.add_option("--interval-ms", interval_ms, "from one piece to the next");
  auto* with_certificate =
      app.add_option("--certificate", certificate, "PEM; opens a door with TLS");
  app.add_option("--key", key, "PEM")->needs(with_certificate);
  CLI11_PARSE(app, argc, argv);

  std::optional<bench::TlsContext> tls;
  if (!certificate.empty()) tls = bench::TlsContext::server(certificate, key);
  bench::MockSettings settings;
  settings.answer_bytes = answer_bytes;
  settings.tls = tls ? &*tls : nullptr;
  if (contents > 0) {
    settings.stream = bench::Pace{.contents = contents,
                                  .interval = static_cast<bench::Nanoseconds>(interval_ms * 1e6)};
  }
  bench::MockServer server(settings);
  publish(port_file, fmt::format("plain={} tls={}", server.port(), tls ? server.tls_port() : 0));
  server.run();
  const auto& counts = server.counts();
  fmt::print(
      "{{\"connections\":{},\"requests\":{},\"body_bytes\":{},\"contents\":{},\"malformed\":{},"
      "\"waited\":{},\"latest_content_ms\":{:.3f}}}\n",
      counts.connections, counts.requests, counts.body_bytes, counts.contents, counts.malformed,
      counts.waited, static_cast<double>(counts.latest_content) / 1e6);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "mock-upstream: {}\n", error.what());
  return 1;
}
