// A trace: what decides, the curve, the slider, the diagram, source and state, all at one step.
(function () {
  const {el} = page;

  function part(words, number, first, second, go) {
    const link = (text, step) => (step ? el('a', {href: '#', click: (e) => {
      e.preventDefault();
      e.stopPropagation();
      go(step);
    }}, text) : el('span', {}, text));
    const [before, after] = words;
    return el('li', {}, el('b', {class: 'badge'}, number), el('div', {}, link(before, first),
      after !== undefined && el('span', {class: 'then'}, ' comes before '), after !== undefined && link(after, second)));
  }

  function contrast_card(trace, go) {
    const c = trace.contrast;
    if (!c) return null;
    const lines = c.lines.filter((l) => !/^Fails (exactly )?when:$/.test(l));
    if (c.kind !== 'found') return el('div', {class: 'contrast'}, lines.map((l) => el('p', {}, l)));
    return el('div', {class: 'contrast'}, el('h2', {}, c.exact ? 'Fails exactly when' : 'Fails when'),
      el('ol', {}, c.parts.map((p, i) => part(p.words, i + 1, p.first, p.second, go))),
      el('p', {class: 'fine'}, lines.join(' \u00b7 ').replace(/:\s+/g, ': ')));
  }

  class TraceView {
    constructor(json) {
      const trace = this.trace = page.decode_trace(json);
      const choose = (run, step) => this.go(run, step);
      this.run = 0;
      this.step = 0;
      this.diagram = new page.Diagram(trace, choose);
      this.source = new page.Source(trace, choose);
      this.state = new page.State(trace, choose);
      this.curve = page.curve(trace.curve, trace.runs[0].size, choose);
      this.node = el('main', {class: 'trace'}, this.why(), this.bar(), el('div', {class: 'panes'},
        el('section', {class: 'panel steps', 'aria-label': 'diagram'}, this.diagram.node),
        el('div', {class: 'side'}, this.source.node, this.state.node)));
    }

    why() {
      const o = this.trace.runs[0].outcome;
      const facts = Object.entries(this.trace.facts).map(([k, v]) => `${k} ${v}`);
      return el('header', {class: 'why'},
        el('div', {class: 'title'}, el('h1', {}, this.trace.scenario),
          el('span', {class: o.failed ? 'pill fails' : 'pill passes'}, o.failed ? 'fails' : 'passes'),
          o.failed && el('span', {class: 'reason'}, o.reason)),
        el('p', {class: 'fine'}, [o.signature, o.process && `in ${o.process}`, ...facts, this.trace.path].filter(Boolean).join(' \u00b7 ')),
        o.detail && el('details', {}, el('summary', {}, 'all of its message'), el('pre', {}, o.detail)),
        (this.trace.contrast || this.curve) && el('div', {class: 'told'}, contrast_card(this.trace, (step) => this.go(0, step)), this.curve));
    }

    bar() {
      const passing = this.trace.runs[1], {runs} = this.trace;
      this.slider = el('input', {type: 'range', min: 0, max: runs[0].size, value: 0, 'aria-label': 'step',
        input: () => this.go(this.run, Number(this.slider.value))});
      this.label = el('output', {class: 'label'});
      this.text = el('div', {class: 'now', 'aria-live': 'polite'});
      const arrange = () => {
        this.diagram.arrange();
        this.diagram.show(this.run, this.step);
      };
      this.fold = page.toggle('fold', 'hide steps that the failure does not depend on (f)', this.diagram.folded, (on) => {
        this.diagram.folded = on;
        this.diagram.open.clear();
        arrange();
      });
      this.beside = passing && page.toggle('beside a passing one', `the nearest schedule that passes, ${page.counted(passing.apart, 'step')} apart (b)`, false, (on) => {
        this.diagram.beside = on;
        this.node.classList.toggle('beside', on);
        this.diagram.open.clear();
        if (!on && this.run === 1) this.go(0, runs[1].twin.get(this.step) || 0);
        arrange();
      });
      return el('div', {class: 'bar'},
        page.button('\u21e4', 'to the start (Home)', () => this.go(this.run, 0)),
        page.button('\u25c0', 'one step back (\u2190)', () => this.move(-1)),
        this.slider,
        page.button('\u25b6', 'one step on (\u2192)', () => this.move(1)),
        page.button('\u21e5', 'to the end (End)', () => this.go(this.run, runs[this.run].size)),
        this.label, this.fold, this.beside, this.text);
    }

    move(direction) {
      this.go(this.run, this.diagram.beside_step(this.run, this.step, direction));
    }
    // To the next step of the process that just went.
    same_process(direction) {
      const run = this.trace.runs[this.run], now = run.event(this.step);
      if (!now) return this.move(direction);
      for (let n = this.step + direction; n > 0 && n <= run.size; n += direction) {
        const e = run.event(n);
        if (e && e.process === now.process) return this.go(this.run, n);
      }
    }

    go(run, step) {
      const r = this.trace.runs[run];
      step = Math.max(0, Math.min(r.size, step));
      this.run = run;
      this.step = step;
      this.slider.max = r.size;
      this.slider.value = step;
      this.label.textContent = `step ${step} of ${r.size}`;
      const e = r.event(step);
      page.clear(this.text);
      if (e) this.text.append(page.event_text(e), e.change && el('span', {class: 'change'}, `  ${e.change}`), e.site && el('span', {class: 'site'}, `  ${e.site}`));
      else this.text.append(step === 0 ? 'the start; \u2192 goes on, ? lists all keys' : '');
      this.diagram.show(run, step);
      this.source.show(run, step);
      this.state.show(run, step);
      if (this.curve) this.curve.show(run, step);
      page.remember(`step=${step}${run ? `&run=${run}` : ''}`);
    }

    key(key) {
      const runs = this.trace.runs;
      const keys = {
        ArrowRight: () => this.move(1), j: () => this.move(1), ArrowDown: () => this.move(1),
        ArrowLeft: () => this.move(-1), k: () => this.move(-1), ArrowUp: () => this.move(-1),
        PageDown: () => this.go(this.run, this.step + 10), PageUp: () => this.go(this.run, this.step - 10),
        Home: () => this.go(this.run, 0), End: () => this.go(this.run, runs[this.run].size),
        n: () => this.same_process(1), p: () => this.same_process(-1),
        f: () => this.fold.flip(), c: () => this.state.only.flip(),
        b: () => this.beside && this.beside.flip(),
        s: () => this.diagram.beside && this.go(1 - this.run, runs[this.run].twin.get(this.step) || 0),
      };
      if (/^[1-9]$/.test(key) && this.trace.contrast && this.trace.contrast.parts[key - 1]) {
        const p = this.trace.contrast.parts[key - 1];
        return this.go(0, this.run === 0 && this.step === p.first && p.second ? p.second : p.first), true;
      }
      if (!keys[key]) return false;
      keys[key]();
      return true;
    }

    // Opens at the first step that decides, else at the end, where it fails.
    open(hash) {
      this.diagram.lay_out();
      const at = new Map((hash || '').split('&').map((p) => p.split('=')));
      const run = at.get('run') === '1' && this.trace.runs[1] ? 1 : 0;
      if (run && !this.diagram.beside) this.beside.flip();
      const parts = (this.trace.contrast && this.trace.contrast.parts) || [];
      const first = parts.map((p) => p.first).filter(Boolean)[0];
      this.go(run, at.has('step') ? Number(at.get('step')) || 0 : first || (this.trace.runs[0].outcome.failed ? this.trace.runs[0].size : 0));
    }
  }
  TraceView.help = [['\u2192 \u2190, j k', 'a step on, back'], ['n p', 'the next, previous step of the same process'],
    ['PageDown, PageUp', 'ten steps'], ['Home, End', 'the start, the end'], ['1 - 9', 'a part of what decides; again: its other step'],
    ['f', 'fold steps that the failure does not depend on'], ['b', 'the nearest passing schedule beside it'],
    ['s', 'the same step in the other schedule'], ['c', 'only what the step changed']];
  page.TraceView = TraceView;
})();
