// The data of a trace, decoded: runs with their steps, and the state after each step.
(function () {
  const kColumns = ['step', 'kind', 'process', 'who', 'what', 'target', 'args', 'result', 'change', 'site'];
  const kFirstText = 3, kGone = -1;
  page.kinds = {step: 0, deliver: 1, timer: 2, fault: 3, data: 4};

  function decode_event(row, texts) {
    const event = {};
    kColumns.forEach((name, i) => {
      event[name] = i < kFirstText ? row[i] : texts[row[i]];
    });
    event.causes = row.slice(kColumns.length);
    const colon = event.site.lastIndexOf(':');
    event.file = colon < 0 ? '' : event.site.slice(0, colon);
    event.line = colon < 0 ? 0 : Number(event.site.slice(colon + 1));
    return event;
  }

  // States by their differences: goes forth and back from the one asked for last.
  class States {
    constructor(json, texts) {
      this.texts = texts;
      this.now = new Map();
      for (let i = 0; i < json.start.length; i += 2) this.now.set(json.start[i], json.start[i + 1]);
      this.at = 0;
      this.forth = json.after;
      this.writers = new Map();  // slot: steps that changed it
      const values = new Map(this.now);
      this.back = json.after.map((row, i) => {
        const undo = [];
        for (let k = 0; k < row.length; k += 2) {
          const slot = row[k];
          undo.push(slot, values.has(slot) ? values.get(slot) : kGone);
          if (row[k + 1] === kGone) values.delete(slot);
          else values.set(slot, row[k + 1]);
          if (!this.writers.has(slot)) this.writers.set(slot, []);
          this.writers.get(slot).push(i + 1);
        }
        return undo;
      });
    }
    apply(row) {
      for (let k = 0; k < row.length; k += 2)
        if (row[k + 1] === kGone) this.now.delete(row[k]);
        else this.now.set(row[k], row[k + 1]);
    }
    // Map of slot to number of text, after so many steps.
    after(step) {
      step = Math.max(0, Math.min(step, this.forth.length));
      while (this.at < step) this.apply(this.forth[this.at++]);
      while (this.at > step) this.apply(this.back[--this.at]);
      return this.now;
    }
    // What that step changed: map of slot to what was there before, or null.
    changed(step) {
      const out = new Map();
      const row = step > 0 ? this.back[step - 1] || [] : [];
      for (let k = 0; k < row.length; k += 2)
        out.set(row[k], row[k + 1] === kGone ? null : this.texts[row[k + 1]]);
      return out;
    }
  }

  // An arrival says which message it is: that of its send.
  function name_arrivals(events) {
    const by_step = new Map(events.map((e) => [e.step, e]));
    for (const e of events) {
      const send = e.kind === page.kinds.deliver && !e.args ? e.causes.map((c) => by_step.get(c)).find((c) => c && c.args && c.process !== e.process) : null;
      if (send) e.args = `${send.args} from ${send.who}`;
    }
  }

  class Run {
    constructor(json, trace) {
      Object.assign(this, json);
      this.events = json.events.map((row) => decode_event(row, trace.texts));
      name_arrivals(this.events);
      this.states = new States(json.states, trace.texts);
      this.by_step = new Map(this.events.map((e, i) => [e.step, i]));
      this.relevant = new Set(json.shown);
      this.preempts = new Set(json.preempted);
      this.names = new Map();
      for (const e of this.events) {
        const step = e.kind === page.kinds.step || e.kind === page.kinds.data;
        if (step) this.names.set(e.process, e.who);
        else if (!this.names.has(e.process)) this.names.set(e.process, e.target || `P${e.process}`);
      }
      this.processes = [...this.names.keys()].sort((a, b) => a - b);
      this.size = Math.max(this.states.forth.length, this.events.length ? this.events.at(-1).step : 0);
    }
    event(step) {
      const i = this.by_step.get(step);
      return i === undefined ? null : this.events[i];
    }
    called(process) {
      return this.names.get(process) || `P${process}`;
    }
  }

  page.decode_trace = function (json) {
    const trace = {...json};
    trace.slots = json.slots.map(([what, of, key]) => ({what: json.texts[what], of: json.texts[of], key: json.texts[key]}));
    trace.runs = json.runs.map((run) => new Run(run, trace));
    const passing = trace.runs[1];
    if (passing && passing.twins) {  // by step, both ways
      passing.twin = new Map();
      trace.runs[0].twin = new Map();
      passing.twins.forEach((other, i) => {
        if (!other) return;
        passing.twin.set(i + 1, other);
        trace.runs[0].twin.set(other, i + 1);
      });
    }
    trace.badges = badges(trace);
    return trace;
  };

  // Which parts of the contrast a step belongs to: for each run a map of step to numbers.
  function badges(trace) {
    const out = trace.runs.map(() => new Map());
    const add = (map, step, number) => {
      if (step) map.set(step, [...(map.get(step) || []), number]);
    };
    ((trace.contrast && trace.contrast.parts) || []).forEach((part, i) => {
      for (const step of new Set([part.first, part.second])) {
        add(out[0], step, i + 1);
        if (out[1] && trace.runs[0].twin) add(out[1], trace.runs[0].twin.get(step), i + 1);
      }
    });
    return out;
  }

  // In words, as the report has them: what, on what, with which result.
  page.event_words = function (e) {
    let args = e.args;
    if (/^#(Tid|Atomics)</.test(args)) args = args.includes(', ') ? args.slice(args.indexOf(', ') + 2) : '';
    const told = !e.result || e.result === 'true' || e.result === '"ok"' || e.what === 'send' ? '' : e.result;
    return {what: e.what, target: e.target === e.who ? '' : e.target, args, result: told};
  };
  page.event_text = function (e) {
    const w = page.event_words(e);
    return [e.who, w.what, w.target, w.args].filter(Boolean).join(' ') + (w.result ? ` = ${w.result}` : '');
  };
  page.event_title = (e) => [`${e.step}: ${page.event_text(e)}`, e.change, e.site].filter(Boolean).join('\n');
  page.event_nodes = function (e) {
    const w = page.event_words(e), {el} = page;
    return [el('span', {class: 'what'}, w.what), w.target && ` ${w.target}`, w.args && el('span', {class: 'args'}, ` ${w.args}`), w.result && el('span', {class: 'result'}, ` = ${w.result}`)];
  };

  // What the author wrote, as cli/report/folded.h tells it.
  const kNone = '(none)';
  const change = ([what, before, after]) => `${what}: ${before || kNone} \u2192 ${after || kNone}`;
  page.told_nodes = function (t) {
    const {el} = page;
    return [el('span', {class: 'what'}, t.verb), t.other && ` ${t.incoming ? '\u2190' : '\u2192'} ${t.other}`, t.payload && el('span', {class: 'args'}, ` ${t.payload}`),
      t.result && el('span', {class: 'result'}, ` = ${t.result}`), t.changes.map((c) => el('span', {class: 'change'}, `  ${change(c)}`)), t.note && el('em', {}, `  ${t.note}`)];
  };
  page.told_title = (t) => [[t.who, t.verb, t.other && (t.incoming ? `from ${t.other}` : t.other), t.payload].filter(Boolean).join(' '),
    t.result && `= ${t.result}`, ...t.changes.map(change), t.note, t.site, `step ${page.steps_text(t.steps)}`].filter(Boolean).join('\n');
})();
