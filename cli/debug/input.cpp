#include "cli/debug/input.h"

#include <histedit.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/terminal/interrupt.h"
#include "engine/base/utf8.h"

namespace lockstep::cli {
namespace {

class PlainInput final : public Input {
 public:
  bool next(std::string* line) override {
    const NothingToReport waiting;  // a signal ends it there and then
    if (!std::getline(std::cin, *line)) return false;
    if (!line->empty() && line->back() == '\r') line->pop_back();
    return true;
  }
};

// What all the candidates begin with.
std::string common_beginning(const std::vector<std::string>& all) {
  std::string common = all[0];
  for (const auto& word : all)
    common.resize(static_cast<size_t>(
        std::mismatch(common.begin(), common.end(), word.begin(), word.end()).first -
        common.begin()));
  return common;
}

class TerminalInput final : public Input {
 public:
  TerminalInput(std::string prompt, Completion complete)
      : prompt_(std::move(prompt)),
        complete_(std::move(complete)),
        edit_(el_init("lockstep", stdin, stdout, stderr)),
        history_(history_init()) {
    HistEvent event;
    history(history_, &event, H_SETSIZE, 1000);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(edit_, EL_CLIENTDATA, this);
    el_set(edit_, EL_PROMPT, &TerminalInput::prompt);
    el_set(edit_, EL_SIGNAL, 1);  // the terminal is put right before a signal is handled
    el_set(edit_, EL_EDITOR, "emacs");
    el_set(edit_, EL_HIST, history, history_);
    el_set(edit_, EL_ADDFN, "complete", "complete a word", &TerminalInput::complete);
    el_set(edit_, EL_BIND, "^I", "complete", nullptr);
    el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_source(edit_, nullptr);
  }
  ~TerminalInput() override {
    history_end(history_);
    el_end(edit_);
  }
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;

  bool next(std::string* line) override {
    const NothingToReport waiting;
    int count = 0;
    const char* text = el_gets(edit_, &count);
    if (!text || count <= 0) {
      std::fputc('\n', stdout);
      return false;
    }
    line->assign(text, static_cast<size_t>(count));
    while (!line->empty() && (line->back() == '\n' || line->back() == '\r')) line->pop_back();
    HistEvent event;
    if (!line->empty()) history(history_, &event, H_ENTER, text);
    return true;
  }

 private:
  static TerminalInput* self(EditLine* edit) {
    TerminalInput* self = nullptr;
    el_get(edit, EL_CLIENTDATA, &self);
    return self;
  }
  static const char* prompt(EditLine* edit) { return self(edit)->prompt_.c_str(); }

  // The word before the cursor, as far as all candidates agree; else they are shown.
  static unsigned char complete(EditLine* edit, int) {
    const LineInfo* info = el_line(edit);
    const std::string beginning(info->buffer, info->cursor);
    const auto all = self(edit)->complete_(beginning);
    if (all.empty()) return CC_ERROR;
    const size_t space = beginning.find_last_of(' ');
    const size_t typed = beginning.size() - (space == std::string::npos ? 0 : space + 1);
    auto more = common_beginning(all).substr(typed);
    if (all.size() == 1) more += ' ';
    if (!more.empty()) return el_insertstr(edit, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    std::string shown = "\n";
    for (const auto& word : all) shown += "  " + harmless(word);
    std::fputs((shown + "\n").c_str(), stdout);
    std::fflush(stdout);
    return CC_REDISPLAY;
  }

  const std::string prompt_;
  const Completion complete_;
  EditLine* const edit_;
  History* const history_;
};

}  // namespace

std::unique_ptr<Input> terminal_input(const std::string& prompt, Completion complete) {
  return std::make_unique<TerminalInput>(prompt, std::move(complete));
}
std::unique_ptr<Input> plain_input() { return std::make_unique<PlainInput>(); }

}  // namespace lockstep::cli
