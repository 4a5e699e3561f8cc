// Where the operations of a history stand: a row is a process, to the right is later. Positions are
// those of events; a stretch in which nothing of interest begins or ends can be folded.
(function () {
  const kLetter = 7.3, kPad = 14, kGap = 46, kIdle = 4;

  // ops: those to be drawn. options: {unit: pixels between events, labels: wide enough for them,
  // folded, matters: Set of ops}. Returns {x: Map of position to pixels, end, gaps, hidden: Set of positions, rows, lane}.
  page.lay_out_history = function (ops, options) {
    const positions = new Set();
    for (const op of ops) {
      positions.add(op.call);
      if (op.ret >= 0) positions.add(op.ret);
    }
    const sorted = [...positions].sort((a, b) => a - b);
    const keep = new Set();
    for (const op of ops) {
      if (!options.matters.has(op.id)) continue;
      keep.add(op.call);
      if (op.ret >= 0) keep.add(op.ret);
    }
    const hidden = new Set(), gaps = [];
    if (options.folded && keep.size) {
      let from = 0;
      for (let i = 0; i <= sorted.length; i++) {
        if (i < sorted.length && !keep.has(sorted[i])) continue;
        if (i - from > kIdle) {  // the events on both sides stay in sight
          const inside = sorted.slice(from + (from ? 1 : 0), i - (i < sorted.length ? 1 : 0));
          inside.forEach((p) => hidden.add(p));
          gaps.push({positions: inside});
        }
        from = i + 1;
      }
    }
    const ends = new Map();  // position: operations that end there
    for (const op of ops) if (op.ret >= 0) ends.set(op.ret, [...(ends.get(op.ret) || []), op]);
    const x = new Map();
    let at = 0, gap = 0;
    for (const p of sorted) {
      if (hidden.has(p)) {
        const g = gaps[gap];
        if (g.x === undefined) {
          g.x = at;
          at += kGap;
        }
        const i = g.positions.indexOf(p);
        x.set(p, g.x + kGap * (i + 1) / (g.positions.length + 1));
        if (i === g.positions.length - 1) gap++;
        continue;
      }
      for (const op of ends.get(p) || []) {
        if (hidden.has(op.call) && !options.matters.has(op.id)) continue;
        if (options.labels) at = Math.max(at, x.get(op.call) + op.words.length * kLetter + kPad * 2);
      }
      x.set(p, at);
      at += options.unit;
    }
    const open = ops.filter((op) => op.ret < 0);
    for (const op of open) if (options.labels) at = Math.max(at, x.get(op.call) + op.words.length * kLetter + kPad * 2);
    const rows = [], lane = new Map();
    for (const process of [...new Set(ops.map((op) => op.process))].sort((a, b) => a - b)) {
      const busy = [];  // one of unknown outcome stays open, so a process may need several lanes
      const first = rows.length;
      for (const op of ops) {
        if (op.process !== process) continue;
        let n = 0;
        while (n < busy.length && busy[n] > op.call) n++;
        busy[n] = op.ret < 0 ? Infinity : op.ret;
        lane.set(op.id, first + n);
      }
      busy.forEach((_, n) => rows.push({process, first: n === 0}));
    }
    return {x, end: at, gaps, hidden, rows, lane};
  };

  // Where each operation of an order takes effect: as early as can be. Map of op to pixels.
  page.moments = function (order, ops, layout) {
    const out = new Map();
    let last = -Infinity;
    for (const id of order) {
      const op = ops[id];
      if (!layout.x.has(op.call)) continue;
      let at = Math.max(layout.x.get(op.call) + 4, last + 5);
      if (op.ret >= 0) at = Math.min(at, Math.max(layout.x.get(op.ret) - 3, last + 1));
      out.set(id, at);
      last = at;
    }
    return out;
  };
})();
