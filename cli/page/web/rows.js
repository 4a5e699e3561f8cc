// The rows of the diagram: which steps stand where, of one run or of two beside each other.
(function () {
  // Pairs of [step of the failing run or 0, of the passing run or 0], in an order that both have.
  function aligned(a, b) {
    if (!b) return a.events.map((e) => [e.step, 0]);
    const pairs = [];
    let next = 1;
    b.events.forEach((e) => {
      const twin = b.twins[e.step - 1];
      if (!twin || !b.stayed[e.step - 1]) return pairs.push([0, e.step]);
      // What only the failing run has here comes first.
      const mine = [];
      for (; next < twin; next++) mine.push([next, 0]);
      let at = pairs.length;
      while (at > 0 && pairs[at - 1][0] === 0) at--;
      pairs.splice(at, 0, ...mine);
      pairs.push([twin, e.step]);
      next = twin + 1;
    });
    let at = pairs.length;
    while (at > 0 && pairs[at - 1][0] === 0) at--;
    const rest = [];
    for (; next <= a.size; next++) rest.push([next, 0]);
    pairs.splice(at, 0, ...rest);
    return pairs.filter(([x, y]) => (!x || a.event(x)) && (!y || b.event(y)));
  }

  // options: {beside, folded, open: Set of numbers of folds}
  // Rows are {steps: [a, b]} or {fold: number, pairs: [...]}; `where[run]` maps steps to rows.
  page.make_rows = function (trace, options) {
    const a = trace.runs[0], b = options.beside ? trace.runs[1] : null;
    const matters = ([x, y]) => (x && a.relevant.has(x)) || (y && b.relevant.has(y)) ||
      (x && trace.badges[0].has(x)) || (y && trace.badges[1].has(y));
    const rows = [], where = [new Map(), new Map()];
    let folds = 0, hidden = [];
    const put = (row, pairs) => {
      for (const [x, y] of pairs) {
        if (x) where[0].set(x, rows.length);
        if (y) where[1].set(y, rows.length);
      }
      rows.push(row);
    };
    const flush = () => {
      if (!hidden.length) return;
      const number = folds++;
      const open = options.open.has(number) || hidden.length === 1;
      if (!open) put({fold: number, pairs: hidden}, hidden);
      else for (const pair of hidden) put({steps: pair, within: number}, [pair]);
      hidden = [];
    };
    for (const pair of aligned(a, b)) {
      if (options.folded && !matters(pair)) {
        hidden.push(pair);
        continue;
      }
      flush();
      put({steps: pair}, [pair]);
    }
    flush();
    return {rows, where};
  };
})();
