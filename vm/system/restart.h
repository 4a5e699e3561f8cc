// Going back: to the state after loading, and to one saved in the middle.
#pragma once
#include <memory>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Restart : public MachinePart {
 public:
  using MachinePart::MachinePart;

  void take_back();  // to the state after loading
  // `digest`: of the state, 0 if nobody checks.
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> old, uint64_t digest);
  uint64_t restore(const Mark& mark);  // returns that
  // All that was loaded is as it was but for what can change, if file-level state is.
  bool changed_little() const;
  // After an execution: it changed only what Image::changing holds.
  void light(bool yes) { light_ = yes; }

 private:
  void take_from_image(const Image::Piece& piece);
  void take_all_from_image();

  bool light_ = false;
};

}  // namespace lockstep::vm
