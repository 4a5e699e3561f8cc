// The terminal: is there one, how wide, with colours? And the line that shows progress on stderr.
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

#include "cli/settings/options.h"
#include "engine/base/error.h"

namespace lockstep::cli {

// Colours, if wanted. Never the only carrier of a meaning.
struct Style {
  bool color = false;
  size_t width = 100;  // no line of a failure's report is wider

  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string red(std::string_view text) const { return wrap("1;31", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string yellow(std::string_view text) const { return wrap("33", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const;
};

// What the environment says; a struct so that tests can say it.
struct Environment {
  bool tty = false;
  std::string term, no_color, force_color, clicolor_force, ci;
  static Environment of(FILE* stream);
};

bool want_color(const std::string& flag, const Environment& env);
Style output_style(const Options& options);  // for stdout

// Writes a result, of which nothing but our own colours steers a terminal (harmless, utf8.h), even
// where a reporter forgot to see to it; Error(ExitCode::trace) if that fails for any reason but a
// reader that has gone.
void put(std::string_view text, FILE* out = stdout);
// The same for what is no report but a file that goes to standard output.
void put_as_it_is(std::string_view text, FILE* out = stdout);

// An operating error in words on stderr, with its hint.
void complain(const Error& error);

// One rewritten line on a terminal; elsewhere a plain line every 30 seconds. Nothing with -q or
// --no-progress.
class ProgressLine {
 public:
  explicit ProgressLine(const Options& options);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text);
  void clear();

 private:
  enum class Kind { none, rewritten, heartbeat } kind_ = Kind::none;
  bool shown_ = false;
  double last_ = 0;
};

double seconds_since_start();  // wall time; the only clock besides the explorer's

}  // namespace lockstep::cli
