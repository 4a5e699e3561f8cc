// Faults that guest code runs into on purpose of ours: the end of a C stack, and memory that holds
// what processes share and that may only be read (shared_image.cpp). Both end the execution; the
// frames below are abandoned, as they always are.
#pragma once

namespace lockstep::vm {

// From here on such faults on the calling thread end the execution of its machine. All others are
// what they were.
void catch_faults_on_this_thread();

}  // namespace lockstep::vm
