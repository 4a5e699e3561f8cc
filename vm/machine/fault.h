// Faults that guest code runs into on purpose of ours: the end of a C stack, and memory that holds
// what processes share and that may only be read (frozen.h). Both end the execution; the frames
// below are abandoned, as they always are.
#pragma once

namespace lockstep::vm {

class Machine;

// In a signal's handler: the interrupted computation is left where it is, and end_at_fault() is
// called instead when the handler returns, on the stack that is kept for it.
void leave_interrupted(Machine& m, void* ucontext);

// From here on such faults on the calling thread end the execution of its machine. All others are
// what they were.
void catch_faults_on_this_thread();

}  // namespace lockstep::vm
