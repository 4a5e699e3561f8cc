#include "cli/terminal/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

std::string env_text(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

size_t terminal_width(FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return Style{}.width;
}

bool g_coloured = false;  // whether this command's results have colours

// "\x1b[1;31m": what Style writes, and nothing else.
size_t colour_at(std::string_view text) {
  if (!g_coloured || !text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

constexpr double kHeartbeat = 30;  // seconds between plain lines
constexpr double kRewrite = 0.1;   // seconds between rewritten ones

}  // namespace

std::string Style::wrap(std::string_view code, std::string_view text) const {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

Environment Environment::of(FILE* stream) {
  return {isatty(fileno(stream)) != 0, env_text("TERM"),           env_text("NO_COLOR"),
          env_text("FORCE_COLOR"),     env_text("CLICOLOR_FORCE"), env_text("CI")};
}

bool want_color(const std::string& flag, const Environment& env) {
  if (flag != "auto") return flag == "always";
  if (!env.no_color.empty()) return false;
  const auto forced = [](const std::string& text) { return !text.empty() && text != "0"; };
  if (forced(env.force_color) || forced(env.clicolor_force)) return true;
  return env.tty && env.term != "dumb";
}

Style output_style(const Options& options) {
  Style style;
  const auto env = Environment::of(stdout);
  style.color = g_coloured = want_color(options.color, env);
  if (options.width)
    style.width = options.width;
  else if (env.tty)
    style.width = terminal_width(stdout);
  return style;
}

void complain(const Error& error) {
  std::fprintf(stderr, "lockstep: %s\n", harmless(error.what()).c_str());
  if (!error.hint().empty()) std::fprintf(stderr, "  hint: %s\n", harmless(error.hint()).c_str());
}

void put(std::string_view text, FILE* out) {
  std::string fit;
  while (!text.empty()) {
    const size_t colour = colour_at(text);
    fit += text.substr(0, colour);
    text.remove_prefix(colour);
    const auto plain = text.substr(0, text.find('\x1b', colour ? 0 : 1));
    fit += harmless(plain);
    text.remove_prefix(plain.size());
  }
  put_as_it_is(fit, out);
}

void put_as_it_is(std::string_view text, FILE* out) {
  errno = 0;
  std::fwrite(text.data(), 1, text.size(), out);
  if (std::fflush(out) == 0 && !std::ferror(out)) return;
  if (errno == EPIPE) {  // the reader has what it wanted
    std::clearerr(out);
    return;
  }
  throw Error(ExitCode::trace,
              fmt::format("cannot write to standard output: {}", std::strerror(errno)),
              "make room there or redirect it elsewhere, then run the same command again");
}

ProgressLine::ProgressLine(const Options& options) {
  if (!options.progress || options.verbosity < 0) return;
  const auto env = Environment::of(stderr);
  kind_ = env.tty && env.ci.empty() && env.term != "dumb" ? Kind::rewritten : Kind::heartbeat;
  last_ = seconds_since_start();
}

void ProgressLine::show(const std::string& text) {
  if (kind_ == Kind::none) return;
  const double now = seconds_since_start();
  if (now - last_ < (kind_ == Kind::rewritten ? kRewrite : kHeartbeat)) return;
  last_ = now;
  if (kind_ == Kind::rewritten) {
    const auto line = one_line(text).substr(0, terminal_width(stderr) - 1);
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    shown_ = true;
  } else {
    std::fprintf(stderr, "%s\n", one_line(text).c_str());
  }
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

double seconds_since_start() {
  static const auto kStart = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - kStart).count();
}

}  // namespace lockstep::cli
