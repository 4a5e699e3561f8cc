// A violation of a history: the operations in time, how far they can be ordered and what stops each
// order, the cycle or chain that shows it. Opens where it goes wrong.
(function () {
  const {el, svg, clear} = page;
  const kBar = 26, kTop = 30, kLabel = 92, kSpare = 400;
  const kUnits = [2, 4, 7, 11, 16, 24, 34, 48, 70, 100, 140];

  class HistoryView {
    constructor(json) {
      Object.assign(this, json);
      this.counts = json.unit;  // what a history's places are: lines, steps
      this.ops = json.ops.map((o, id) => ({id, process: o[0], call: o[1], ret: o[2], line: o[3], end: o[4], key: o[5], words: o[6]}));
      this.core_set = new Set(json.core);
      this.key_now = this.first_key();
      this.order_now = 0;
      this.row = json.links.length ? 74 : 40;  // pixels
      this.unit = 6;  // of kUnits
      this.selected = null;
      this.labels_on = true;
      this.folded = this.shown().length > 40;
      this.scroll = el('div', {class: 'scroll', tabindex: '0', 'aria-label': 'operations in time'});
      this.canvas = el('div', {class: 'canvas'});
      this.names = el('div', {class: 'names'});
      this.scroll.append(this.names, this.canvas);
      this.side = el('div', {class: 'side'});
      this.node = el('main', {class: 'trace history'}, this.head(), this.bar(),
        el('div', {class: 'panes'}, el('section', {class: 'panel', 'aria-label': 'timeline'}, this.scroll), this.side));
      this.scroll.addEventListener('scroll', page.lazily(() => this.draw()));
      this.scroll.addEventListener('wheel', (e) => {
        if (!e.ctrlKey) return;
        e.preventDefault();
        this.zoom(e.deltaY < 0 ? 1 : -1);
      }, {passive: false});
    }

    first_key() {
      const at = this.failing_op >= 0 ? this.failing_op : this.core[0];
      return at === undefined ? (this.ops.length ? this.ops[0].key : -1) : this.ops[at].key;
    }
    // Transactions have no key of their own, so all stand together.
    shown() {
      return this.ops.filter((op) => op.key === this.key_now);
    }
    order() {
      return this.key_now === this.first_key() ? this.orders[this.order_now] : undefined;
    }

    head() {
      const lines = this.text.trim();
      return el('header', {class: 'why'},
        el('div', {class: 'title'}, el('h1', {title: this.title}, this.title.split('/').at(-1)), el('span', {class: 'pill fails'}, `not ${this.consistency}`),
          el('span', {class: 'reason'}, this.summary.replace(/:$/, ''))),
        el('p', {class: 'fine'}, [`model ${this.model}`, page.counted(this.operations, 'operation'),
          this.left_out && `${page.counted(this.left_out, 'operation')} far from it are not drawn`,
          this.failing_line && `wrong at ${this.unit_name()} ${this.failing_line}`].filter(Boolean).join(' \u00b7 ')),
        lines && el('details', {}, el('summary', {}, 'all of it in words'), el('pre', {}, lines)));
    }
    unit_name() {
      return this.counts || 'line';
    }

    bar() {
      this.tabs = el('div', {class: 'tabs keys', role: 'tablist', 'aria-label': 'keys'});
      const keys = [...new Set(this.ops.map((op) => op.key))].sort((a, b) => (a === this.first_key() ? -1 : b === this.first_key() ? 1 : a - b));
      if (keys.length > 1)
        for (const key of keys)
          this.tabs.append(page.button(key < 0 ? 'no key' : `key ${this.keys[key]}`, key === this.first_key() ? 'where it goes wrong' : '', () => this.open_key(key),
            {role: 'tab', 'data-key': key, 'aria-selected': String(key === this.key_now), class: key === this.first_key() ? 'bad' : ''}));
      this.order_label = el('output', {class: 'label'});
      this.labels = page.toggle('full labels', 'make room for every label (l)', this.labels_on, (on) => this.again(() => { this.labels_on = on; }));
      this.fold = page.toggle('fold', 'fold stretches where nothing of interest happens (f)', this.folded, (on) => this.again(() => { this.folded = on; }));
      const several = this.orders.length > 1;
      return el('div', {class: 'bar'}, this.tabs,
        page.button('\u2212', 'smaller (-)', () => this.zoom(-1)), page.button('+', 'larger (+)', () => this.zoom(1)),
        page.button('all', 'everything in sight (0)', () => this.fit()),
        page.button('to the error', 'where it goes wrong (e)', () => this.to_error()), this.labels, this.fold,
        el('span', {class: 'gap'}),
        several && page.button('\u25c0', 'the order before (O)', () => this.next_order(-1)), this.order_label,
        several && page.button('\u25b6', 'another order (o)', () => this.next_order(1)));
    }

    again(change) {
      const middle = this.scroll.scrollLeft + this.scroll.clientWidth / 2 - kLabel, old = this.layout;
      const near = old ? [...old.x].reduce((best, p) => (Math.abs(p[1] - middle) < Math.abs(best[1] - middle) ? p : best), [0, Infinity])[0] : 0;
      change();
      this.lay_out();
      const x = this.layout.x.get(near);
      if (x !== undefined) this.scroll.scrollLeft = x - this.scroll.clientWidth / 2 + kLabel;
      this.draw();
    }
    zoom(by) {
      this.again(() => { this.unit = Math.max(0, Math.min(kUnits.length - 1, this.unit + by)); });
    }
    fit() {
      this.labels.put(false);
      this.again(() => {
        for (this.unit = kUnits.length - 1; this.unit > 0; this.unit--) {
          this.lay_out();
          if (this.layout.end < this.scroll.clientWidth - kLabel - 20) break;
        }
      });
      this.scroll.scrollLeft = 0;
    }
    open_key(key) {
      this.key_now = key;
      for (const b of this.tabs.children) b.setAttribute('aria-selected', String(Number(b.dataset.key) === key));
      this.lay_out();
      const ops = this.shown();
      if (key === this.first_key()) this.to_error();
      else if (ops.length) this.select(ops[0].id, true);
    }
    next_order(by) {
      this.order_now = (this.order_now + by + this.orders.length) % Math.max(1, this.orders.length);
      this.again(() => {});
      this.tell();
    }

    // What is not folded: what fails, what is blocked, what is linked, and the end of the order.
    matters() {
      const order = this.order(), out = new Set(this.core);
      if (this.failing_op >= 0) out.add(this.failing_op);
      for (const [from, to] of this.links) out.add(from), out.add(to);
      if (order) {
        for (const [op] of order.blocked) out.add(op);
        for (const op of order.order.slice(-6)) out.add(op);
      }
      return out;
    }

    lay_out() {
      const ops = this.shown();
      this.layout = page.lay_out_history(ops, {unit: kUnits[this.unit], labels: this.labels_on, folded: this.folded, matters: this.matters()});
      const order = this.order();
      this.moments = order ? page.moments(order.order, this.ops, this.layout) : new Map();
      this.rank = new Map(order ? order.order.map((id, i) => [id, order.size - order.order.length + i + 1]) : []);
      this.blocked = new Map(order ? order.blocked : []);
      const height = kTop + this.layout.rows.length * this.row + 12;
      this.canvas.style.width = `${this.layout.end + 30}px`;
      this.canvas.style.height = `${height}px`;
      this.names.style.height = `${height}px`;
      clear(this.names);
      this.layout.rows.forEach((row, i) => this.names.append(el('span', {class: row.first ? 'name' : 'name more', style: {top: `${kTop + i * this.row + 3}px`, '--c': page.colour(row.process)}},
        row.first ? `process ${this.processes[row.process]}` : '')));
    }

    place(op) {
      const x = this.layout.x.get(op.call), end = op.ret < 0 ? this.layout.end + 24 : this.layout.x.get(op.ret);
      return {x, width: Math.max(6, end - x), y: kTop + this.layout.lane.get(op.id) * this.row};
    }

    draw() {
      clear(this.canvas);
      const left = this.scroll.scrollLeft - kSpare, right = this.scroll.scrollLeft + this.scroll.clientWidth + kSpare;
      const lines = svg('svg', {class: 'over', width: this.layout.end + 30, height: kTop + this.layout.rows.length * this.row + 12});
      for (const gap of this.layout.gaps)
        if (gap.x !== undefined)
          this.canvas.append(el('div', {class: 'idle', title: `${page.counted(gap.positions.length, 'event')} in which nothing of interest happens; f unfolds`, style: {left: `${gap.x}px`, width: '44px'}}, `${gap.positions.length}\u2026`));
      for (const op of this.shown()) {
        const p = this.place(op);
        if (p.x > right || p.x + p.width < left) continue;
        this.canvas.append(this.one(op, p));
      }
      this.draw_moments(lines);
      this.draw_end(lines);
      this.draw_links(lines);
      this.canvas.append(lines);
    }

    one(op, p) {
      const kind = this.core_set.has(op.id) ? 'core' : this.blocked.has(op.id) ? 'stuck' : this.rank.has(op.id) ? 'placed' : 'other';
      const rank = this.rank.get(op.id);
      return el('div', {class: `op ${kind}${this.blocked.has(op.id) ? ' blocked' : ''}${op.ret < 0 ? ' open' : ''}${op.id === this.selected ? ' here' : ''}`, title: this.long(op).join('\n'),
        style: {left: `${p.x}px`, width: `${p.width}px`, top: `${p.y}px`, height: `${kBar}px`},
        click: () => this.select(op.id), mouseenter: () => this.tell(op.id), mouseleave: () => this.tell()},
      el('span', {class: 'text'}, op.words), rank && el('span', {class: 'rank'}, rank));
    }

    draw_moments(lines) {
      let path = '';
      for (const [id, x] of this.moments) {
        if (this.layout.hidden.has(this.ops[id].call)) continue;
        const y = kTop + this.layout.lane.get(id) * this.row;
        path += `${path ? 'L' : 'M'}${x},${y + kBar / 2}`;
        lines.append(svg('line', {class: 'moment', x1: x, x2: x, y1: y - 2, y2: y + kBar + 2}));
      }
      if (path) lines.prepend(svg('path', {class: 'way', d: path}));
    }

    draw_end(lines) {
      const op = this.ops[this.failing_op];
      if (!op || op.key !== this.key_now || !this.layout.x.has(op.ret)) return;
      const x = this.layout.x.get(op.ret);
      lines.append(svg('line', {class: 'end', x1: x, x2: x, y1: 4, y2: kTop + this.layout.rows.length * this.row}, svg('title', {}, 'up to here no order exists')),
        svg('text', {class: 'end', x: x - 5, y: 14, 'text-anchor': 'end'}, 'no order up to here'));
    }

    draw_links(lines) {
      this.links.forEach(([from, to, why], n) => {
        const a = this.ops[from], b = this.ops[to];
        if (!this.layout.x.has(a.call) || !this.layout.x.has(b.call)) return;
        const p = this.place(a), q = this.place(b);
        // Between rows each arrow has a place of its own along the bars; in a row it goes over them.
        const share = (n + 1) / (this.links.length + 1), x1 = p.x + p.width * share, x2 = q.x + q.width * share;
        const same = p.y === q.y, down = q.y > p.y, s = same || down ? 1 : -1;
        const y1 = same || !down ? p.y : p.y + kBar, y2 = same || down ? q.y : q.y + kBar;
        const bend = same ? -26 : (y2 - y1) / 2;
        lines.append(svg('path', {class: 'link', d: `M${x1},${y1} C${x1},${y1 + bend} ${x2},${y2 - (same ? 26 : bend)} ${x2},${y2 - s * 6}`}),
          svg('path', {class: 'link tip', d: `M${x2},${y2} l-4,${-s * 8} l8,0 z`}),
          svg('text', {class: 'link', x: (x1 + x2) / 2 + (same ? 0 : 7), y: same ? y1 - 22 : (y1 + y2) / 2 + (n % 2 ? 12 : -4), 'text-anchor': same ? 'middle' : 'start'}, `${n + 1}. ${why}`));
      });
    }

    long(op) {
      const where = `${this.unit_name()} ${op.line}${op.end ? ` to ${op.end}` : ', its end is unknown'}`;
      return [op.words, `process ${this.processes[op.process]}, ${where}`];
    }
    state_after(id) {
      const order = this.order();
      const i = order ? order.order.indexOf(id) : -1;
      return i >= 0 ? order.states[i] || '' : '';
    }

    select(id, jump) {
      this.selected = id;
      const op = this.ops[id];
      if (op.key !== this.key_now) return this.open_key(op.key), this.select(id, true);
      const p = this.place(op), view = this.scroll;
      if (jump || p.x < view.scrollLeft || p.x > view.scrollLeft + view.clientWidth - kLabel - 60) view.scrollLeft = Math.max(0, p.x - view.clientWidth / 2 + kLabel);
      if (p.y < view.scrollTop || p.y > view.scrollTop + view.clientHeight - this.row) view.scrollTop = p.y - view.clientHeight / 2;
      this.draw();
      this.tell();
      page.remember(`op=${id}`);
    }

    // Beside the timeline: the operation pointed at, else the one selected; what blocks; the links.
    tell(pointed) {
      const id = pointed === undefined ? this.selected : pointed, order = this.order();
      this.order_label.textContent = !order ? '' : `${this.orders.length > 1 ? `order ${this.order_now + 1} of ${this.orders.length}: ` : ''}places ${page.counted(order.size, 'operation')}`;
      const link = (op, text) => el('a', {href: '#', click: (e) => {
        e.preventDefault();
        this.select(op, true);
      }}, text || this.ops[op].words);
      const card = (title, ...rest) => el('section', {class: 'panel card'}, el('h2', {}, title), rest);
      const cards = [];
      if (id !== null && id !== undefined) {
        const op = this.ops[id], state = this.state_after(id), why = this.blocked.get(id);
        cards.push(card('Operation', el('p', {class: 'mono'}, op.words), el('p', {class: 'fine'}, this.long(op)[1]),
          state && el('p', {}, 'state after it: ', el('span', {class: 'mono'}, state)),
          why && el('p', {class: 'fails'}, why),
          this.core_set.has(id) && el('p', {class: 'fine'}, 'among those that fail by themselves')));
      }
      if (order && order.blocked.length)
        cards.push(card(`After these ${order.size} none can come next`, el('ul', {}, order.blocked.map(([op, why]) => el('li', {}, link(op), ` ${why}`)))));
      if (this.links.length)
        cards.push(card(this.links.at(-1)[1] === this.links[0][0] ? 'The cycle' : 'The chain',
          el('ol', {}, this.links.map(([from, to, why]) => el('li', {}, link(from), el('i', {}, ` ${why} `), link(to))))));
      if (this.core.length)
        cards.push(card(this.minimal && this.core.length > 1 ? 'These fail by themselves, and no fewer' : 'These fail by themselves',
          el('ul', {}, this.core.slice(0, 60).map((op) => el('li', {}, link(op), el('span', {class: 'fine'}, ` ${this.long(this.ops[op])[1]}`))))));
      if (order && order.order.length)
        cards.push(card('The order', el('ol', {start: order.size - Math.min(40, order.order.length) + 1}, order.order.slice(-40).map((op) =>
          el('li', {class: op === id ? 'here' : ''}, link(op), this.state_after(op) && el('span', {class: 'mono soft cut', title: this.state_after(op)}, `  ${this.state_after(op)}`))))));
      const top = this.side.scrollTop;
      this.side.replaceChildren(...cards);
      this.side.scrollTop = top;
    }

    to_error() {
      if (this.key_now !== this.first_key()) return this.open_key(this.first_key());
      const blocked = this.order() && this.order().blocked[0];
      const at = this.failing_op >= 0 ? this.failing_op : this.core.length ? this.core[0] : blocked ? blocked[0] : this.shown()[0] && this.shown()[0].id;
      if (at !== undefined) this.select(at, true);
    }

    step(by) {
      const ops = this.shown(), i = ops.findIndex((op) => op.id === this.selected);
      const next = ops[Math.max(0, Math.min(ops.length - 1, i + by))];
      if (next) this.select(next.id);
    }

    key(key) {
      const keys = {ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), j: () => this.step(1), k: () => this.step(-1),
        '+': () => this.zoom(1), '=': () => this.zoom(1), '-': () => this.zoom(-1), 0: () => this.fit(), e: () => this.to_error(),
        o: () => this.next_order(1), O: () => this.next_order(-1), f: () => this.fold.flip(), l: () => this.labels.flip()};
      if (!keys[key]) return false;
      keys[key]();
      return true;
    }

    open(hash) {
      this.lay_out();
      const op = /(?:^|&)op=(\d+)/.exec(hash || '');
      if (op && this.ops[op[1]]) this.select(Number(op[1]), true);
      else this.to_error();
      this.tell();
    }
  }
  HistoryView.help = [['\u2192 \u2190, j k', 'the operation after, before'], ['e', 'where it goes wrong'], ['+ -, ctrl wheel', 'larger, smaller'],
    ['0', 'everything in sight'], ['o O', 'another order, back'], ['f', 'fold idle stretches'], ['l', 'room for full labels']];

  // Several files: what was said of each.
  class FilesView {
    constructor(files, open) {
      this.node = el('main', {class: 'trace'}, el('header', {class: 'why'}, el('h1', {}, page.counted(files.length, 'file'))),
        el('div', {class: 'panel files'}, el('table', {}, files.map(([name, verdict]) => el('tr', {},
          el('td', {}, /^invalid/.test(verdict) ? el('a', {href: '#', click: (e) => {
            e.preventDefault();
            open(name);
          }}, name) : name),
          el('td', {class: /^invalid/.test(verdict) ? 'fails' : /^valid/.test(verdict) ? 'passes' : ''}, verdict))))));
    }
    open() {}
    key() { return false; }
  }
  page.HistoryView = HistoryView;
  page.FilesView = FilesView;
})();
