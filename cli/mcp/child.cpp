#include "cli/mcp/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"

extern char** environ;

namespace lockstep::cli {
namespace {

constexpr size_t kMostOutput = size_t{64} << 20;
constexpr size_t kMostErrors = size_t{1} << 20;
constexpr std::chrono::seconds kGrace{3};  // between being asked to end and being killed

// Of the environment nothing steers a call but what this adds.
std::vector<std::string> environment(const std::string& root) {
  std::vector<std::string> all{"LOCKSTEP_ROOT_ONLY=" + root, "NO_COLOR=1"};
  for (char** entry = environ; *entry; entry++) {
    const std::string_view text = *entry;
    if (!text.starts_with("LOCKSTEP_") && !text.starts_with("NO_COLOR=")) all.emplace_back(text);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct Pipe {
  int ends[2] = {-1, -1};
  bool open() { return ::pipe2(ends, O_CLOEXEC) == 0; }
};

// False at its end.
bool take(int fd, std::string* into) {
  char chunk[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n > 0) {
      into->append(chunk, static_cast<size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
}

void shut(int* fd) {
  if (*fd >= 0) ::close(*fd);
  *fd = -1;
}

}  // namespace

Child::Child(const std::vector<std::string>& args, const std::string& root, double seconds)
    : begun_(Clock::now()),
      deadline_(begun_ + std::chrono::duration_cast<Clock::duration>(
                             std::chrono::duration<double>(seconds))),
      last_(deadline_ + kGrace) {
  Pipe out, err;
  const bool pipes = out.open() && err.open();
  std::vector<std::string> words{"lockstep"}, variables = environment(root);
  words.insert(words.end(), args.begin(), args.end());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, root.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
  const int failed = !pipes ? errno
                            : ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr,
                                            pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  shut(&out.ends[1]);
  shut(&err.ends[1]);
  out_ = out.ends[0];
  err_ = err.ends[0];
  if (failed) {
    pid_ = -1;
    shut(&out_);
    shut(&err_);
    throw Error(ExitCode::internal,
                std::string("no process can be made: ") + std::strerror(failed));
  }
  ::fcntl(out_, F_SETFL, O_NONBLOCK);
  ::fcntl(err_, F_SETFL, O_NONBLOCK);
}

Child::~Child() {
  shut(&out_);
  shut(&err_);
  if (pid_ < 0 || ended_) return;
  kill_it();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::read() {
  if (out_ >= 0 && !take(out_, &output_)) shut(&out_);
  if (err_ >= 0 && !take(err_, &errors_)) shut(&err_);
  if (errors_.size() > kMostErrors) errors_.erase(0, errors_.size() - kMostErrors);
  if (output_.size() <= kMostOutput) return;
  too_much_ = true;
  kill_it();
}

bool Child::finished() {
  if (!ended_) {
    int status = 0;
    const int pid = ::waitpid(pid_, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
    ended_ = true;
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  read();
  return true;
}

void Child::stop() {
  if (ended_) return;
  ::kill(pid_, SIGINT);
  last_ = std::min(last_, Clock::now() + kGrace);
}

void Child::tick() {
  const auto now = Clock::now();
  if (now >= deadline_ && !timed_out_) {
    timed_out_ = true;
    stop();
  }
  if (now >= last_) kill_it();
}

double Child::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begun_).count();
}

void Child::kill_it() {
  if (!ended_ && !killed_) ::kill(pid_, SIGKILL);
  killed_ = true;
}

}  // namespace lockstep::cli
