// What a step changed against what it had announced (dependence.h, invariant 5).
#pragma once
#include <string>
#include <vector>

#include "engine/boundary/system.h"

namespace lockstep {

// System::contents, by object, each once: contents of the same object are added up.
void sort_contents(std::vector<Content>& contents);

// What the step has changed and had not announced to change, a line each; empty: nothing. Both
// sorted. New objects in a container that there was not are nobody's business: no other can have
// known of it.
std::string unannounced(const Alternative& step, const std::vector<Content>& before,
                        const std::vector<Content>& after, const System& system);

}  // namespace lockstep
