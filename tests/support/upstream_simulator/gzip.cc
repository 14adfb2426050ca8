#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/crc.hpp>

#include "tests/support/upstream_simulator/compose.h"

namespace simulator {
namespace {

namespace zlib = boost::beast::zlib;

constexpr std::string_view kHead("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10);

std::string deflate(std::string_view bytes, zlib::Flush flush) {
  zlib::deflate_stream stream;
  stream.reset(9, 15, 8, zlib::Strategy::normal);
  std::string out(bytes.size() / 4 + stream.upper_bound(bytes.size()) + 64, '\0');
  zlib::z_params params;
  params.next_in = bytes.data();
  params.avail_in = bytes.size();
  params.next_out = out.data();
  params.avail_out = out.size();
  boost::system::error_code error;
  stream.write(params, flush, error);
  out.resize(out.size() - params.avail_out);
  return out;
}

void append_little_endian(std::string& text, std::uint32_t value) {
  for (int byte = 0; byte < 4; ++byte, value >>= 8U) text += static_cast<char>(value & 0xFFU);
}

}  // namespace

std::string gzip(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  std::string file(kHead);
  file += deflate(bytes, zlib::Flush::finish);
  append_little_endian(file, static_cast<std::uint32_t>(crc.checksum()));
  append_little_endian(file, static_cast<std::uint32_t>(bytes.size()));
  return file;
}

std::vector<Step> gzip_bomb() {
  // A fully flushed block refers to nothing before it, so one mebibyte can be repeated.
  static const std::string mebibyte = deflate(std::string(1U << 20U, ' '), zlib::Flush::full);
  return {{std::string(kHead)}, {mebibyte, 1024}};
}

}  // namespace simulator
