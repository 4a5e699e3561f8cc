#include "vm/loading/search_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace lockstep::vm {
namespace {

// The folder of a template: what precedes the last slash before its first ?.
std::string folder_of(const std::string& entry) {
  const size_t mark = entry.find('?');
  if (mark == std::string::npos) return entry;
  const size_t slash = entry.rfind('/', mark);
  return slash == std::string::npos ? "." : entry.substr(0, slash);
}

std::string filled(const std::string& entry, const std::string& module) {
  std::string path;
  for (const char c : entry)
    if (c == '?')
      path += module;
    else
      path += c;
  return path;
}

}  // namespace

void SearchPath::add(const std::string& entries) {
  size_t from = 0;
  while (from <= entries.size()) {
    const size_t end = std::min(entries.find(';', from), entries.size());
    std::string entry = entries.substr(from, end - from);
    from = end + 1;
    while (entry.size() > 1 && entry.back() == '/') entry.pop_back();
    if (!entry.empty()) entries_.push_back(std::move(entry));
  }
}

std::vector<SearchPath::Candidate> SearchPath::module(const std::string& module) const {
  std::vector<Candidate> all;
  for (const auto& entry : entries_) {
    if (entry.find('?') != std::string::npos) {  // a trace knows the module by its name alone
      all.push_back({filled(entry, module), module + ".lua"});
      continue;
    }
    for (const char* end : {".lua", "/init.lua"}) {
      const std::string name = module + end;
      all.push_back({fmt::format("{}/{}", entry, name), name});
    }
  }
  return all;
}

std::vector<SearchPath::Candidate> SearchPath::source(const std::string& name) const {
  std::vector<Candidate> all;
  for (const auto& entry : entries_) all.push_back({folder_of(entry) + "/" + name, name});
  return all;
}

std::string SearchPath::text() const {
  std::string s;
  for (const auto& entry : entries_) s += (s.empty() ? "" : ", ") + entry;
  return s;
}

std::string install_hint(const std::string& name) {
  // The first part of a module's or a source's name that says which package it is of.
  static const struct {
    std::string_view name, install, path;
  } kPackages[] = {
      {"copas", "apt-get install lua-copas", "/usr/share/lua/5.1"},
      {"coxpcall", "apt-get install lua-coxpcall", "/usr/share/lua/5.1"},
      {"binaryheap", "apt-get install lua-binaryheap", "/usr/share/lua/5.1"},
      {"resty/lrucache", "apt-get install lua-resty-lrucache", "/usr/share/lua/5.1"},
      {"resty/core", "apt-get install lua-resty-core", "/usr/share/lua/5.1"},
      {"nginx/redis", "apt-get install lua-nginx-redis", "/usr/share/lua/5.1"},
      {"bullmq", "npm install bullmq", "node_modules"},
      {"bull", "npm install bull", "node_modules"},
  };
  // A version beside others, bull-1.0.0/..., as npm installs it under another name.
  for (const std::string package : {"bullmq", "bull"}) {
    const std::string alias = name.substr(0, name.find('/'));
    if (alias.size() == name.size() || !alias.starts_with(package + "-")) continue;
    return fmt::format(
        "install it (npm install {}@npm:{}@{}) and name the folder: --path node_modules", alias,
        package, alias.substr(package.size() + 1));
  }
  for (const auto& package : kPackages) {
    const bool whole = name == package.name || name == std::string(package.name) + ".lua";
    if (whole || name.starts_with(std::string(package.name) + "/"))
      return std::string("install it (") + std::string(package.install) +
             ") and name the folder: --path " + std::string(package.path);
  }
  return {};
}

}  // namespace lockstep::vm
