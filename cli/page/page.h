// One HTML file that needs nothing else: style, scripts and data are inside, and nothing is loaded.
//
// 1. Whatever a scenario, a history or a file says is data. It enters a page by script_data()
// alone,
//    as JSON inside a script element that is not run, and the scripts put it into texts and
//    attributes, never into markup.
// 2. The page's own policy lets nothing run but its own scripts, told by a number that is a
// function
//    of the data, and nothing be loaded.
// 3. A page is a function of its data: the same bytes for the same trace.
#pragma once
#include <string>
#include <vector>

#include "cli/terminal/json_line.h"

namespace lockstep::cli {

// JSON that can stand in a script element: no "</script>" or "<!--" comes about in it, no line
// separator of JavaScript, and what is not UTF-8 is replaced.
std::string script_data(const Json& json);

// `data`: {"title", "version", "traces": [...], "histories": [...]}, see web/README.md.
std::string page_html(const Json& data);

// Of violations of histories (engine/history/check/picture.h). `files`: [[name, verdict], ...].
std::string history_page(const std::string& title, std::vector<Json> histories,
                         Json files = Json::array());

}  // namespace lockstep::cli
