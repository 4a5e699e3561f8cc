// What each kind of shared state contributes to shared_state.h.
#pragma once
#include <cstdint>
#include <string>

#include "engine/boundary/operation.h"

namespace lockstep::vm {

class Machine;
struct Maker;

uint64_t ets_digest(const Machine& m);
uint64_t atomics_digest(const Machine& m);
uint64_t persistent_term_digest(const Machine& m);

std::string ets_object_name(const Machine& m, ObjectId object);
std::string ets_table_name(const Machine& m, uint64_t id);  // empty if there is no such table
const Maker* ets_maker(const Machine& m, uint64_t id);      // null if there is no such table
const Maker* atomics_maker(const Machine& m, uint64_t id);
std::string atomics_object_name(const Machine& m, ObjectId object);
std::string persistent_term_object_name(const Machine& m, ObjectId object);

}  // namespace lockstep::vm
