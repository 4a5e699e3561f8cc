// Reading and writing trace files. PATH.partial, fsync, rename: whoever sees PATH sees all of it.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "engine/base/error.h"
#include "engine/trace/trace.h"
#include "engine/trace/trace_container.h"

namespace lockstep {
namespace {

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~File() { close(); }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  int fd() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

// Appends up to `size` bytes; fewer only at the end of the file. False on an error, in errno.
bool read_some(int fd, size_t size, std::string* out) {
  const size_t start = out->size();
  out->resize(start + size);
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd, out->data() + start + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  out->resize(start + done);
  return true;
}

// Whether `path` is where the open file is, which another writer may have renamed.
bool leads_to(const std::string& path, const File& file) {
  struct stat opened {
  }, there{};
  return ::fstat(file.fd(), &opened) == 0 && ::stat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

// `path`, for one writer at a time: runs side by side may write traces of one name. Where there are
// no locks, there is one writer.
File alone(const std::string& path) {
  for (;;) {
    File file(path, O_WRONLY | O_CREAT);
    if (file.fd() < 0) return file;
    while (::flock(file.fd(), LOCK_EX) != 0 && errno == EINTR) continue;
    if (leads_to(path, file)) return file;
  }
}

// Without what an earlier writer that was killed has left. EINVAL: not a file that has a length, or
// one that can be synced.
bool write_whole(int fd, const std::string& bytes) {
  return (::ftruncate(fd, 0) == 0 || errno == EINVAL) && write_all(fd, bytes) &&
         (::fsync(fd) == 0 || errno == EINVAL);
}

// Devices and pipes are written to; a file in their place would be the end of them.
bool takes_bytes(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

// Where a link leads, so that the link stays.
std::string followed(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_symlink(path, none)) return path;
  const auto end = std::filesystem::canonical(path, none);
  return none ? path : end.string();
}

Error cannot(const char* verb, const std::string& path, int error, const char* hint) {
  return Error(ExitCode::trace,
               std::string("cannot ") + verb + " the trace " + path + ": " + std::strerror(error),
               hint);
}

}  // namespace

void write_trace(const Trace& trace, const std::string& path) {
  const std::string bytes = encode_trace(trace);
  const char* hint = "choose another place: --trace-dir of run and verify, --output of shrink";
  if (takes_bytes(path)) {
    File file(path, O_WRONLY);
    if (file.fd() < 0 || !write_all(file.fd(), bytes) || !file.close())
      throw cannot("write", path, errno, hint);
    return;
  }
  const std::string end = followed(path), partial = end + ".partial";
  File file = alone(partial);
  if (file.fd() < 0) throw cannot("write", path, errno, hint);
  // Closed, and so unlocked, when it has its name.
  const bool written =
      write_whole(file.fd(), bytes) && ::rename(partial.c_str(), end.c_str()) == 0 && file.close();
  if (!written) {
    const int error = errno;
    ::unlink(partial.c_str());
    throw cannot("write", path, error, hint);
  }
  // The rename itself reaches the disk with its folder; that this fails is no reason to lose the
  // trace.
  const std::string folder = std::filesystem::path(end).parent_path().string();
  const File dir(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (dir.fd() >= 0) (void)::fsync(dir.fd());
}

Trace read_trace(const std::string& path) {
  const File file(path, O_RDONLY);
  if (file.fd() < 0) throw cannot("read", path, errno, "");
  std::string bytes;
  if (!read_some(file.fd(), kTraceHeader, &bytes)) throw cannot("read", path, errno, "");
  uint64_t more = trace_payload_length(bytes, path) + 1;  // one more, to see what follows the end
  struct stat st {};
  if (::fstat(file.fd(), &st) == 0 &&
      S_ISREG(st.st_mode))  // a header that lies must not make us allocate
    more = std::min<uint64_t>(
        more, static_cast<uint64_t>(st.st_size) - std::min<uint64_t>(st.st_size, kTraceHeader) + 1);
  if (!read_some(file.fd(), more, &bytes)) throw cannot("read", path, errno, "");
  return decode_trace(bytes, path);
}

}  // namespace lockstep
