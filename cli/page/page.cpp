#include "cli/page/page.h"

#include <fmt/format.h>

#include "cli/page/embedded.h"
#include "cli/terminal/words.h"
#include "engine/base/digest.h"

namespace lockstep::cli {
namespace {

// In this order, each in a function's scope of its own but for what it puts on `page`.
constexpr const char* kScripts[] = {"base.js",  "data.js",  "rows.js",     "diagram.js", "side.js",
                                    "curve.js", "trace.js", "timeline.js", "history.js", "main.js"};

std::string_view embedded(std::string_view name) {
  for (size_t i = 0; i < kEmbeddedCount; i++)
    if (kEmbedded[i].name == name) return kEmbedded[i].text;
  return {};
}

}  // namespace

std::string script_data(const Json& json) {
  const auto text = harmless_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else
      out += c;
  }
  return out;
}

std::string page_html(const Json& data) {
  const auto text = script_data(data);
  const auto nonce = fmt::format("{:016x}", digest_text(text));
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'nonce-{0}'; script-src 'nonce-{0}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>lockstep</title>\n"
      "<style nonce=\"{0}\">\n{1}</style>\n</head>\n<body>\n"
      "<noscript>This page needs JavaScript; it loads nothing.</noscript>\n"
      "<script type=\"application/json\" id=\"data\">",
      nonce, embedded("style.css"));
  out += text;
  out += "</script>\n";
  for (const char* name : kScripts)
    out += fmt::format("<script nonce=\"{}\">\n{}</script>\n", nonce, embedded(name));
  return out + "</body>\n</html>\n";
}

std::string history_page(const std::string& title, std::vector<Json> histories, Json files) {
  return page_html({{"title", title},
                    {"version", tool_version()},
                    {"traces", Json::array()},
                    {"histories", std::move(histories)},
                    {"files", std::move(files)}});
}

}  // namespace lockstep::cli
