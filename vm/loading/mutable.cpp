// What of the image an execution can change.
#include <algorithm>
#include <set>

#include "vm/loading/loading.h"
#include "vm/memory/layout.h"

namespace lockstep::vm {

void Loading::find_mutable() {
  // Kinds of Lua's own (lobject.h) after those of the API.
  constexpr int kUpvalue = LUA_NUMTYPES, kPrototype = LUA_NUMTYPES + 1;
  Image& image = m_.image();
  const char* base = arena_.base();
  std::set<const char*> fixed;  // blocks that do not change
  for (const auto& [p, block] : blocks_) {
    if (block.kind == LUA_TSTRING || block.kind == LUA_TFUNCTION || block.kind == kUpvalue)
      fixed.insert(p);
    if (block.kind != kPrototype) continue;
    fixed.insert(p);
    image.text.may_go_round = image.text.may_go_round || layout::may_go_round(p);
    // Whatever array it points to is its code, its constants or its line numbers.
    for (size_t i = 0; i + 8 <= block.size; i += 8) {
      const auto it = blocks_.find(layout::load<char*>(p, i));
      if (it != blocks_.end() && it->second.kind == 0) fixed.insert(it->first);
    }
  }
  const auto strings = blocks_.find(layout::load<char*>(image.string_table, 0));
  if (strings != blocks_.end()) {
    fixed.insert(strings->first);
    image.chains = {static_cast<uint32_t>(strings->first - base),
                    static_cast<uint32_t>(strings->second.size)};
  }
  std::vector<Image::Piece> pieces;
  auto piece = [&](const char* p, size_t size) {
    const auto from = static_cast<uint32_t>(p - base) & ~31u;
    const auto to = std::min((static_cast<uint32_t>(p - base + size) + 31) & ~31u,
                             static_cast<uint32_t>(image.size()));
    pieces.push_back({from, to - from});
  };
  piece(base, reinterpret_cast<const char*>(world_) + sizeof(World) - base);
  for (const auto& [p, block] : blocks_)
    if (!fixed.contains(p)) piece(p, block.size);
  std::sort(pieces.begin(), pieces.end(),
            [](const Image::Piece& a, const Image::Piece& b) { return a.offset < b.offset; });
  std::vector<Image::Piece>& joined = image.changing;
  for (const Image::Piece& p : pieces) {
    if (!joined.empty() && p.offset <= joined.back().offset + joined.back().size + 32)
      joined.back().size = std::max(joined.back().size, p.offset + p.size - joined.back().offset);
    else
      joined.push_back(p);
  }
}

}  // namespace lockstep::vm
