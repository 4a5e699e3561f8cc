// The space-time diagram: time goes down, a lane is a process, an arrow is what a step waited for.
// Only the rows in sight are in the document, so its length costs nothing.
(function () {
  const {el, svg, clear} = page;
  const kRow = 26, kGutter = 58, kLeast = 112, kLeastBeside = 84, kMost = 380, kHead = 34, kDot = 12, kSpare = 12, kRoom = 300;
  page.colour = (process) => `var(--p${process % 8})`;

  class Diagram {
    constructor(trace, choose) {
      this.trace = trace;
      this.choose = choose;  // (run, step)
      this.open = new Set();
      this.beside = false;
      this.folded = trace.runs[0].sliced;
      this.at = {run: 0, step: 0};
      this.head = el('div', {class: 'lanes'});
      this.lines = svg('svg', {class: 'arrows', 'aria-hidden': 'true'});
      this.body = el('div', {class: 'rows', role: 'list'});
      this.canvas = el('div', {class: 'canvas'}, this.lines, this.body);
      this.node = el('div', {class: 'diagram', tabindex: '0', 'aria-label': 'steps of the execution'}, this.head, this.canvas);
      this.draw_soon = page.lazily(() => this.draw());
      this.node.addEventListener('scroll', this.draw_soon);
      if (window.ResizeObserver) new ResizeObserver(page.lazily(() => this.lay_out())).observe(this.node);
      this.arrange();
    }

    arrange() {
      Object.assign(this, page.make_rows(this.trace, this));
      this.lay_out();
    }

    lay_out() {
      this.lanes = [];
      const runs = this.beside ? this.trace.runs : this.trace.runs.slice(0, 1);
      const count = runs.reduce((n, run) => n + run.processes.length, 0);
      const room = (this.node.clientWidth || 900) - kGutter * runs.length - 8;
      const least = this.beside ? kLeastBeside : kLeast;
      this.lane_width = Math.max(least, Math.min(kMost, Math.floor(room / Math.max(count, 1))));
      let x = 0;
      runs.forEach((run, r) => {
        const gutter = x;
        x += kGutter;
        for (const p of run.processes) {
          this.lanes.push({run: r, process: p, x, gutter});
          x += this.lane_width;
        }
      });
      // No other step of the run stands in its row, so its words may go as far as the run's last lane.
      const whole = Math.max(x, this.node.clientWidth - 2);
      for (const l of this.lanes) l.end = l.run === runs.length - 1 ? whole : this.lanes.find((m) => m.run > l.run).gutter;
      this.lane = new Map(this.lanes.map((l) => [`${l.run}:${l.process}`, l]));
      this.width = Math.max(x, this.node.clientWidth - 2);
      this.canvas.style.height = `${this.rows.length * kRow + kSpare}px`;
      this.canvas.style.width = `${this.width}px`;
      this.draw_head(runs);
      this.find_arrows(runs);
      this.draw();
    }

    draw_head(runs) {
      clear(this.head);
      this.head.style.width = `${this.width}px`;
      runs.forEach((run, r) => {
        const first = this.lanes.find((l) => l.run === r);
        if (!first) return;
        this.head.append(el('span', {class: `run ${!this.beside ? '' : run.outcome.failed ? 'fails' : 'passes'}`, style: {left: `${first.gutter + 6}px`}},
          this.beside ? (run.outcome.failed ? 'fails' : 'passes') : 'step'));
      });
      for (const l of this.lanes) {
        const name = this.trace.runs[l.run].called(l.process);
        this.head.append(el('span', {class: 'name', title: name,
          style: {left: `${l.x}px`, 'max-width': `${this.lane_width - 10}px`, '--c': page.colour(l.process)}}, name));
      }
    }

    find_arrows(runs) {
      this.arrows = [];
      this.spans = new Map();  // of each lane, its first and last row
      runs.forEach((run, r) => run.events.forEach((e) => {
        const to = this.where[r].get(e.step);
        if (to === undefined) return;
        const key = `${r}:${e.process}`;
        const span = this.spans.get(key);
        if (!span) this.spans.set(key, [to, to]);
        else span[0] = Math.min(span[0], to), span[1] = Math.max(span[1], to);
        for (const c of e.causes) {
          const cause = run.event(c), from = this.where[r].get(c);
          if (!cause || from === undefined || from === to || cause.process === e.process) continue;
          this.arrows.push({run: r, from, to, x: this.centre(r, cause.process), y: this.centre(r, e.process), cause: c, step: e.step});
        }
      }));
    }

    centre(run, process) {
      const lane = this.lane.get(`${run}:${process}`);
      return lane ? lane.x + kDot / 2 : 0;
    }

    draw() {
      const top = this.node.scrollTop, height = this.node.clientHeight || 600;
      const first = Math.max(0, Math.floor(top / kRow) - kSpare);
      const last = Math.min(this.rows.length, Math.ceil((top + height) / kRow) + kSpare);
      clear(this.body);
      for (let i = first; i < last; i++) this.body.append(this.row(i));
      this.draw_lines(first, last);
    }

    draw_lines(first, last) {
      clear(this.lines);
      const y0 = first * kRow, mid = (row) => row * kRow + kRow / 2 - y0;
      this.lines.setAttribute('width', this.width);
      this.lines.setAttribute('height', (last - first) * kRow + kSpare);
      this.lines.style.top = `${y0}px`;
      for (const l of this.lanes) {
        const span = this.spans.get(`${l.run}:${l.process}`);
        if (!span || span[1] < first || span[0] > last) continue;
        const x = l.x + kDot / 2;
        this.lines.append(svg('line', {class: 'life', x1: x, x2: x, y1: mid(Math.max(span[0], first - 1)), y2: mid(Math.min(span[1], last + 1)),
          style: {stroke: page.colour(l.process)}}));
      }
      for (const a of this.arrows) {
        if (Math.max(a.from, a.to) < first - 40 || Math.min(a.from, a.to) > last + 40) continue;
        const hot = a.run === this.at.run && (a.step === this.at.step || a.cause === this.at.step);
        // Down the sender's lane, along the edge above the receiver's row, where no text stands, and down to its dot.
        const y1 = mid(a.from), y2 = mid(a.to), down = y2 > y1 ? 1 : -1, right = a.y > a.x ? 1 : -1;
        const edge = y2 - down * (kRow / 2 - 1);
        this.lines.append(svg('path', {class: hot ? 'arrow hot' : 'arrow',
          d: `M${a.x},${y1} L${a.x},${edge - down * 4} Q${a.x},${edge} ${a.x + right * 6},${edge} L${a.y - right * 6},${edge} Q${a.y},${edge} ${a.y},${edge + down * 5}`}));
        this.lines.append(svg('path', {class: hot ? 'tip hot' : 'tip', d: `M${a.y},${y2 - down * 4} l-4,${-down * 6} l8,0 z`}));
      }
    }

    row(i) {
      const row = this.rows[i], style = {top: `${i * kRow}px`, width: `${this.width}px`};
      if (row.fold !== undefined)
        return el('div', {class: 'row fold', role: 'listitem', style, title: 'show them', click: () => this.unfold(row.fold)},
          el('span', {class: 'say'}, `\u2026 ${page.counted(row.steps, 'step')} that the failure does not depend on`));
      const [a, b] = row.items, mine = row.items[this.at.run];
      const out = el('div', {class: 'row', role: 'listitem', style});
      if (mine && mine.steps.includes(this.at.step)) out.classList.add('here');
      if (this.beside && (!a || !b)) out.classList.add('moved');
      if (row.aside) out.classList.add('aside');
      row.items.forEach((item, r) => item && this.item(out, r, item));
      out.addEventListener('click', (e) => {
        const half = this.beside ? this.lanes.find((l) => l.run === 1) : null;
        const x = e.clientX - this.canvas.getBoundingClientRect().left;
        const run = half && x >= half.gutter && b ? 1 : a ? 0 : 1;
        this.choose(run, row.items[run].steps.at(-1));
      });
      return out;
    }

    // Number, dot and words of a step, or of what the author wrote.
    item(out, r, {steps, told}) {
      const run = this.trace.runs[r], e = run.event(told ? steps.at(-1) : steps[0]);
      const process = told ? told.process : e.process, lane = this.lane.get(`${r}:${process}`);
      if (!lane) return;
      const last = run.outcome.failed && steps.includes(run.size);
      if (r === this.at.run && steps[0] > this.at.step) out.classList.add('future');
      if (run.preempts.has(steps[0])) out.classList.add('preempted');
      if (last && !this.beside) out.classList.add('failed');
      const parts = [...new Set(steps.flatMap((s) => this.trace.badges[r].get(s) || []))].sort();
      const marks = parts.map((n) => el('b', {class: 'badge', title: `part ${n} of what decides`}, n));
      const several = told && steps.length > 1;
      out.append(el('span', {class: several ? 'number several' : 'number', style: {left: `${lane.gutter}px`},
        title: several ? `${page.counted(steps.length, 'step')}: ${steps.join(', ')}; a click shows them apart` : '',
        click: several ? (event) => {
          event.stopPropagation();
          this.unfold(`row${steps[0]}`);
        } : null}, page.steps_text(steps)));
      const kind = told ? told.kind : Object.keys(page.kinds).find((k) => page.kinds[k] === e.kind);
      const room = lane.end - lane.x, before = lane.x - lane.gutter - kGutter;
      const leftward = room < kRoom && before > room;
      const place = leftward ? {right: `${this.width - lane.x - kDot}px`, 'max-width': `${before}px`} : {left: `${lane.x}px`, 'max-width': `${room - 6}px`};
      out.append(el('span', {class: `cell ${kind}${leftward ? ' leftward' : ''}`, style: {...place, '--c': page.colour(process)}, title: told ? page.told_title(told, run) : page.event_title(e)},
        el('i', {class: 'dot'}), marks, el('span', {class: 'words'}, told ? page.told_nodes(told) : page.event_nodes(e)), last && el('b', {class: 'end'}, 'fails here')));
    }

    unfold(name) {
      this.open.add(name);
      this.arrange();
    }

    show(run, step) {
      this.at = {run, step};
      const row = this.where[run].get(step);
      if (row !== undefined && this.rows[row].fold !== undefined && step > 0) return this.unfold(this.rows[row].fold), this.show(run, step);
      const y = (row === undefined ? 0 : row) * kRow, height = this.node.clientHeight - kHead;
      if (y < this.node.scrollTop + kRow * 2 || y > this.node.scrollTop + height - kRow * 3)
        this.node.scrollTop = Math.max(0, y - height / 2);
      this.draw();
    }

    // The last step of the next row in sight, in that direction.
    beside_step(run, step, direction) {
      const end = this.trace.runs[run].size, here = this.where[run].get(step);
      for (let n = step + direction; n > 0 && n <= end; n += direction) {
        const at = this.where[run].get(n);
        if (at === undefined || at === here || this.rows[at].fold !== undefined) continue;
        return this.rows[at].items[run].steps.at(-1);
      }
      return direction > 0 ? end : 0;
    }
  }
  page.Diagram = Diagram;
})();
