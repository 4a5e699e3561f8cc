#include "engine/history/read/reader.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/files.h"
#include "engine/base/nearest.h"
#include "engine/base/utf8.h"

namespace lockstep::history {

void fail_at(const std::string& name, int line, int column, const std::string& what) {
  throw Error(ExitCode::scenario, fmt::format("{}:{}:{}: {}", name, line, column, what));
}

namespace {

constexpr size_t kFileMax = size_t{1} << 30;
constexpr size_t kChunk = size_t{1} << 18;
constexpr std::string_view kMark = "\xef\xbb\xbf";  // the byte-order mark of UTF-8

void require_utf8(std::string_view text, const std::string& name) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    fail_at(name, 1, 1, "UTF-16: a history is UTF-8 text");
  }
  size_t at = not_utf8(text);
  if (at == std::string_view::npos) return;
  std::string_view before = text.substr(0, at);
  size_t start = before.rfind('\n');
  start = start == std::string_view::npos ? 0 : start + 1;
  fail_at(name, 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          static_cast<int>(at - start) + 1,
          fmt::format("the byte 0x{:02x} is not UTF-8 here", static_cast<unsigned char>(text[at])));
}

}  // namespace

std::string as_utf8(std::string text) {
  size_t at = not_utf8(text);
  if (at == std::string::npos) return text;
  std::string out;
  std::string_view rest = text;
  for (; at != std::string::npos; at = not_utf8(rest)) {
    out += rest.substr(0, at);
    append_utf8(0x10ff00U + static_cast<unsigned char>(rest[at]), out);
    rest.remove_prefix(at + 1);
  }
  return out += rest;
}

std::string internal::unknown_field(std::string_view field, const ReadOptions& options, bool open) {
  for (std::string_view added :
       {"time", "error", "exception", "node", "link", "msg", "debug", "comment", "step"}) {
    if (field == added) return {};
  }
  if (std::find(options.ignored.begin(), options.ignored.end(), field) != options.ignored.end()) {
    return {};
  }
  std::string lower(field), meant;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (std::string_view ours : {"process", "type", "f", "key", "value", "index"}) {
    size_t near = ours.size() < 3 ? 0 : 1;
    if (lower.size() <= 2 * ours.size() && edit_distance(lower, ours) <= near) meant = ours;
  }
  if (open && meant.empty()) return {};
  if (!meant.empty()) meant = fmt::format(": did you mean \"{}\"?", meant);
  return fmt::format("unknown field \"{}\"{} (--ignore-field passes over it)", field, meant);
}

void internal::stop_if_ended(const Budget* budget, const std::string& name) {
  if (!budget || !budget->ended()) return;
  bool asked = budget->interrupted && *budget->interrupted;
  throw ReadStopped(fmt::format("{}: {} before the history was read", name,
                                asked ? "interrupted" : "the budget of time ended"));
}

std::string read_file(const std::string& path, const Budget* budget) {
  bool standard = path == "-";
  std::string problem;
  Descriptor file = standard ? Descriptor(STDIN_FILENO) : open_to_read(path, &problem);
  if (file.fd() < 0) {
    throw Error(ExitCode::scenario, fmt::format("{}: cannot be read: {}", path, problem),
                "name files; - reads standard input: ... | lockstep check-history -");
  }
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) {
    throw Error(ExitCode::scenario,
                fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  }
  auto bound = [&](size_t size) {
    if (size <= kFileMax) return;
    throw Error(ExitCode::scenario, fmt::format("{}: larger than 1 GiB", path),
                "check it in parts, by key or by time");
  };
  std::string text;
  if (S_ISREG(status.st_mode)) {
    bound(static_cast<size_t>(status.st_size));
    text.reserve(static_cast<size_t>(status.st_size));
  }
  std::string chunk(kChunk, '\0');
  for (;;) {
    internal::stop_if_ended(budget, path);
    // A terminal or a pipe may never say anything: a signal must still be seen.
    pollfd waiting{file.fd(), POLLIN, 0};
    if (budget && !S_ISREG(status.st_mode) && ::poll(&waiting, 1, 50) <= 0) continue;
    ssize_t got = ::read(file.fd(), chunk.data(), chunk.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) {
      throw Error(ExitCode::scenario,
                  fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    }
    if (got == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(got));
    bound(text.size());
  }
}

History read_history(std::string_view text, const std::string& name, Format format, bool keyed) {
  ReadOptions options;
  options.format = format;
  options.keyed = keyed;
  return read_history(text, name, options);
}

History read_history(std::string_view text, const std::string& name, const ReadOptions& options) {
  require_utf8(text, name);
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  if (text.empty()) {
    throw Error(ExitCode::scenario, fmt::format("{}: the file is empty: no history", name));
  }
  Format format = options.format;
  if (format == Format::detect) {
    bool edn = name.ends_with(".edn");
    size_t at = text.find_first_not_of(" \t\r\n");
    if (!edn && at != std::string_view::npos) {
      char first = text[at];
      size_t next = text.find_first_not_of(" \t\r\n", at + 1);
      edn = first == '[' || first == '(' || first == '#' || first == ';' ||
            (first == '{' && next != std::string_view::npos && text[next] == ':');
    }
    format = edn ? Format::edn : Format::jsonl;
  }
  History history = format == Format::edn ? internal::read_edn(text, name, options)
                                          : internal::read_jsonl(text, name, options);
  if (history.event_count() == 0) {
    throw Error(ExitCode::scenario, fmt::format("{}: holds no event of a client", name));
  }
  return history;
}

int find_column(std::string_view text, int line, std::string_view field) {
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  size_t begin = 0;
  for (int i = 1; i < line; ++i) {
    begin = text.find('\n', begin);
    if (begin == std::string_view::npos) return 1;
    ++begin;
  }
  std::string_view row = text.substr(begin, text.find('\n', begin) - begin);
  for (const std::string& quoted : {fmt::format("\"{}\"", field), fmt::format(":{}", field)}) {
    size_t at = row.find(quoted);
    if (at == std::string_view::npos) continue;
    at = row.find_first_not_of(" \t:", at + quoted.size());
    return at == std::string_view::npos ? 1 : static_cast<int>(at) + 1;
  }
  return 1;
}

std::string write_jsonl(const History& history) {
  struct Row {
    int32_t position;
    const Operation* op;
    bool call;
  };
  std::vector<Row> rows;
  for (const Operation& op : history.operations()) {
    rows.push_back({op.call, &op, true});
    if (op.ok()) rows.push_back({op.ret, &op, false});
  }
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.position < b.position; });
  const ValueTable& values = history.values();
  std::string out;
  int index = 0;
  for (const Row& row : rows) {
    std::string count = index == 0 ? fmt::format(",\"events\":{}", rows.size()) : "";
    out += fmt::format("{{\"index\":{},\"process\":{},\"type\":\"{}\",\"f\":{}", index++,
                       history.process_name(row.op->process), row.call ? "invoke" : "ok",
                       values.to_json(row.op->f));
    if (row.op->key != kAbsent) out += ",\"key\":" + values.to_json(row.op->key);
    out += ",\"value\":" + values.to_json(row.call ? row.op->argument : row.op->result) + count +
           "}\n";
  }
  return out;
}

}  // namespace lockstep::history
