// Terms as events print them: `{"get", P1(client), {n = 1}}`. For who has to find the parts of a
// message in a recording.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "engine/boundary/event.h"

namespace lockstep::cli {

// The elements of a table, as they are printed; none if the text is no table.
std::vector<std::string_view> elements(std::string_view table);
// The arguments of a call: terms, with commas between them.
std::vector<std::string_view> arguments_of(std::string_view list);

// Whether a receive of `pattern` takes `term`, both printed: `any` takes everything, {one_of, ...}
// what one of them takes. A term that was printed in part is taken where its beginning is.
bool takes(std::string_view pattern, std::string_view term);

// The value that a choice gave: of choose(n) the number, of choose(list) the element.
std::string chosen(const Event& choice);

}  // namespace lockstep::cli
