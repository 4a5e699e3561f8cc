#include "engine/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace lockstep {
namespace {

constexpr int kNames = 1000;  // that a killed writer of our process number may have left

// Absolute and without links; empty: everywhere.
std::string& confinement() {
  static std::string root;
  return root;
}

bool inside(const std::string& canonical) {
  const std::string& root = confinement();
  return root.empty() || root == "/" || canonical == root ||
         (canonical.starts_with(root) && canonical[root.size()] == '/');
}

// Asked of what is open, so that nobody can put another file in its place.
bool inside(int fd) {
  if (confinement().empty()) return true;
  std::error_code error;
  const auto path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error).string();
  return !error && inside(path);
}

bool may_write(const std::string& path) {
  if (confinement().empty()) return true;
  std::error_code error;
  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const auto canonical = std::filesystem::canonical(folder, error).string();
  return !error && inside(canonical);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory, not a file";
  if (S_ISFIFO(mode)) return "a pipe, not a file";
  if (S_ISSOCK(mode)) return "a socket, not a file";
  return "a device, not a file";
}

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

// A file that nobody else has, link or not: no other writer, and nobody who may write to this
// folder, chooses where the bytes go.
int create_beside(const std::string& path, std::string* partial) {
  static std::atomic<unsigned> count{0};
  for (int i = 0; i < kNames; i++) {
    *partial = path + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".partial";
    const int fd =
        ::open(partial->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

// The rename itself reaches the disk with its folder; that this fails is no reason to lose the
// file.
void sync_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const Descriptor dir(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.fd() >= 0) (void)::fsync(dir.fd());
}

// O_NONBLOCK: a pipe that nobody reads is refused (ENXIO) instead of waited for.
bool write_to_device(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return fd >= 0 && ::fcntl(fd, F_SETFL, 0) == 0 && fill(fd, text);
}

}  // namespace

bool confine_files(const std::string& root) {
  std::error_code error;
  const auto canonical = std::filesystem::canonical(root, error);
  if (error || !std::filesystem::is_directory(canonical, error)) return false;
  confinement() = canonical.string();
  return true;
}

Descriptor::~Descriptor() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

Descriptor open_to_read(const std::string& path, std::string* problem) {
  // Without O_NONBLOCK the opening of a pipe would wait for its other end.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    *problem = std::strerror(errno);
  } else if (!S_ISREG(status.st_mode)) {
    *problem = kind_of(status.st_mode);
  } else if (!inside(fd)) {
    *problem = "outside " + confinement();
  } else {
    return Descriptor(fd);
  }
  if (fd >= 0) ::close(fd);
  return Descriptor(-1);
}

bool read_whole(const std::string& path, size_t limit, std::string* text, std::string* problem) {
  const Descriptor file = open_to_read(path, problem);
  if (file.fd() < 0) return false;
  const auto too_large = [&](size_t size) {
    if (size > limit) *problem = "larger than " + std::to_string(limit >> 20) + " MiB";
    return size > limit;
  };
  struct stat status {};
  if (::fstat(file.fd(), &status) == 0 && too_large(static_cast<size_t>(status.st_size)))
    return false;
  text->clear();
  std::string chunk(size_t{1} << 16, '\0');
  for (;;) {
    const ssize_t got = ::read(file.fd(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) *problem = std::strerror(errno);
    if (got <= 0) return got == 0;
    text->append(chunk.data(), static_cast<size_t>(got));
    if (too_large(text->size())) return false;
  }
}

bool write_whole(const std::string& path, std::string_view text) {
  struct stat there {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) {
    errno = EISDIR;
    return false;
  }
  const bool device = exists && !S_ISREG(there.st_mode);
  if (device && confinement().empty()) return write_to_device(path, text);
  const std::string end = followed(path);
  if (device || !may_write(end)) {
    errno = EACCES;
    return false;
  }
  std::string partial;
  const int fd = create_beside(end, &partial);
  if (fd < 0) return false;
  if (exists) (void)::fchmod(fd, there.st_mode & 0777);
  if (fill(fd, text) && ::rename(partial.c_str(), end.c_str()) == 0) {
    sync_folder(end);
    return true;
  }
  const int error = errno;
  ::unlink(partial.c_str());
  errno = error;
  return false;
}

}  // namespace lockstep
