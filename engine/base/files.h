// Files from outside, and files for others. Read is what is a file, and no more than is bearable: a
// pipe would keep its reader waiting, a device may never end. Written is all or nothing.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace lockstep {

// From now on this process reads and writes nothing outside the folder ROOT, links and `..`
// followed: what lies elsewhere is refused as "outside ROOT" (errno EACCES when writing). False if
// ROOT is no folder. Devices and pipes are outside, too.
bool confine_files(const std::string& root);

// Closes its descriptor at the end; below 0 there is none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Opens PATH to read it, links followed, if it is a regular file; never waits. Else fd() is below
// 0, and *problem says why: the system's reason, or "a pipe, not a file".
Descriptor open_to_read(const std::string& path, std::string* problem);

// All of the regular file PATH, which may have `limit` bytes; false with the *problem else.
bool read_whole(const std::string& path, size_t limit, std::string* text, std::string* problem);

// Writes TEXT beside PATH under a name that nothing has, syncs, and renames it to PATH: whoever
// sees PATH sees all of it. A link in its place stays and its target is written. Devices, and pipes
// that somebody reads, are written to as they are. False, with the system's reason in errno: then
// PATH is as it was.
bool write_whole(const std::string& path, std::string_view text);

}  // namespace lockstep
