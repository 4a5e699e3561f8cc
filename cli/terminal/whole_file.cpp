#include "cli/terminal/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/base/error.h"

namespace lockstep::cli {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

// EINVAL: not a file that can be synced.
bool fill(int fd, std::string_view text) {
  const bool good = write_all(fd, text) && (::fsync(fd) == 0 || errno == EINVAL);
  const int error = errno;
  const bool closed = ::close(fd) == 0;
  if (!good) errno = error;
  return good && closed;
}

// Where a link leads, so that the link stays.
std::string followed(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_symlink(path, none)) return path;
  const auto end = std::filesystem::canonical(path, none);
  return none ? path : end.string();
}

bool write_file(const std::string& path, std::string_view text) {
  struct stat there {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) {
    errno = EISDIR;
    return false;
  }
  if (exists && !S_ISREG(there.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    return fd >= 0 && fill(fd, text);
  }
  const std::string end = followed(path);
  const std::string partial = fmt::format("{}.{}.partial", end, ::getpid());
  const int fd =
      ::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) return false;
  if (exists) (void)::fchmod(fd, there.st_mode & 0777);
  if (fill(fd, text) && ::rename(partial.c_str(), end.c_str()) == 0) return true;
  const int error = errno;
  ::unlink(partial.c_str());
  errno = error;
  return false;
}

}  // namespace

void write_whole_file(const char* flag, const std::string& path, std::string_view text) {
  if (write_file(path, text)) return;
  throw Error(ExitCode::trace,
              fmt::format("{}: cannot write {}: {}", flag, path, std::strerror(errno)),
              "make room there, or name another place");
}

}  // namespace lockstep::cli
