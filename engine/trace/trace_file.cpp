// Reading and writing trace files.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/files.h"
#include "engine/trace/trace.h"
#include "engine/trace/trace_container.h"

namespace lockstep {
namespace {

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

Error cannot(const char* verb, const std::string& path, const std::string& why, const char* hint) {
  return Error(ExitCode::trace, std::string("cannot ") + verb + " the trace " + path + ": " + why,
               hint);
}

}  // namespace

void write_trace(const Trace& trace, const std::string& path) {
  if (!write_whole(path, encode_trace(trace)))
    throw cannot("write", path, std::strerror(errno),
                 "choose another place: --trace-dir of run and verify, --output of shrink");
}

Trace read_trace(const std::string& path) {
  std::string problem, bytes;
  const Descriptor file = open_to_read(path, &problem);
  if (file.fd() < 0) throw cannot("read", path, problem, "");
  const auto read = [&](uint64_t size) {
    if (!read_some(file.fd(), size, &bytes)) throw cannot("read", path, std::strerror(errno), "");
  };
  read(kTraceHeader);
  // A header that lies must not make us allocate; one byte more, to see what follows the end.
  struct stat st {};
  if (::fstat(file.fd(), &st) != 0) throw cannot("read", path, std::strerror(errno), "");
  const auto length = static_cast<uint64_t>(st.st_size);
  read(std::min<uint64_t>(trace_payload_length(bytes, path),
                          length - std::min<uint64_t>(length, kTraceHeader)) +
       1);
  return decode_trace(bytes, path);
}

}  // namespace lockstep
