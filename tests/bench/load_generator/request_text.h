#pragma once
// The request that is sent again and again: the head of an SDK, and a chat of so many bytes. Only
// the key and the number of the model change from one to the next, always as many bytes. Made once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace bench {

struct RequestSettings {
  std::size_t body_bytes = 1024;
  bool stream = false;
  std::vector<std::string> keys;  // of equal length, used in turn
  std::uint64_t models = 1;       // bench-0000 and those that follow, used in turn; 10,000 at most
};

class RequestText {
 public:
  explicit RequestText(const RequestSettings& settings);

  // What makes one request this one; the key is a view of this object's.
  struct Turn {
    std::string_view key;
    std::array<char, 4> model;
  };
  Turn turn(std::uint64_t number) const;

  using Pieces = std::array<iovec, 5>;
  // Views of this object's and of `turn`, from byte `sent` on.
  Pieces pieces(const Turn& turn, std::size_t sent) const;
  std::string flat(const Turn& turn) const;
  std::size_t size() const;
  std::size_t body_size() const { return body_size_; }

 private:
  const std::vector<std::string> keys_;
  const std::uint64_t models_;
  std::string before_key_;
  std::string before_model_;
  std::string after_model_;
  std::size_t body_size_ = 0;
};

}  // namespace bench
