// The page as a whole: tabs for traces and histories, keys, help.
(function () {
  const {el} = page;
  const data = JSON.parse(document.getElementById('data').textContent);
  const views = [];
  let current = -1;

  page.remember = (text) => {
    try {
      history.replaceState(null, '', `#${current ? `tab=${current}&` : ''}${text}`);
    } catch (e) { /* some browsers refuse it for files */ }
  };

  const bar = el('nav', {class: 'tabs', role: 'tablist'});
  const help = el('dialog', {class: 'help'});
  const place = el('div', {class: 'place'});

  function open(n, hash) {
    if (n === current || !views[n]) return;
    current = n;
    [...bar.querySelectorAll('[role=tab]')].forEach((b, i) => b.setAttribute('aria-selected', String(i === n)));
    if (!views[n].view) views[n].view = views[n].make();
    place.replaceChildren(views[n].view.node);
    views[n].view.open(hash);
  }

  function show_help() {
    if (help.open) return help.close();
    const keys = [...(views[current].view.constructor.help || []), ['d', 'dark or light'], ['?', 'this list'],
      ...(views.length > 1 ? [['[ ]', 'the tab before, after']] : [])];
    help.replaceChildren(el('h2', {}, 'Keys'), el('table', {}, keys.map(([k, what]) => el('tr', {}, el('th', {}, k), el('td', {}, what)))),
      el('p', {class: 'fine'}, `Written by lockstep ${data.version}. Nothing is loaded from anywhere.`),
      page.button('close', '', () => help.close()));
    help.showModal();
  }

  function on_key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.target instanceof HTMLInputElement && e.target.type === 'search') {
      if (e.key === 'Escape') e.target.blur();
      return;
    }
    if (help.open && e.key !== '?') return;
    const mine = {'?': show_help, d: page.flip_theme, ']': () => open(current + 1), '[': () => open(current - 1)};
    if (mine[e.key]) mine[e.key]();
    else if (!views[current].view.key(e.key)) return;
    e.preventDefault();
  }

  for (const trace of data.traces) views.push({name: 'execution', make: () => new page.TraceView(trace)});
  for (const one of data.histories) views.push({name: one.title.split('/').at(-1), path: one.title, bad: one.verdict === 'invalid', make: () => new page.HistoryView(one)});
  if (data.files && data.files.length)
    views.push({name: 'all files', make: () => new page.FilesView(data.files, (name) => open(views.findIndex((v) => v.path === name)))});
  views.forEach((v, n) => bar.append(el('button', {type: 'button', role: 'tab', class: v.bad ? 'bad' : '', click: () => open(n)}, v.name)));
  document.title = `${data.title} \u2013 lockstep`;
  document.body.append(el('div', {class: 'top'}, views.length > 1 ? bar : el('span', {}), el('span', {class: 'gap'}),
    page.button('\u25d0', 'dark or light (d)', page.flip_theme), page.button('?', 'keys (?)', show_help)), place, help);
  document.addEventListener('keydown', on_key);
  const hash = location.hash.slice(1), tab = /(?:^|&)tab=(\d+)/.exec(hash);
  open(tab && views[tab[1]] ? Number(tab[1]) : 0, hash);
  page.views = views;
})();
