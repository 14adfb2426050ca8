#include "gateway/version.h"

#include <cstdio>
#include <sqlite3.h>

#include <boost/asio/version.hpp>
#include <boost/beast/version.hpp>
#include <boost/version.hpp>
#include <fmt/format.h>
#include <llhttp.h>
#include <openssl/crypto.h>
#include <simdjson.h>
#include <spdlog/version.h>

#include "gateway/cli/commands.h"

namespace gateway::cli {

int version() {
  fmt::print("tollgate {}\n", kVersion);
  fmt::print("  compiler        clang {}\n", __clang_version__);
  fmt::print("  Boost           {}.{}.{}\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
             BOOST_VERSION % 100);
  fmt::print("  Boost.Asio      {}.{}.{}\n", BOOST_ASIO_VERSION / 100000,
             BOOST_ASIO_VERSION / 100 % 1000, BOOST_ASIO_VERSION % 100);
  fmt::print("  Boost.Beast     {}\n", BOOST_BEAST_VERSION);
  fmt::print("  llhttp          {}.{}.{}\n", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR,
             LLHTTP_VERSION_PATCH);
  fmt::print("  simdjson        {}.{}.{}\n", int{simdjson::SIMDJSON_VERSION_MAJOR},
             int{simdjson::SIMDJSON_VERSION_MINOR}, int{simdjson::SIMDJSON_VERSION_REVISION});
  fmt::print("  OpenSSL         {}\n", OpenSSL_version(OPENSSL_VERSION_STRING));
  fmt::print("  SQLite          {}\n", sqlite3_libversion());
  fmt::print("  yaml-cpp        {}\n", kYamlCppVersion);
  fmt::print("  prometheus-cpp  {}\n", kPrometheusCppVersion);
  fmt::print("  spdlog          {}.{}.{}\n", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH);
  fmt::print("  fmt             {}.{}.{}\n", FMT_VERSION / 10000, FMT_VERSION / 100 % 100,
             FMT_VERSION % 100);
  fmt::print("  CLI11           {}\n", kCli11Version);
  return 0;
}

}  // namespace gateway::cli
