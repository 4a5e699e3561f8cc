#include "engine/history/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "engine/error.h"

namespace lockstep::history {

void fail_at(const std::string& name, int line, int column, const std::string& what) {
  throw Error(ExitCode::scenario, fmt::format("{}:{}:{}: {}", name, line, column, what));
}

std::string read_file(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file) throw Error(ExitCode::scenario, fmt::format("{}: cannot be opened", path));
  std::string text;
  char buffer[1 << 16];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof buffer, file)) > 0) text.append(buffer, got);
  bool bad = std::ferror(file) != 0;
  if (file != stdin) std::fclose(file);
  if (bad) throw Error(ExitCode::scenario, fmt::format("{}: cannot be read", path));
  return text;
}

History read_history(std::string_view text, const std::string& name, Format format, bool keyed) {
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
  return format == Format::edn ? internal::read_edn(text, name, keyed)
                               : internal::read_jsonl(text, name);
}

int find_column(std::string_view text, int line, std::string_view field) {
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
    out += fmt::format("{{\"index\":{},\"process\":{},\"type\":\"{}\",\"f\":{}", index++,
                       history.process_name(row.op->process), row.call ? "invoke" : "ok",
                       values.to_json(row.op->f));
    if (row.op->key != kAbsent) out += ",\"key\":" + values.to_json(row.op->key);
    out += ",\"value\":" + values.to_json(row.call ? row.op->argument : row.op->result) + "}\n";
  }
  return out;
}

}  // namespace lockstep::history
