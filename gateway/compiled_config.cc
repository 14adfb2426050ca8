#include "gateway/compiled_config.h"

#include "config/base/sha256.h"

namespace gateway {

std::string hash_of(const std::vector<config::SourceFile>& files) {
  std::vector<std::string> hashes;
  for (const config::SourceFile& file : files) {
    if (file.content) hashes.push_back(config::to_hex(*file.content));
  }
  if (hashes.size() == 1) return hashes.front();
  std::string all;
  for (const std::string& hash : hashes) all.append(hash).append("\n");
  return config::to_hex(config::sha256(all));
}

}  // namespace gateway
