// Text into a width. Columns are characters; the colours of Style take none.
#pragma once
#include <string>
#include <string_view>

namespace lockstep::cli {

size_t shown_width(std::string_view text);
std::string padded(std::string text, size_t width);
// At most `most` columns, the end left out; one line.
std::string shortened(const std::string& text, size_t most);
// A reason as people read it, on one line: of one that is longer than a screen its beginning and
// its end, and how many characters there are between.
std::string reason_shown(const std::string& text);

// Every line of at most `width` columns: longer ones go on below, further in than where their own
// text begins ("  name:   text" under the text), broken at spaces where there are any, rather after
// a comma. Words of a path or a signature are never broken.
std::string fitted(std::string_view text, size_t width);

}  // namespace lockstep::cli
