#include "cli/against/resp.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

#include "cli/terminal/interrupt.h"
#include "cli/terminal/words.h"
#include "engine/base/error.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMost = size_t{512} << 20;  // of one string, as the server has it

int connect_to_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;
  const int error = errno;
  close(fd);
  return errno = error, -1;
}

int connect_to_host(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return errno = EHOSTUNREACH, -1;
  int fd = -1;
  for (const addrinfo* a = found; a && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      const int error = errno;
      close(fd);
      fd = -1;
      errno = error;
    }
  }
  freeaddrinfo(found);
  return fd;
}

}  // namespace

RespConnection::RespConnection(std::string where) : where_(std::move(where)) {
  const size_t colon = where_.rfind(':');
  const bool host = where_.find('/') == std::string::npos && colon != std::string::npos;
  fd_ = host ? connect_to_host(where_.substr(0, colon), where_.substr(colon + 1))
             : connect_to_socket(where_);
  if (fd_ < 0)
    throw Error(
        ExitCode::usage,
        fmt::format("--against {}: cannot connect: {}", one_line(where_), std::strerror(errno)),
        "a server of its own: redis-server --port 0 --unixsocket /tmp/redis.sock --save ''");
}

RespConnection::RespConnection(RespConnection&& other) noexcept
    : where_(std::move(other.where_)),
      fd_(std::exchange(other.fd_, -1)),
      read_(std::move(other.read_)),
      at_(other.at_) {}

RespConnection::~RespConnection() {
  if (fd_ >= 0) close(fd_);
}

void RespConnection::fail(const std::string& why) const {
  throw Error(ExitCode::usage, fmt::format("--against {}: {}", one_line(where_), why));
}

void RespConnection::send(const std::vector<std::string>& words) {
  std::string out = fmt::format("*{}\r\n", words.size());
  for (const auto& word : words) out += fmt::format("${}\r\n{}\r\n", word.size(), word);
  for (size_t sent = 0; sent < out.size();) {
    const ssize_t n = ::send(fd_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR && !interrupted()) continue;
    if (n <= 0) fail(fmt::format("cannot be written to: {}", std::strerror(errno)));
    sent += static_cast<size_t>(n);
  }
}

bool RespConnection::fill(double seconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (;;) {
    const std::chrono::duration<double> left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0 || interrupted()) return false;
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left.count() * 1000) + 1) > 0) break;
  }
  read_.erase(0, at_);
  at_ = 0;
  char bytes[1 << 16];
  const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
  if (n == 0) fail("the server has ended the connection");
  if (n < 0) fail(fmt::format("cannot be read: {}", std::strerror(errno)));
  read_.append(bytes, static_cast<size_t>(n));
  return true;
}

std::optional<std::string> RespConnection::line(double seconds) {
  for (size_t end; (end = read_.find("\r\n", at_)) == std::string::npos;) {
    if (read_.size() - at_ > kMost) fail("this is no Redis server");
    if (!fill(seconds)) return std::nullopt;
  }
  const size_t end = read_.find("\r\n", at_);
  std::string text = read_.substr(at_, end - at_);
  at_ = end + 2;
  return text;
}

std::optional<vm::KeptReply> RespConnection::read(double seconds) {
  const auto first = line(seconds);
  if (!first) return std::nullopt;
  vm::KeptReply reply;
  const char kind = first->empty() ? ' ' : first->front();
  if (kind == '+' || kind == '-' || kind == ':') {
    reply.text = *first;
    return reply;
  }
  int64_t n = 0;
  const auto [rest, problem] = std::from_chars(first->data() + 1, first->data() + first->size(), n);
  if ((kind != '$' && kind != '*') || problem != std::errc() ||
      rest != first->data() + first->size() || n > static_cast<int64_t>(kMost))
    fail("this is no Redis server");
  if (n < 0) {
    reply.text = "_";
  } else if (kind == '$') {
    const auto size = static_cast<size_t>(n);
    while (read_.size() - at_ < size + 2)
      if (!fill(seconds)) return std::nullopt;
    reply.text = "$" + read_.substr(at_, size);
    at_ += size + 2;
  } else {
    reply.list = true;
    for (int64_t i = 0; i < n; i++) {
      auto item = read(seconds);
      if (!item) return std::nullopt;
      reply.items.push_back(std::move(*item));
    }
  }
  return reply;
}

}  // namespace lockstep::cli
