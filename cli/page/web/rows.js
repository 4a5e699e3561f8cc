// The rows of the diagram: which steps stand where, of one run or of two beside each other.
// An item is what has a row of its own: a step, or what the author wrote (`told`) with the steps that the library made of it.
(function () {
  // In the order of their first steps. `matters`: it is not folded.
  function items_of(run, badges, folded, open) {
    const told = new Map();  // by each of their steps
    if (folded && run.rows)
      for (const row of run.rows) if (!open.has(`row${row.steps[0]}`)) for (const step of row.steps) told.set(step, row);
    const out = [], seen = new Set();
    for (const e of run.events) {
      const row = told.get(e.step);
      if (row && seen.has(row)) continue;
      if (row) seen.add(row);
      const steps = row ? row.steps : [e.step];
      out.push({steps, told: row, matters: !folded || Boolean(row) || run.relevant.has(e.step) || steps.some((s) => badges.has(s))});
    }
    return out;
  }

  // Pairs [item of the failing run or null, item of the passing run or null], in an order that both have.
  function aligned(a, b, passing) {
    if (!b) return a.map((item) => [item, null]);
    const of = new Map();
    a.forEach((item, i) => item.steps.forEach((s) => of.set(s, i)));
    const pairs = [];
    let next = 0;
    const mine = (end) => {  // what only the failing run has comes before what only the other one has
      let at = pairs.length;
      while (at > 0 && !pairs[at - 1][0]) at--;
      pairs.splice(at, 0, ...a.slice(next, end).map((item) => [item, null]));
      next = end;
    };
    for (const item of b) {
      const step = item.steps.find((s) => passing.stayed[s - 1] && of.get(passing.twins[s - 1]) >= next);
      if (step === undefined) {
        pairs.push([null, item]);
        continue;
      }
      const i = of.get(passing.twins[step - 1]);
      mine(i);
      pairs.push([a[i], item]);
      next = i + 1;
    }
    mine(a.length);
    return pairs;
  }

  // options: {beside, folded, open: Set of names of what has been unfolded}
  // Rows are {items: [a, b]} or {fold: name, steps: count}; `where[run]` maps steps to rows.
  page.make_rows = function (trace, options) {
    const [one, other] = trace.runs, {folded, open} = options;
    const a = items_of(one, trace.badges[0], folded, open);
    const b = options.beside ? items_of(other, trace.badges[1], folded, open) : null;
    const rows = [], where = [new Map(), new Map()];
    let hidden = [];
    const put = (row, pairs) => {
      for (const pair of pairs) pair.forEach((item, r) => item && item.steps.forEach((s) => where[r].set(s, rows.length)));
      rows.push(row);
    };
    const flush = () => {
      if (!hidden.length) return;
      const first = hidden[0].map((item) => (item ? item.steps[0] : 0)), name = `fold${first}`;
      const steps = hidden.reduce((n, pair) => n + Math.max(...pair.map((item) => (item ? item.steps.length : 0))), 0);
      if (!open.has(name)) put({fold: name, steps}, hidden);
      else for (const pair of hidden) put({items: pair, aside: true}, [pair]);
      hidden = [];
    };
    for (const pair of aligned(a, b, other)) {
      if (!pair.some((item) => item && item.matters)) {
        hidden.push(pair);
        continue;
      }
      flush();
      put({items: pair}, [pair]);
    }
    flush();
    return {rows, where};
  };

  page.steps_text = function (steps) {
    const [first, last] = [steps[0], steps.at(-1)];
    return first === last ? `${first}` : last - first === steps.length - 1 ? `${first}\u2013${last}` : `${first}, ${last}`;
  };
})();
