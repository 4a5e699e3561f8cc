// A value's zone goes from the first return to the last call of the operations on it (its write and
// its reads). If it runs forward, the register holds the value all that time; else everything fits
// into one moment between the last call and the first return. A history is linearizable iff no two
// forward zones overlap and none contains a backward zone.
#include <algorithm>
#include <unordered_map>

#include "engine/history/monitors/monitors.h"

namespace lockstep::history {
namespace {

struct Zone {
  const Op* write = nullptr;
  std::vector<const Op*> reads;
  int64_t return_min = kNever;
  int64_t call_max = -1;
  int64_t key = 0;  // where it stands in the order
  bool initial = false;
  bool forward() const { return return_min < call_max; }
};

MonitorAnswer answer(Verdict verdict) { return {verdict, {}}; }

}  // namespace

bool place_in_order(const std::vector<const Op*>& sequence, std::vector<Placed>* out) {
  int64_t time = -1;
  for (const Op* op : sequence) {
    time = std::max<int64_t>(time, op->call);
    if (time >= op->ret) return false;
    out->push_back({op->id, time});
  }
  return true;
}

MonitorAnswer monitor_register(const Part& part) {
  std::vector<std::pair<Value, const Op*>> by_value;
  by_value.reserve(part.definite.size() + part.pending.size());
  for (const auto* ops : {&part.definite, &part.pending}) {
    for (const Op& op : *ops) {
      if (op.code == Code::cas) return answer(Verdict::unknown);
      if (op.code == Code::write && op.a == kNull) return answer(Verdict::unknown);
      by_value.emplace_back(op.code == Code::read ? op.r : op.a, &op);
    }
  }
  std::sort(by_value.begin(), by_value.end());
  std::vector<Zone> zones;
  for (size_t k = 0; k < by_value.size(); ++k) {
    auto [value, op] = by_value[k];
    if (k == 0 || by_value[k - 1].first != value) zones.emplace_back();
    Zone& zone = zones.back();
    zone.initial = value == kNull;
    if (op->code == Code::write) {
      if (zone.write) return answer(Verdict::unknown);
      zone.write = op;
    } else {
      zone.reads.push_back(op);
    }
    zone.return_min = std::min<int64_t>(zone.return_min, op->ret);
    zone.call_max = std::max<int64_t>(zone.call_max, op->call);
  }
  std::erase_if(zones, [](const Zone& z) { return z.write && !z.write->ok && z.reads.empty(); });
  std::vector<Zone*> forward;
  for (Zone& zone : zones) {
    if (zone.initial) {
      zone.return_min = -1;
    } else {
      if (!zone.write) return answer(Verdict::invalid);  // a read of what nobody wrote
      if (zone.return_min < zone.write->call) return answer(Verdict::invalid);
    }
    if (zone.forward()) {
      zone.key = zone.return_min;
      forward.push_back(&zone);
    }
  }
  std::sort(forward.begin(), forward.end(),
            [](const Zone* x, const Zone* y) { return x->return_min < y->return_min; });
  for (size_t k = 1; k < forward.size(); ++k) {
    if (forward[k - 1]->call_max > forward[k]->return_min) return answer(Verdict::invalid);
  }
  for (Zone& zone : zones) {
    if (zone.forward()) continue;
    zone.key = zone.call_max;
    auto after = std::partition_point(forward.begin(), forward.end(),
                                      [&](const Zone* f) { return f->return_min < zone.call_max; });
    if (after == forward.begin()) continue;
    const Zone& f = **(after - 1);
    if (f.call_max <= zone.call_max) continue;
    if (zone.return_min < f.call_max) return answer(Verdict::invalid);
    zone.key = f.call_max;
  }
  std::vector<Zone*> order;
  order.reserve(zones.size());
  for (Zone& zone : zones) order.push_back(&zone);
  std::sort(order.begin(), order.end(), [](const Zone* x, const Zone* y) {
    return std::make_pair(x->key, x->call_max) < std::make_pair(y->key, y->call_max);
  });
  std::vector<const Op*> sequence;
  sequence.reserve(by_value.size());
  for (Zone* zone : order) {
    if (zone->write) sequence.push_back(zone->write);
    std::sort(zone->reads.begin(), zone->reads.end(),
              [](const Op* x, const Op* y) { return x->call < y->call; });
    sequence.insert(sequence.end(), zone->reads.begin(), zone->reads.end());
  }
  MonitorAnswer result{Verdict::valid, {}};
  if (!place_in_order(sequence, &result.order)) return answer(Verdict::unknown);
  return result;
}

}  // namespace lockstep::history
