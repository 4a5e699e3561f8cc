// Notices an execution that performs no operation for a while, so that instructions need not be
// counted in the hot path: counting them costs a factor of two. It only raises a suspicion; the
// schedule is then run again with instructions counted, which decides, the same on every machine.
// Where instructions do not tell, as in one call that takes for ever, CPU time does, and the
// verdict says so.
#pragma once

struct lua_State;

namespace lockstep::vm {

// Starts the periodic signal for the calling thread, once. Its handler calls Machine::on_tick for
// the machine that runs.
void watch_this_thread();

// Counts instructions from here on, in this state and the coroutines made from it:
// Machine::on_count every `period`.
void count_instructions(lua_State* L, int period);

}  // namespace lockstep::vm
