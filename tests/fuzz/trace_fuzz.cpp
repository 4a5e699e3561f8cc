// libFuzzer entry: any bytes give a trace or an Error(ExitCode::trace), and what is read is written
// and read again alike. The first byte says whether the rest is a whole file or a payload, which is
// then sealed so that the checksum does not keep the fuzzer out.
//   build/fuzz/tests/fuzz/trace_fuzz -max_total_time=60 tests/fuzz/corpus traces/golden/v1
#include <cstdlib>
#include <string>

#include "engine/base/error.h"
#include "engine/trace/trace.h"
#include "engine/trace/trace_container.h"

namespace {

void try_one(const std::string& bytes) {
  try {
    const lockstep::Trace trace = lockstep::decode_trace(bytes, "fuzz");
    const std::string once = lockstep::encode_trace(trace);
    if (lockstep::encode_trace(lockstep::decode_trace(once, "again")) != once) std::abort();
  } catch (const lockstep::Error& e) {
    if (e.code() != lockstep::ExitCode::trace) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size > 0 && data[0] != 'L') {
    try_one(lockstep::seal_trace(bytes.substr(1)));
  } else {
    try_one(bytes);
    if (size > lockstep::kTraceHeader)
      try_one(lockstep::seal_trace(bytes.substr(lockstep::kTraceHeader)));
  }
  return 0;
}
