// Writes inputs for fuzz_request and fuzz_answer from the golden exchanges, so that a
// provider's fixtures are where fuzzing starts.
//
//   fuzz-seeds FIXTURES OUT    writes OUT/fuzz_request/… and OUT/fuzz_answer/…

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/fuzz/adapters.h"
#include "tests/support/exchange_file.h"

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

char adapter_index(std::string_view kind, std::string_view preset) {
  const auto& all = fuzz::adapters();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.target.kind == kind && each.target.preset == preset;
  });
  return static_cast<char>(found == all.end() ? 0 : found - all.begin());
}

char request_index(std::string_view argument, bool streamed, bool tools) {
  std::string name = streamed ? "stream" : "whole";
  if (tools) name = streamed ? "stream-tools" : "tools";
  if (argument == "completions") name = streamed ? "completions-stream" : "completions";
  if (argument == "embeddings") name = "embeddings";
  const auto& all = fuzz::requests();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
  return static_cast<char>(found - all.begin());
}

// The place of a status in fuzz_answer's list.
char status_index(std::string_view status) {
  constexpr std::string_view kStatuses[] = {"200", "400", "401", "402", "403", "404", "408",
                                            "413", "422", "429", "500", "503", "302"};
  const auto* found = std::find(std::begin(kStatuses), std::end(kStatuses), status);
  return static_cast<char>(found == std::end(kStatuses) ? 10 : found - std::begin(kStatuses));
}

void write_seeds(const fs::path& file, const fs::path& out) {
  const auto exchange = support::read_exchange(file);
  const std::string folder = file.parent_path().filename();
  const std::string name = folder + "-" + file.stem().string();
  const auto* request = exchange.find("client request");
  if (request == nullptr) return;
  const char operation = request->argument == "completions"  ? 1
                         : request->argument == "embeddings" ? 2
                                                             : 0;
  const auto under_test = support::read_target(exchange.find("target"), folder);
  const char adapter = adapter_index(under_test.target.kind, under_test.target.preset);
  write(out / "fuzz_request" / name, std::string{operation, adapter} + request->body);

  const bool tools = request->body.find("\"tools\":[{") != std::string::npos;
  for (const char* kind : {"upstream answer", "upstream stream"}) {
    const auto* answer = exchange.find(kind);
    if (answer == nullptr) continue;
    const bool streamed = kind == std::string_view("upstream stream");
    std::string input;
    input.push_back(adapter);
    input.push_back(request_index(request->argument, streamed, tools));
    input.push_back(status_index(answer->argument));
    write(out / "fuzz_answer" / name, input + answer->body);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fuzz-seeds FIXTURES OUT\n");
    return 2;
  }
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(argv[1])) {
    if (entry.path().extension() != ".exchange") continue;
    write_seeds(entry.path(), argv[2]);
    ++files;
  }
  std::printf("seeds from %zu exchanges\n", files);
  return 0;
}
