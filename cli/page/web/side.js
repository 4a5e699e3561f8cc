// Beside the diagram: the source with the line at hand, and the state after the step.
(function () {
  const {el, clear} = page;

  // A line of Lua in colours: texts only, cut at what a small lexer finds.
  const kToken = /(--.*$)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|\b(and|break|do|else|elseif|end|false|for|function|goto|if|in|local|nil|not|or|repeat|return|then|true|until|while)\b|\b(\d[\w.]*)\b/g;
  function coloured(text) {
    const out = [];
    let at = 0;
    for (const m of text.matchAll(kToken)) {
      out.push(text.slice(at, m.index));
      out.push(el('span', {class: m[1] ? 'comment' : m[2] ? 'string' : m[3] ? 'keyword' : 'literal'}, m[0]));
      at = m.index + m[0].length;
    }
    out.push(text.slice(at));
    return out;
  }

  class Source {
    constructor(trace, choose) {
      this.trace = trace;
      this.choose = choose;
      this.tabs = el('div', {class: 'tabs small'});
      this.lines = el('div', {class: 'lines'});
      this.node = el('section', {class: 'panel source', 'aria-label': 'source'}, this.tabs, this.lines);
      this.file = null;
      this.at = {run: 0, step: 0};
      if (trace.files.length) this.open(trace.files[0].name);
    }

    open(name) {
      if (this.file === name) return;
      const file = this.trace.files.find((f) => f.name === name);
      if (!file) return;
      this.file = name;
      clear(this.tabs);
      for (const f of this.trace.files)
        this.tabs.append(page.button(f.name, '', () => this.show(this.at.run, this.at.step, f.name), {'aria-pressed': String(f.name === name)}));
      clear(this.lines);
      this.rows = file.text.split('\n').map((text, i) => {
        const marks = el('span', {class: 'marks'});
        const row = el('div', {class: 'line', click: () => this.go(i + 1)},
          el('span', {class: 'number'}, i + 1), el('code', {}, coloured(text.replace(/\r$/, ''))), marks);
        this.lines.append(row);
        return {row, marks};
      });
      if (file.text.endsWith('\n')) this.rows.pop().row.remove();
    }

    steps_at(line) {
      return this.trace.runs[this.at.run].events.filter((e) => e.file === this.file && e.line === line).map((e) => e.step);
    }
    // The next step there; from the last one on, the first.
    go(line) {
      const steps = this.steps_at(line);
      if (steps.length) this.choose(this.at.run, steps.find((s) => s > this.at.step) || steps[0]);
    }

    show(run, step, file) {
      this.at = {run, step};
      const {events, outcome} = this.trace.runs[run], e = this.trace.runs[run].event(step);
      const failed = outcome.failed && step === this.trace.runs[run].size && outcome.site;
      const colon = failed ? outcome.site.lastIndexOf(':') : 0;
      const there = e && e.file ? e : failed ? {file: outcome.site.slice(0, colon), line: Number(outcome.site.slice(colon + 1))} : null;
      this.open(file || (there ? there.file : this.file));
      if (!this.rows) return;
      const visited = new Map();
      for (const event of events)
        if (event.file === this.file) visited.set(event.line, [...(visited.get(event.line) || []), event.step]);
      this.rows.forEach(({row, marks}, i) => {
        row.className = 'line';
        if (visited.has(i + 1)) row.classList.add('visited'), row.title = `step ${visited.get(i + 1).slice(0, 20).join(', ')}`;
        if (failed && outcome.site === `${this.file}:${i + 1}`) row.classList.add('failed');
        clear(marks);
      });
      let near = null;  // where the process concerned stands, if the step itself stands nowhere
      for (const [process, site] of this.standing(step)) {
        if (e && !e.file && process === e.process) near = site;
        const at = site.lastIndexOf(':'), row = this.rows[Number(site.slice(at + 1)) - 1];
        if (site.slice(0, at) === this.file && row)
          row.marks.append(el('b', {style: {'--c': page.colour(process)}, title: this.trace.runs[run].called(process)}, `P${process}`));
      }
      const split = near ? near.lastIndexOf(':') : -1;
      const at = there || (near ? {file: near.slice(0, split), line: Number(near.slice(split + 1))} : null);
      const row = at && at.file === this.file ? this.rows[at.line - 1] : null;
      if (!row) return;
      if (there) row.row.classList.add('here');
      const y = row.row.offsetTop - this.lines.offsetTop;
      if (y < this.lines.scrollTop + 20 || y > this.lines.scrollTop + this.lines.clientHeight - 60)
        this.lines.scrollTop = y - this.lines.clientHeight / 2;
    }

    // Where each process stands, as the state says.
    standing(step) {
      const out = [], {slots, texts} = this.trace;
      for (const [slot, text] of this.trace.runs[this.at.run].states.after(step)) {
        const s = slots[slot], process = /^P(\d+)$/.exec(s.of);
        if (s.what !== 'process' || !process) continue;
        const site = s.key === 'at' ? texts[text] : s.key === 'state' ? (/ at (\S+:\d+)$/.exec(texts[text]) || [])[1] : '';
        if (site) out.push([Number(process[1]), site]);
      }
      return out;
    }
  }

  const kOfProcess = ['process', 'variable', 'dictionary', 'server', 'mailbox', 'on its way', 'timer'];
  const kTitles = {'on its way': 'on their way'};

  class State {
    constructor(trace, choose) {
      this.trace = trace;
      this.choose = choose;
      this.list = el('div', {class: 'list'});
      this.search = el('input', {type: 'search', placeholder: 'filter', 'aria-label': 'filter the state', input: () => this.draw()});
      this.only = page.toggle('changed', 'only what this step changed (c)', false, () => this.at && this.draw());
      this.title = el('h2', {});
      this.node = el('section', {class: 'panel state', 'aria-label': 'state'},
        el('header', {}, this.title, el('span', {class: 'gap'}), this.only, this.search), this.list);
    }

    show(run, step) {
      this.at = {run, step};
      this.draw();
    }

    draw() {
      const {trace} = this, {run, step} = this.at, r = trace.runs[run];
      const state = r.states.after(step), changed = r.states.changed(step);
      const filter = this.search.value.trim().toLowerCase(), only = this.only.getAttribute('aria-pressed') === 'true';
      this.title.textContent = step === 0 ? 'State at the start' : `State after step ${step}`;
      const groups = new Map();
      const put = (slot, value) => {
        const s = trace.slots[slot], process = /(?:^|to )P(\d+)$/.exec(s.of);
        const mine = process && kOfProcess.includes(s.what);
        const name = mine ? r.called(Number(process[1])) : s.of && s.what !== 'name' ? s.of : `${s.what}s`;
        if (filter && ![s.what, name, s.key, value || ''].join(' ').toLowerCase().includes(filter)) return;
        if (only && !changed.has(slot)) return;
        const key = mine ? `p${process[1].padStart(6, '0')}` : `q${s.what} ${name}`;
        if (!groups.has(key)) groups.set(key, {name, process: mine ? Number(process[1]) : null, items: []});
        groups.get(key).items.push({slot, s, value});
      };
      for (const [slot, text] of state) put(slot, trace.texts[text]);
      for (const [slot, before] of changed) if (!state.has(slot) && before !== null) put(slot, null);
      clear(this.list);
      for (const [, group] of [...groups].sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))) this.list.append(this.group(group, changed));
      if (!groups.size) this.list.append(el('p', {class: 'none'}, only ? 'This step changed nothing that is shown.' : 'Nothing here.'));
    }

    group(group, changed) {
      const box = el('div', {class: 'group', style: group.process === null ? {} : {'--c': page.colour(group.process)}},
        el('h3', {class: group.process === null ? '' : 'process'}, group.name));
      let what = '';
      for (const item of group.items.sort((x, y) => kOfProcess.indexOf(x.s.what) - kOfProcess.indexOf(y.s.what))) {
        if (group.process !== null && item.s.what !== what && item.s.what !== 'process')
          box.append(el('h4', {}, kTitles[item.s.what] || (item.s.what === 'variable' ? 'variables' : item.s.what)));
        what = item.s.what;
        box.append(this.item(item, changed));
      }
      return box;
    }

    item({slot, s, value}, changed) {
      const before = changed.get(slot), is = changed.has(slot);
      const row = el('div', {class: is ? 'item changed' : 'item', title: 'where it was written', click: () => this.writers(row, slot)},
        el('span', {class: 'key'}, s.key || s.what),
        el('span', {class: 'value'}, is && before !== null && el('del', {}, before), value === null ? el('em', {}, 'gone') : value));
      return row;
    }

    // The steps that changed it, each one click away.
    writers(row, slot) {
      if (row.nextSibling && row.nextSibling.className === 'writers') return row.nextSibling.remove();
      const steps = this.trace.runs[this.at.run].states.writers.get(slot) || [];
      row.after(el('div', {class: 'writers'}, steps.length ? 'changed by step ' : 'as it was at the start',
        steps.map((n) => page.button(n, 'go there', () => this.choose(this.at.run, n), {'aria-current': String(n === this.at.step)}))));
    }
  }
  page.Source = Source;
  page.State = State;
})();
