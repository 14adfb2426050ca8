#include "gateway/admin/tokens.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace gateway::admin {
namespace {

constexpr std::string_view kPrefix = "tg-admin-";
constexpr std::size_t kRandomBytes = 32;
// What an operator writes by hand must not be guessed either.
constexpr std::size_t kShortest = 20;
constexpr std::size_t kLongest = 512;

config::Error refuse(std::string message) {
  return config::failure(config::ErrorCode::internal, std::move(message));
}

config::Error refuse(std::string_view what, const std::string& path, std::string_view why) {
  return refuse(fmt::format("{} {}: {}", what, path, why));
}

std::string errno_text() {
  return std::generic_category().message(errno);
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool is_token(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

// Beside its place and moved there whole: a disk that is full leaves nothing, and the next
// start tries again. Where another process made one meanwhile, that one stays.
bool write_whole(const std::string& path, const std::string& text) {
  const std::string beside = fmt::format("{}.{}", path, ::getpid());
  ::unlink(beside.c_str());
  const File file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return false;
  bool good = ::fchmod(file.get(), 0600) == 0 &&
              ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
              ::fsync(file.get()) == 0;
  if (good) good = ::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int why = errno;
  ::unlink(beside.c_str());
  errno = why;
  return good;
}

config::Result<void> make_token(const std::string& path, const Random& random) {
  std::array<std::uint8_t, kRandomBytes> bytes{};
  random(bytes);
  std::string text(kPrefix);
  for (const auto byte : bytes) text += fmt::format("{:02x}", byte);
  text += '\n';
  if (!write_whole(path, text))
    return refuse("the admin token cannot be made in", path, errno_text());
  return {};
}

config::Result<config::Sha256> digest_in(const std::string& path) {
  auto token = read_token(path);
  if (!token) return std::move(token).error();
  return config::sha256(*token);
}

}  // namespace

std::string_view to_string(Role role) {
  return role == Role::admin ? "admin" : "viewer";
}

config::Result<std::string> read_token(const std::string& path) {
  constexpr std::string_view kWhat = "the token file";
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about{};
  if (file.get() < 0 || ::fstat(file.get(), &about) != 0) return refuse(kWhat, path, errno_text());
  if (!S_ISREG(about.st_mode)) return refuse(kWhat, path, "is no file");
  if ((about.st_mode & 077) != 0) {
    return refuse(kWhat, path,
                  "others on this machine may read it; make a new token, or chmod 600 it");
  }
  std::string text(kLongest + 2, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return refuse(kWhat, path, errno_text());
  text.resize(static_cast<std::size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) {
    return refuse(kWhat, path, "is empty; remove it, and the next start makes a token");
  }
  if (text.size() > kLongest || !is_token(text)) {
    return refuse(kWhat, path, "must hold one token of letters, digits and -._~+/=");
  }
  if (text.size() < kShortest) {
    return refuse(kWhat, path,
                  "holds a token that is too easy to guess; take 20 characters or more");
  }
  return text;
}

config::Result<Tokens> Tokens::load(const config::Admin& settings, const Random& random) {
  if (::access(settings.token_file.c_str(), F_OK) != 0) {
    if (auto made = make_token(settings.token_file, random); !made) return std::move(made).error();
  }
  Tokens out;
  auto digest = digest_in(settings.token_file);
  if (!digest) return std::move(digest).error();
  out.admin_ = *digest;
  if (settings.viewer_token_file.empty()) return out;
  digest = digest_in(settings.viewer_token_file);
  if (!digest) return std::move(digest).error();
  if (*digest == out.admin_) {
    return refuse("the token file", settings.viewer_token_file, "holds the admin's token");
  }
  out.viewer_ = *digest;
  return out;
}

config::Result<Role> Tokens::role_of(std::string_view authorization) const {
  const auto refused = [](std::string message) {
    return config::failure(config::ErrorCode::invalid_key, std::move(message));
  };
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size() ||
      !boost::beast::iequals(authorization.substr(0, kScheme.size()), kScheme)) {
    return refused("This wants an admin token: send 'Authorization: Bearer TOKEN'.");
  }
  const std::string_view token = authorization.substr(kScheme.size());
  if (token.size() > kLongest) return refused("The admin token is not valid.");
  const auto digest = config::sha256(token);
  if (CRYPTO_memcmp(digest.data(), admin_.data(), digest.size()) == 0) return Role::admin;
  if (viewer_ && CRYPTO_memcmp(digest.data(), viewer_->data(), digest.size()) == 0) {
    return Role::viewer;
  }
  return refused("The admin token is not valid.");
}

}  // namespace gateway::admin
