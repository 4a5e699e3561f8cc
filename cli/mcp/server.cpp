#include "cli/mcp/server.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>

#include "cli/mcp/child.h"
#include "cli/mcp/digest.h"
#include "cli/terminal/interrupt.h"

namespace lockstep::cli::mcp {
namespace {

constexpr size_t kLongestLine = size_t{1} << 20;  // of a request
constexpr size_t kAtATime = 4;                    // calls
constexpr size_t kMostWaiting = 64;
constexpr double kProgress = 0.5;  // seconds between two reports of it
constexpr double kEnding = 2;      // a search says by itself that its time is up

// Answers to the requests of one batch, which go out together (version 2025-03-26).
struct Batch {
  size_t left = 0;
  Json answers = Json::array();
};

struct Job {
  Request request;
  Call call;
  std::shared_ptr<Batch> batch;
  size_t at = 0;  // which of the call's commands
  std::unique_ptr<Child> child;
  std::vector<Printed> printed;
  Child::Clock::time_point begun = Child::Clock::now();
  double told = 0;  // when progress was reported last
  bool cancelled = false;

  double seconds() const {
    return std::chrono::duration<double>(Child::Clock::now() - begun).count();
  }
};

class Server {
 public:
  explicit Server(const Bounds& bounds) : bounds_(bounds) {}

  ExitCode all() {
    ::signal(SIGPIPE, SIG_IGN);
    while (!gone_ && !interrupted() && (!ended_ || !jobs_.empty())) {
      begin_jobs();
      wait();
      for (auto& job : jobs_) follow(*job);
      std::erase_if(jobs_, [](const auto& job) { return job == nullptr || finished(*job); });
    }
    return interrupted() ? ExitCode::interrupted : ExitCode::ok;
  }

 private:
  static bool finished(const Job& job) { return job.at == job.call.commands.size(); }

  // ---- in and out ----

  void wait() {
    std::vector<pollfd> all;
    all.push_back({ended_ ? -1 : STDIN_FILENO, POLLIN, 0});
    all.push_back({STDOUT_FILENO, 0, 0});  // whether anybody still reads
    bool under_way = false;
    for (const auto& job : jobs_) {
      if (!job->child) continue;
      under_way = true;
      for (const int fd : {job->child->out(), job->child->err()})
        if (fd >= 0) all.push_back({fd, POLLIN, 0});
    }
    if (::poll(all.data(), all.size(), under_way ? 5 : 200) < 0) return;
    if (all[0].revents != 0) read();
    if ((all[1].revents & (POLLERR | POLLNVAL)) != 0) gone_ = true;
  }

  void read() {
    char chunk[1 << 16];
    const ssize_t n = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
      ended_ = true;
      if (!line_.empty()) take_line();  // without an end of line
      return;
    }
    for (ssize_t i = 0; i < n; i++) {
      if (chunk[i] == '\n')
        take_line();
      else if (line_.size() < kLongestLine)
        line_ += chunk[i];
      else
        too_long_ = true;
    }
  }

  void write(const Json& message) {
    const std::string text = line_of(message);
    for (size_t at = 0; at < text.size() && !gone_;) {
      const ssize_t n = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
      if (n > 0) at += static_cast<size_t>(n);
      if (n < 0 && errno == EAGAIN) {
        pollfd out{STDOUT_FILENO, POLLOUT, 0};
        ::poll(&out, 1, 100);
      } else if (n < 0 && errno != EINTR) {
        gone_ = true;
      }
    }
  }

  void reply(const std::shared_ptr<Batch>& batch, Json message) {
    if (!batch) return write(message);
    batch->answers.push_back(std::move(message));
    settle(batch);
  }
  // One of the batch is done, with an answer or without.
  void settle(const std::shared_ptr<Batch>& batch) {
    if (--batch->left == 0 && !batch->answers.empty()) write(batch->answers);
  }

  // ---- requests ----

  void take_line() {
    const std::string line = std::exchange(line_, {});
    if (std::exchange(too_long_, false))
      return write(error_answer(
          nullptr, {kInvalidRequest, fmt::format("a message has at most {} bytes", kLongestLine)}));
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    const Json message = parsed(line);
    if (message.is_discarded())
      return write(error_answer(nullptr, {kParseError, "this is no JSON"}));
    if (!message.is_array()) return take(message, nullptr);
    if (message.empty()) return write(error_answer(nullptr, {kInvalidRequest, "an empty batch"}));
    const auto batch = std::make_shared<Batch>();
    batch->left = message.size();
    for (const Json& one : message) take(one, batch);
  }

  // What is nested too deeply would take the parser's stack: nothing here needs more than a few.
  static Json parsed(const std::string& line) {
    constexpr int kDeepest = 64;
    const auto shallow = [](int depth, Json::parse_event_t, Json&) {
      if (depth > kDeepest) throw std::length_error("too deep");
      return true;
    };
    try {
      return Json::parse(line, shallow, true);
    } catch (const std::exception&) {
      return Json(Json::value_t::discarded);
    }
  }

  void take(const Json& message, const std::shared_ptr<Batch>& batch) {
    if (message.is_object() && !message.contains("method") &&
        (message.contains("result") || message.contains("error"))) {  // nothing was asked
      if (batch) settle(batch);
      return;
    }
    Json id = nullptr;
    try {
      const Request request = parse_request(message, &id);
      if (!request.wants_answer()) {
        if (request.method == "notifications/cancelled") cancel(request.params);
        if (batch) settle(batch);
        return;
      }
      if (request.method == "tools/call") return begin_call(request, batch);
      reply(batch, at_once(request));
    } catch (const Refused& refused) {
      // What has no id gets no answer, unless it is no request at all.
      if (id.is_null() && message.is_object() && message.contains("method") &&
          !message.contains("id")) {
        if (batch) settle(batch);
        return;
      }
      reply(batch, error_answer(id, refused));
    }
  }

  static Json at_once(const Request& request) {
    if (request.method == "ping") return answer(request, Json::object());
    if (request.method == "tools/list") return lasting_answer(request, tool_list());
    if (request.method == "initialize") return answer(request, initialize_result(request));
    if (request.method == "server/discover") return lasting_answer(request, discover_result());
    throw Refused{kMethodNotFound, "method not found: " + request.method};
  }

  // ---- calls ----

  void begin_call(const Request& request, const std::shared_ptr<Batch>& batch) {
    const Json name = request.params.value("name", Json());
    const Json arguments = request.params.value("arguments", Json::object());
    if (!name.is_string()) throw Refused{kInvalidParams, "name must be the name of a tool"};
    if (!arguments.is_object()) throw Refused{kInvalidParams, "arguments must be an object"};
    if (jobs_.size() >= kMostWaiting)
      throw Refused{kBusy, fmt::format("{} calls are under way or wait", jobs_.size())};
    auto job = std::make_unique<Job>();
    job->call = make_call(name.get<std::string>(), arguments, bounds_);
    job->request = request;
    job->batch = batch;
    if (job->call.commands.empty())
      reply(batch, answer(request, call_result(digest(job->call.tool, {}))));
    else
      jobs_.push_back(std::move(job));
  }

  void cancel(const Json& params) {
    const Json id = params.value("requestId", Json());
    for (auto& job : jobs_)
      if (job->request.id == id) {
        job->cancelled = true;
        if (job->child) job->child->stop();
      }
  }

  void begin_jobs() {
    size_t running = 0;
    for (const auto& job : jobs_) running += job->child != nullptr;
    for (auto& job : jobs_) {
      if (job->child || running >= kAtATime) continue;
      if (job->printed.empty()) job->begun = Child::Clock::now();
      running += begin_command(*job);
    }
  }

  // False: the call is over.
  bool begin_command(Job& job) {
    if (job.cancelled) return end(job);
    const double left = job.call.seconds - job.seconds();
    if (!job.printed.empty() && left <= 0) {
      job.printed.back().timed_out = true;
      return end(job);
    }
    try {
      job.child = std::make_unique<Child>(job.call.commands[job.at], bounds_.root,
                                          std::max(left, 0.001) + kEnding);
    } catch (const Error& e) {
      job.printed.push_back({"", e.what(), static_cast<int>(e.code())});
      return end(job);
    }
    return true;
  }

  void follow(Job& job) {
    if (!job.child) return;
    job.child->tick();
    job.child->read();
    if (!job.child->finished()) return tell_progress(job);
    const Child& c = *job.child;
    job.printed.push_back({c.output(), c.errors(), c.code(), c.timed_out(), c.too_much()});
    job.child.reset();
    if (++job.at == job.call.commands.size() || job.cancelled) end(job);
  }

  bool end(Job& job) {
    job.at = job.call.commands.size();
    if (!job.cancelled)
      reply(job.batch, answer(job.request, call_result(digest(job.call.tool, job.printed))));
    else if (job.batch)
      settle(job.batch);
    return false;
  }

  void tell_progress(Job& job) {
    const Json token = job.request.progress_token();
    const double now = job.seconds();
    if (token.is_null() || job.cancelled || now < job.told + kProgress) return;
    job.told = now;
    write(progress_notification(
        token, std::min(now, job.call.seconds), job.call.seconds,
        fmt::format("{}: {:.1f} s of at most {:g} s", job.call.tool, now, job.call.seconds)));
  }

  const Bounds& bounds_;
  std::deque<std::unique_ptr<Job>> jobs_;
  std::string line_;
  bool too_long_ = false;
  bool ended_ = false;  // the input
  bool gone_ = false;   // whoever reads the answers
};

}  // namespace

ExitCode serve(const Bounds& bounds) { return Server(bounds).all(); }

}  // namespace lockstep::cli::mcp
