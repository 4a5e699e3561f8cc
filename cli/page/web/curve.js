// How likely the failure is after each step, above the slider and in step with it.
(function () {
  const {el, svg} = page;
  const kWidth = 600, kHeight = 84, kLeft = 30, kRight = 10, kTop = 8, kBottom = 16;

  page.curve = function (curve, size, choose) {
    if (!curve || !curve.points || !curve.points.length) return null;
    const x = (step) => kLeft + (kWidth - kLeft - kRight) * (size ? step / size : 0);
    const y = (share) => kTop + (kHeight - kTop - kBottom) * (1 - share);
    const points = curve.points;
    const line = points.map((p, i) => `${i ? 'L' : 'M'}${x(p.step)},${y(p.share)}`).join('');
    const band = `M${points.map((p) => `${x(p.step)},${y(p.high)}`).join('L')}L${[...points].reverse().map((p) => `${x(p.step)},${y(p.low)}`).join('L')}Z`;
    const cursor = svg('line', {class: 'cursor', y1: kTop - 4, y2: kHeight - kBottom + 3});
    const label = (text, at, up, more) => svg('text', {x: at, y: up, ...more}, text);
    const plot = svg('svg', {class: 'plot', viewBox: `0 0 ${kWidth} ${kHeight}`, preserveAspectRatio: 'none', role: 'img',
      'aria-label': curve.line || 'likelihood of the failure after each step'});
    for (const share of [0, 0.5, 1]) {
      plot.append(svg('line', {class: 'grid', x1: kLeft, x2: kWidth - kRight, y1: y(share), y2: y(share)}));
      plot.append(label(share, kLeft - 6, y(share) + 3.5, {'text-anchor': 'end'}));
    }
    plot.append(svg('path', {class: 'band', d: band}), svg('path', {class: 'share', d: line}));
    for (const p of points)
      plot.append(svg('circle', {cx: x(p.step), cy: y(p.share), r: points.length > 60 ? 1.6 : 2.6},
        svg('title', {}, `after step ${p.step}: ${p.forced ? 'certain' : `${p.failed} of ${p.tried} fail (${p.share.toFixed(2)}, ${p.low.toFixed(2)} to ${p.high.toFixed(2)})`}`)));
    if (curve.no_return !== undefined) {
      const at = x(curve.no_return), late = curve.no_return > size / 2;
      plot.append(svg('line', {class: 'return', x1: at, x2: at, y1: kTop - 4, y2: kHeight - kBottom}));
      plot.append(label(`no return from step ${curve.no_return}`, at + (late ? -4 : 4), kHeight - 4, {class: 'mark', 'text-anchor': late ? 'end' : 'start'}));
    }
    plot.append(cursor);
    plot.addEventListener('click', (e) => {
      const box = plot.getBoundingClientRect(), at = (e.clientX - box.left) / box.width * kWidth;
      choose(0, Math.max(0, Math.min(size, Math.round((at - kLeft) / (kWidth - kLeft - kRight) * size))));
    });
    const node = el('figure', {class: 'curve'},
      el('figcaption', {}, el('b', {}, 'P(failure) '), (curve.line || '').replace(/^P\(failure\):\s*/, '')), plot);
    node.show = (run, step) => {
      cursor.style.visibility = run === 0 ? 'visible' : 'hidden';
      cursor.setAttribute('x1', x(step));
      cursor.setAttribute('x2', x(step));
    };
    return node;
  };
})();
