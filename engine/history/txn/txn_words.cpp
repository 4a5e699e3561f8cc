#include "engine/history/txn/txn_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/history/txn/txn_evidence.h"

namespace lockstep::history {
namespace {

// On an arrow of a drawing.
std::string link_words(const Edge& edge, const std::string& key) {
  switch (edge.why) {
    case Why::session:
      return "same process";
    case Why::wr:
      return fmt::format("wr {}: read by", key);
    case Why::ww:
      return fmt::format("ww {}: overwritten by", key);
    case Why::rw:
      return fmt::format("rw {}: read before the write of", key);
    case Why::real_time:
      break;
  }
  return "ended before";
}

// What shows an edge, where the history says it.
std::string told(const char* before, const std::string& text, const char* after = "") {
  return text.empty() ? std::string() : before + text + after;
}

}  // namespace

std::string TxnWords::key(int32_t key) const { return history_.values().to_json(h_.keys[key]); }

std::string TxnWords::say(int32_t t) const {
  return history_.describe(history_.operations()[h_.txns[t].id]);
}

// Two that read the same version of a key and both wrote the key.
bool TxnWords::lost_update(int32_t a, int32_t b, int32_t* key) const {
  for (const TxnRead& x : h_.txns[a].reads) {
    for (const TxnRead& y : h_.txns[b].reads) {
      if (x.key != y.key || x.source != y.source) continue;
      if (!h_.txns[a].writes_to(x.key) || !h_.txns[b].writes_to(x.key)) continue;
      *key = x.key;
      return true;
    }
  }
  return false;
}

const char* TxnWords::name_of(const std::vector<Edge>& cycle) const {
  int32_t key = -1;
  if (cycle.size() == 2 && lost_update(cycle[0].from, cycle[1].from, &key)) return "lost update";
  int rw = 0, wr = 0, real_time = 0;
  bool apart = true;
  for (size_t i = 0; i < cycle.size(); ++i) {
    apart &= cycle[i].why != Why::rw || cycle[(i + 1) % cycle.size()].why != Why::rw;
  }
  for (const Edge& edge : cycle) {
    rw += edge.why == Why::rw;
    wr += edge.why == Why::wr;
    real_time += edge.why == Why::real_time;
  }
  if (rw == 0) return wr == 0 ? "G0 (write cycle)" : "G1c (circular information flow)";
  if (rw == 1) return real_time > 0 ? "G-single-realtime (stale read)" : "G-single (read skew)";
  if (real_time > 0) return "G2-item-realtime";
  return apart ? "G-nonadjacent (long fork)" : "G2-item (write skew)";
}

void TxnWords::explain(const std::vector<Edge>& cycle, const std::string& name,
                       const std::string& besides, Result& result) const {
  result.verdict = Verdict::invalid;
  result.why = name + besides + ":";
  const TxnEvidence evidence(history_, h_);
  for (const Edge& edge : cycle) {
    std::string on = edge.key < 0 ? "" : key(edge.key);
    std::string because;
    switch (edge.why) {
      case Why::session:
        because = "is earlier in the same process than";
        break;
      case Why::wr:
        because = fmt::format("wrote key {}{} that was read by", on,
                              told(" = ", evidence.written_by(edge.from, edge.key)));
        break;
      case Why::ww:
        because =
            fmt::format("wrote key {} before{}", on,
                        told(", as ", evidence.version_order(edge.from, edge.to, edge.key), ","));
        break;
      case Why::rw:
        because = fmt::format("read key {}{} before it was overwritten{} by", on,
                              told(" = ", evidence.read_of(edge.from, edge.key)),
                              told(" with ", evidence.written_by(edge.to, edge.key)));
        break;
      case Why::real_time:
        because = "ended before the start of";
        break;
    }
    result.why += fmt::format("\n    {} {}", say(edge.from), because);
    result.part.push_back(h_.txns[edge.from].id);
    result.links.push_back({h_.txns[edge.from].id, h_.txns[edge.to].id, link_words(edge, on)});
  }
  if (!cycle.empty()) result.why += "\n    " + say(cycle[0].from);
  std::sort(result.part.begin(), result.part.end());
}

}  // namespace lockstep::history
